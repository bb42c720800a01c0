"""Kernels compiled by Numba, twins of those in NumPy."""
