"""The objectives of stores: made by functions that are trusted, in processes of their own, and measured there."""
