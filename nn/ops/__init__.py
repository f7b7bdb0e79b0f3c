"""Array kernels without state: what layers are made of."""
