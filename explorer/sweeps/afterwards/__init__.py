"""What is said about a landscape once it is there: projected checkpoints, the error of mixed precision, the report."""
