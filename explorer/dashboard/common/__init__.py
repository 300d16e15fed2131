"""What both pages are made of."""
