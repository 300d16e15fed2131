"""What a path did and why, in one sentence."""
