"""Tests, which import their cases and references from each other."""
