"""Searches whose candidates train together, and what to search over."""

from skregnet.search._cocktail import regularization_cocktail
from skregnet.search._stacked_search import StackedSearchCV
from skregnet.search._switched import Switched

__all__ = ["StackedSearchCV", "Switched", "regularization_cocktail"]
