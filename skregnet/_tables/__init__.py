"""Columns of tables: their kinds, categories, numbers and dates."""
