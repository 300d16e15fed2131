"""The cards of the lesson's page: what stands where on each."""
