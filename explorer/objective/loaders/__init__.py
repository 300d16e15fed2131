"""What loaders yield: batches of any structure, kept as they are, and the counts that their means are taken over."""
