"""Format 1, which is read and no longer written: chunks of an order that was fixed when the store was made."""
