"""The lesson's page: a model of two parameters, its landscape, and walks on it."""
