"""Convolutional networks and their training, written from scratch in NumPy."""
