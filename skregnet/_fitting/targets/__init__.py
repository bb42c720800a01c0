"""Targets of several tasks, their forms, and the outputs of members."""
