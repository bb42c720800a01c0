"""Modules of public classes by their names in version 0.1, for pickles of that time."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_PACKAGES = {
    "augmentation": (
        "adversarial_noise augmented_estimator augmenting_sampler compose "
        "feature_masking gaussian_noise image_elastic image_rotation image_shift "
        "image_zoom mixup random_apply target_noise"
    ),
    "callbacks": "checkpoint curvature_monitor parameter_path time_limit",
    "ensemble": "sampling",
    "optimizers": (
        "adagrad adam adamw averaged clipping delta_bar_delta lookahead nadam rmsprop "
        "scheduled sgd weight_decay"
    ),
    "search": "stacked_search switched",
    "tabular": "classifier encoder regressor",
}

OLD_PATHS = {
    f"skregnet.{package}.{module}": f"skregnet.{package}._{module}"
    for package, modules in _PACKAGES.items()
    for module in modules.split()
} | {
    "skregnet.ensemble.output": "skregnet._fitting.targets.outputs",
    "skregnet.estimators._target_form": "skregnet._fitting.targets.target_form",
    "skregnet.estimators._tasks": "skregnet._fitting.targets.tasks",
}
"""New names of modules by old ones."""


class _Renamed(MetaPathFinder, Loader):
    """Finds modules under their old names, with the contents of the new ones."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return how an old name is loaded, None for all other names."""
        return ModuleSpec(fullname, self) if fullname in OLD_PATHS else None

    def exec_module(self, module: Any) -> None:
        """Fill in the public and private classes of the module of today."""
        new = vars(import_module(OLD_PATHS[module.__name__]))
        module.__dict__.update(
            {name: value for name, value in new.items() if not name.startswith("__")}
        )


def find_old_paths() -> None:
    """Let imports by old names succeed, after all other finders."""
    if not any(type(finder) is _Renamed for finder in sys.meta_path):
        sys.meta_path.append(_Renamed())
