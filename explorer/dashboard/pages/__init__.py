"""Pages beside the main one: each registers itself on the server."""
