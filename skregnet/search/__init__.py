"""Searches whose candidates train together, and what to search over."""

from skregnet.search.cocktail import regularization_cocktail
from skregnet.search.stacked_search import StackedSearchCV
from skregnet.search.switched import Switched

__all__ = ["StackedSearchCV", "Switched", "regularization_cocktail"]
