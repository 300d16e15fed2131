"""The cards of the page /slice: what stands where on each."""
