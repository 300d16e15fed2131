"""The lesson's page: one neuron, its landscape, and walks on it."""
