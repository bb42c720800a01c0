"""Models within models: taken apart, and handed to skl2onnx piece by piece."""

from collections.abc import Sequence
from typing import Any

from skl2onnx._parse import (
    _apply_zipmap,
    _parse_sklearn,
    sklearn_parsers_map,
)
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common.data_types import Int64TensorType, guess_tensor_type
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skregnet._sklearn.private import BaseSearchCV
from skregnet.augmentation import AugmentedEstimator
from skregnet.onnx._graph import label_classes, label_type

CLASSIFIER_OPTIONS: dict[str, list[Any]] = {
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [True, False],
}
"""Options of all classifiers of skl2onnx, and their values."""

RAW_SCORES: dict[str, list[Any]] = {"raw_scores": [True, False]}
"""The option by which meta-estimators ask for decision functions."""


def steps_of(model: Any) -> list[Any]:
    """Return the steps by which a fitted model predicts.

    Searches, pipelines and other wrappers are taken apart. What acts in `fit` alone,
    as samplers do, is left out.
    """
    if isinstance(model, BaseSearchCV):
        if not hasattr(model, "best_estimator_"):
            check_is_fitted(model)
            raise ValueError(
                f"{type(model).__name__} expects a best_estimator_ to convert, got "
                f"refit={model.refit!r}; set refit=True, or convert an estimator that "
                "is fitted with best_params_."
            )
        return steps_of(model.best_estimator_)
    if isinstance(model, AugmentedEstimator):
        check_is_fitted(model)
        return steps_of(model.estimator_)
    if isinstance(model, FrozenEstimator):
        return steps_of(model.estimator)
    if isinstance(model, Pipeline):
        changing = (step for _, step in model.steps if not _leaves_rows(step))
        return [part for step in changing for part in steps_of(step)]
    return [model]


def _leaves_rows(step: Any) -> bool:
    """Tell whether a step of a pipeline does nothing to samples to predict."""
    is_sampler = hasattr(step, "fit_resample") and not hasattr(step, "transform")
    return step is None or step == "passthrough" or is_sampler


def parse_model(
    scope: Any,
    model: Any,
    inputs: Any,
    options: dict[str, Any],
    owner: Any,
    container: Any = None,
    parsers: Any = None,
) -> Any:
    """Declare the operators of a fitted model; return its outputs as variables.

    Parameters
    ----------
    scope, container : object
        Of skl2onnx; there is no container yet where models are parsed.
    model : estimator
        The model, fitted.
    inputs : list of Variable
        Its inputs.
    options : dict
        Options of its last step, those that it knows.
    owner : estimator
        The model that it is a part of, which errors name.
    parsers : dict or None
        Parsers of the user's own.
    """
    *before, last = steps_of(model)
    for step in before:
        _check_known(scope, step, owner)
        inputs = _parse_sklearn(scope, step, inputs, parsers)
    _check_known(scope, last, owner)
    known = scope.options or {}
    if container is not None or (id(last) not in known and type(last) not in known):
        allowed = scope._get_allowed_options(last, fail=False) or {}
        own = {name: value for name, value in options.items() if name in allowed}
        for place in (scope, container):
            if place is not None and own:
                place.add_options(id(last), own)
    return _parse_sklearn(scope, last, inputs, parsers)


def _check_known(scope: Any, model: Any, owner: Any) -> None:
    """Refuse a model that skl2onnx has no converter for."""
    known = (
        sklearn_operator_name_map,
        sklearn_parsers_map,
        scope.custom_shape_calculators or {},
    )
    if not any(type(model) in table for table in known):
        name, part = type(owner).__name__, type(model).__name__
        raise NotImplementedError(
            f"{name} is converted with what it is made of, and skl2onnx has no "
            f"converter for {part}; register one by "
            f"skl2onnx.update_registered_converter, or use another estimator in the "
            f"place of {part}."
        )


def parse_classifier(
    scope: Any,
    model: Any,
    inputs: Any,
    custom_parsers: Any = None,  # noqa: ARG001
) -> Any:
    """Declare a classifier with its labels and probabilities, and what options add.

    As skl2onnx does for subclasses of ClassifierMixin.
    """
    check_is_fitted(model)
    options = scope.get_options(model, {"zipmap": True})
    operator = declared(scope, model, inputs)
    for name, kind in (
        ("label", Int64TensorType()),
        ("probabilities", guess_tensor_type(inputs[0].type)),
    ):
        operator.outputs.append(scope.declare_local_variable(name, kind))
    if options["zipmap"]:
        return _apply_zipmap(
            options["zipmap"], scope, model, inputs[0].type, operator.outputs
        )
    if not options.get("output_class_labels", False):
        return operator.outputs
    of_labels = scope.declare_local_operator("SklearnClassLabels")
    of_labels.classes = label_classes(operator)
    kind = label_type(of_labels.classes)(of_labels.classes.shape)
    of_labels.outputs.append(scope.declare_local_variable("class_labels", kind))
    return [*operator.outputs, *of_labels.outputs]


def parse_regressor(scope: Any, model: Any, inputs: Any) -> Any:
    """Declare a regressor with its numbers."""
    operator = declared(scope, model, inputs)
    kind = guess_tensor_type(inputs[0].type)
    operator.outputs.append(scope.declare_local_variable("variable", kind))
    return operator.outputs


def declared(scope: Any, model: Any, inputs: Sequence[Any]) -> Any:
    """Return a new operator for a model, with its inputs."""
    alias = sklearn_operator_name_map[type(model)]
    operator = scope.declare_local_operator(alias, model)
    operator.inputs = list(inputs)
    return operator


def options_of(scope: Any, model: Any) -> dict[str, Any]:
    """Return the options given for a model, which only classifiers have."""
    defaults = {"zipmap": True} if is_classifier(model) else {}
    options: dict[str, Any] = scope.get_options(model, defaults)
    return options
