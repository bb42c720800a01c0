"""The graph in construction: operations by name, networks, activations."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from skl2onnx.common.utils_classifier import get_label_classes
from skl2onnx.proto import onnx_proto
from sklearn.utils.validation import check_is_fitted


class Graph:
    """Adds nodes to the graph in construction; names stand for their results.

    Parameters
    ----------
    scope, container : object
        Of skl2onnx.
    number : int
        The type of all numbers.
    """

    def __init__(self, scope: Any, container: Any, number: int) -> None:
        self._scope = scope
        self._container = container
        self.number = number

    def of_numbers(self, number: int) -> "Graph":
        """Return the same graph, for numbers of another type."""
        return Graph(self._scope, self._container, number)

    def constant(self, values: Any) -> str:
        """Add numbers."""
        values = np.asarray(values)
        return self.initializer(self.number, values.shape, values.ravel())

    def initializer(self, kind: int, shape: Any, values: Any) -> str:
        """Add values of any type."""
        name: str = self._scope.get_unique_variable_name("constant")
        self._container.add_initializer(name, kind, shape, values)
        return name

    def apply(
        self, operation: str, *inputs: Any, into: str = "", **attributes: Any
    ) -> str:
        """Add an operation on results and on numbers; `into` names what comes out."""
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        output: str = into or self._scope.get_unique_variable_name(operation.lower())
        self._container.add_node(
            operation,
            names,
            output,
            name=self._scope.get_unique_operator_name(operation),
            **attributes,
        )
        return output

    def integers(self, values: Any) -> str:
        """Add integers, such as places or shapes."""
        values = np.asarray(values, np.int64)
        return self.initializer(
            onnx_proto.TensorProto.INT64, values.shape, values.ravel()
        )

    def cast(self, values: str, kind: int, into: str = "") -> str:
        """Add a change of type."""
        return self.apply("Cast", values, to=kind, into=into)

    def columns(self, values: str, places: Any) -> str:
        """Add a selection of columns."""
        return self.apply("Gather", values, self.integers(places), axis=1)

    def largest(self, values: str, count: int, axis: int) -> str:
        """Add as many of the largest values along an axis, in order of size."""
        names = [self._scope.get_unique_variable_name(n) for n in ("values", "places")]
        self._container.add_node(
            "TopK",
            [values, self.integers([count])],
            names,
            name=self._scope.get_unique_operator_name("TopK"),
            axis=axis,
        )
        return str(names[0])

    def repeated(self, row: Any, inputs: str) -> str:
        """Add numbers that are the same for each sample."""
        row = np.reshape(row, (1, -1))
        n_rows = self.apply("Gather", self.apply("Shape", inputs), self.integers([0]))
        shape = self.apply("Concat", n_rows, self.integers([row.shape[1]]), axis=0)
        return self.apply("Expand", row, shape)

    def reshaped(self, values: str, shape: Any) -> str:
        """Add a change of shape, in which -1 stands for the number of samples."""
        return self.apply("Reshape", values, self.integers(shape))

    def joined(self, inputs: Any) -> str:
        """Add all inputs side by side, as numbers."""
        for one in inputs:
            if isinstance(one.type, StringTensorType):
                raise ValueError(
                    f"input {one.raw_name!r} expects numbers, got strings; encode them "
                    "in a pipeline, or use TabularClassifier or TabularRegressor."
                )
        values = [self.cast(one.full_name, self.number) for one in inputs]
        return values[0] if len(values) == 1 else self.apply("Concat", *values, axis=1)

    def outputs_of(self, mlp: Any, inputs: str) -> str:
        """Add a network, but for the activation of its outputs."""
        values = self.cast(inputs, self.number)
        layers = list(zip(mlp.coefs_, mlp.intercepts_, strict=True))
        n_hidden = len(layers) - 1
        names = mlp.activation
        names = [names] * n_hidden if isinstance(names, str) else list(names)
        for k, (weights, biases) in enumerate(layers):
            values = self.apply("Add", self.apply("MatMul", values, weights), biases)
            if k < n_hidden:
                values = _ACTIVATIONS[names[k]](self, values)
        return values


def _exponential_below(graph: Graph, z: str) -> str:
    """Add what is below zero: ``exp(z) - 1``, and zero above."""
    return graph.apply("Sub", graph.apply("Exp", graph.apply("Min", z, 0.0)), 1.0)


def _exponential_linear(graph: Graph, z: str) -> str:
    return graph.apply("Add", graph.apply("Max", z, 0.0), _exponential_below(graph, z))


def _scaled_exponential_linear(graph: Graph, z: str) -> str:
    below = graph.apply("Mul", _exponential_below(graph, z), 1.6732632423543772)
    both = graph.apply("Add", graph.apply("Max", z, 0.0), below)
    return graph.apply("Mul", both, 1.0507009873554805)


def _gelu(graph: Graph, z: str) -> str:
    # Runtimes have the error function in single precision only.
    single = graph.cast(graph.apply("Div", z, sqrt(2)), onnx_proto.TensorProto.FLOAT)
    halves = graph.cast(graph.apply("Erf", single), graph.number)
    share = graph.apply("Mul", graph.apply("Add", halves, 1.0), 0.5)
    return graph.apply("Mul", z, share)


def _sigmoid_weighted(graph: Graph, z: str) -> str:
    # Not as a product: some runtimes fuse that into one of single precision only.
    exponential = graph.apply("Exp", graph.apply("Neg", z))
    return graph.apply("Div", z, graph.apply("Add", exponential, 1.0))


def _softplus(graph: Graph, z: str) -> str:
    tail = graph.apply("Exp", graph.apply("Neg", graph.apply("Abs", z)))
    tail = graph.apply("Log", graph.apply("Add", tail, 1.0))
    return graph.apply("Add", graph.apply("Max", z, 0.0), tail)


_ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "identity": lambda graph, z: graph.apply("Identity", z),
    "logistic": lambda graph, z: graph.apply("Sigmoid", z),
    "tanh": lambda graph, z: graph.apply("Tanh", z),
    "relu": lambda graph, z: graph.apply("Relu", z),
    "leaky_relu": lambda graph, z: graph.apply("Max", z, graph.apply("Mul", z, 0.01)),
    "elu": _exponential_linear,
    "selu": _scaled_exponential_linear,
    "gelu": _gelu,
    "silu": _sigmoid_weighted,
    "mish": lambda graph, z: graph.apply(
        "Mul", z, graph.apply("Tanh", _softplus(graph, z))
    ),
    "softplus": _softplus,
}
"""Activations of hidden layers, by name."""


def graph_of(scope: Any, operator: Any, container: Any) -> Graph:
    """Return a graph of the precision of an operator's inputs."""
    return Graph(scope, container, number_of(operator))


def number_of(operator: Any) -> int:
    """Return double where some input is, else single precision."""
    is_double = any(isinstance(i.type, DoubleTensorType) for i in operator.inputs)
    types = onnx_proto.TensorProto
    number: int = types.DOUBLE if is_double else types.FLOAT
    return number


def number_type(operator: Any) -> Any:
    """Return the type of arrays of an operator's numbers."""
    is_double = number_of(operator) == onnx_proto.TensorProto.DOUBLE
    return DoubleTensorType if is_double else FloatTensorType


def are_texts(classes: Any) -> bool:
    """Tell whether classes are strings rather than integers, or refuse them."""
    listed = np.asarray(classes).tolist()
    if all(isinstance(label, str) for label in listed):
        return True
    if all(_is_integer(label) for label in listed):
        return False
    raise NotImplementedError(
        "classes expects strings, or integers of 64 bits, which is all that ONNX has "
        f"for labels, got {listed[:3]!r}; fit to strings or integers, or convert with "
        "the option nocl=True, by which labels are the places of the classes."
    )


def _is_integer(label: Any) -> bool:
    """Tell whether a label is a number that an integer of 64 bits can be."""
    return isinstance(label, int | float) and int(label) == label < 2**63


def classes_of(graph: Graph, classes: Any) -> str:
    """Add the classes: as integers if that is what they are, else as strings."""
    classes = np.asarray(classes)
    if are_texts(classes):
        texts = [str(name).encode() for name in classes.tolist()]
        return graph.initializer(onnx_proto.TensorProto.STRING, classes.shape, texts)
    return graph.integers(classes.tolist())


def label_classes(operator: Any) -> Any:
    """Return the classes of an operator's model, or their places by the option nocl."""
    return get_label_classes(operator.scope_inst, operator.raw_operator)


def label_type(classes: Any) -> Any:
    """Return the type of arrays of labels."""
    return StringTensorType if are_texts(classes) else Int64TensorType


def set_class_types(operator: Any, n_labels: int = 0) -> None:
    """Set the types of labels, and of probabilities of classes.

    `n_labels` is their number where a sample may have several, and 0 otherwise.
    """
    if len(operator.outputs) != 2:
        raise NotImplementedError(
            f"{type(operator.raw_operator).__name__} has two outputs, labels and "
            f"probabilities, got a place for {len(operator.outputs)}, as within "
            "MultiOutputClassifier; convert the estimators one by one."
        )
    check_is_fitted(operator.raw_operator)
    if isinstance(operator.raw_operator.classes_, list):
        raise NotImplementedError(
            f"{type(operator.raw_operator).__name__} has classes of several tasks, got "
            "a place for one; convert it outside of other estimators."
        )
    n_rows = operator.inputs[0].get_first_dimension()
    if n_labels:
        label = Int64TensorType([n_rows, n_labels])
        shape = [n_rows, n_labels]
    else:
        classes = label_classes(operator)
        label = label_type(classes)([n_rows])
        shape = [n_rows, len(classes)]
    operator.outputs[0].set_type(label)
    operator.outputs[1].set_type(number_type(operator)(shape))


def set_number_type(operator: Any, n_columns: int | None) -> None:
    """Set the type of numbers, such as those of a regression."""
    check_is_fitted(operator.raw_operator)
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].set_type(number_type(operator)([n_rows, n_columns]))
