"""Converters of networks of one task."""

from typing import Any

from skl2onnx.proto import onnx_proto
from sklearn.utils.validation import check_is_fitted

from skregnet.onnx._graph import (
    Graph,
    classes_of,
    graph_of,
    label_classes,
    set_class_types,
    set_number_type,
)


def set_classifier_types(operator: Any) -> None:
    """Set the types of labels and probabilities."""
    mlp = operator.raw_operator
    check_is_fitted(mlp)
    set_class_types(operator, len(mlp.classes_) if _is_multilabel(mlp) else 0)


def convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Add the probabilities of a classifier, and its labels."""
    mlp = operator.raw_operator
    graph = graph_of(scope, operator, container)
    labels, probabilities = (output.full_name for output in operator.outputs)
    inputs = graph.joined(operator.inputs)
    probabilities_of(graph, mlp, inputs, into=probabilities)
    if _is_multilabel(mlp):
        is_likely = graph.apply("Greater", probabilities, 0.5)
        graph.cast(is_likely, onnx_proto.TensorProto.INT64, into=labels)
        return
    best = graph.apply("ArgMax", probabilities, axis=1, keepdims=0)
    classes = classes_of(graph, label_classes(operator))
    graph.apply("Gather", classes, best, into=labels)


def probabilities_of(graph: Graph, mlp: Any, inputs: str, into: str = "") -> str:
    """Add the probabilities of a classifier's classes, or of its labels."""
    outputs = graph.outputs_of(mlp, inputs)
    if mlp.out_activation_ == "softmax":
        return graph.apply("Softmax", outputs, axis=1, into=into)
    if _is_multilabel(mlp):
        return graph.apply("Sigmoid", outputs, into=into)
    if len(mlp.classes_) == 1:
        zeros = graph.apply("Mul", outputs, 0.0)
        return graph.apply("Add", zeros, 1.0, into=into)
    both = graph.apply("Concat", graph.apply("Neg", outputs), outputs, axis=1)
    return graph.apply("Sigmoid", both, into=into)


def _is_multilabel(mlp: Any) -> bool:
    return bool(mlp._label_binarizer.y_type_ == "multilabel-indicator")


def set_regressor_type(operator: Any) -> None:
    """Set the type of numbers, a column for each target."""
    check_is_fitted(operator.raw_operator)
    set_number_type(operator, operator.raw_operator.n_outputs_)


def convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Add the predictions of a regressor."""
    mlp = operator.raw_operator
    graph = graph_of(scope, operator, container)
    outputs = graph.outputs_of(mlp, graph.joined(operator.inputs))
    last = "Exp" if mlp.out_activation_ == "exp" else "Identity"
    graph.apply(last, outputs, into=operator.outputs[0].full_name)
