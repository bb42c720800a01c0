"""Fitting of one or many networks: preparation, training as stacks, storing."""
