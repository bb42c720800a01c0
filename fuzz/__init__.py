"""Hostile input, determinism and interrupts at random: `make fuzz` runs it."""
