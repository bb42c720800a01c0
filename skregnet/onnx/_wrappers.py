"""Converters of estimators that predict by another: searches, augmented estimators."""

from typing import Any

from sklearn.base import is_classifier

from skregnet.onnx._graph import graph_of, set_class_types, set_number_type
from skregnet.onnx._parts import options_of, parse_model


def parse_wrapper(
    scope: Any, model: Any, inputs: Any, custom_parsers: Any = None
) -> Any:
    """Declare the operators of the estimator that predicts."""
    options = options_of(scope, model)
    return parse_model(scope, model, inputs, options, model, parsers=custom_parsers)


def set_wrapper_types(operator: Any) -> None:
    """Set the types of outputs, where a meta-estimator has declared these."""
    model = operator.raw_operator
    if not is_classifier(model):
        set_number_type(operator, None)
        return
    set_class_types(operator)


def convert_wrapper(scope: Any, operator: Any, container: Any) -> None:
    """Add the estimator that predicts, within a meta-estimator."""
    model = operator.raw_operator
    graph = graph_of(scope, operator, container)
    given = container.get_options(model, {"raw_scores": False})
    options = {**given, "zipmap": False, "output_class_labels": False}
    found = parse_model(scope, model, operator.inputs, options, model, container)
    if len(found) != len(operator.outputs):
        raise NotImplementedError(
            f"{type(model).__name__} expects a place for {len(found)} outputs, got one "
            f"for {len(operator.outputs)}; convert it outside of other estimators."
        )
    *labels, numbers = zip(found, operator.outputs, strict=True)
    for own, output in labels:
        graph.apply("Identity", own.full_name, into=output.full_name)
    own, output = numbers
    graph.cast(own.full_name, graph.number, into=output.full_name)
