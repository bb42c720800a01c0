"""Glue to scikit-learn: data checks, rollback of fits, documentation links."""
