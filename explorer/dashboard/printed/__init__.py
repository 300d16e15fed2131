"""The lesson as a plain page, for reading and printing."""
