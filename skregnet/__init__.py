"""Neural networks for scikit-learn, with every regularizer and optimizer in reach.

Subpackages are imported when they are first asked for, as ``skregnet.inspection``.
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from skregnet._sklearn.old_paths import find_old_paths
from skregnet._versions import show_versions
from skregnet.ensemble import BaggingEnsemble
from skregnet.estimators import (
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    adversarial_examples,
)
from skregnet.search import StackedSearchCV
from skregnet.tabular import TableEncoder, TabularClassifier, TabularRegressor

__version__ = "0.1.0"

__all__ = [
    "BaggingEnsemble",
    "MLPClassifier",
    "MLPRegressor",
    "MultiTaskMLP",
    "MultiTaskMLPClassifier",
    "MultiTaskMLPRegressor",
    "StackedSearchCV",
    "TableEncoder",
    "TabularClassifier",
    "TabularRegressor",
    "adversarial_examples",
    "show_versions",
]

_SUBPACKAGES = (
    "augmentation",
    "callbacks",
    "curvature",
    "inspection",
    "onnx",
    "optimizers",
    "search",
)


def __getattr__(name: str) -> ModuleType:
    """Import a public subpackage."""
    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names; of subpackages those that can be imported."""
    names = {"__version__", *__all__, *_SUBPACKAGES}
    if find_spec("skl2onnx") is None:
        names.remove("onnx")
    return sorted(names)


find_old_paths()
