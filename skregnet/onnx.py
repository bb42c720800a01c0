"""Fitted networks in the Open Neural Network Exchange format, by skl2onnx.

skl2onnx converts what has a converter; this module has those of the networks of
skregnet. A converted network is affine maps and activations out of basic operations,
of which runtimes have versions for single and for double precision.
"""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
from skl2onnx.proto import onnx_proto

from skregnet.estimators import MLPClassifier, MLPRegressor

__all__ = ["register_converters"]

_CLASSIFIER_OPTIONS = {
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [True, False],
}


def register_converters() -> None:
    """Tell skl2onnx how to convert `MLPClassifier` and `MLPRegressor`.

    After that its `to_onnx` and `convert_sklearn` take them, alone and within
    pipelines and other estimators that skl2onnx knows. All activations are converted;
    regularizers act in training only. Features that are not float64 are computed with
    in float32.

    Raises
    ------
    ImportError
        From the import of this module, if skl2onnx is not installed: it comes with the
        extra ``onnx``.

    Notes
    -----
    As with scikit-learn's own estimators, numbers come out as a column, (n_samples, 1),
    where there is one target. `BaggingEnsemble` and `MultiTaskMLP` are not converted.

    Examples
    --------
    >>> import numpy as np
    >>> import onnxruntime
    >>> import skl2onnx
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skregnet import MLPClassifier
    >>> from skregnet.onnx import register_converters
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype(np.float32)
    >>> mlp = MLPClassifier(activation="mish", learning_rate_init=0.01, random_state=0)
    >>> model = make_pipeline(StandardScaler(), mlp).fit(X, y)
    >>> register_converters()
    >>> converted = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    >>> session = onnxruntime.InferenceSession(converted.SerializeToString())
    >>> labels, probabilities = session.run(None, {"X": X})
    >>> bool((labels == model.predict(X)).all())
    True
    >>> float(abs(probabilities - model.predict_proba(X)).max()) < 1e-5
    True
    """
    update_registered_converter(
        MLPClassifier,
        "SkregnetMLPClassifier",
        calculate_linear_classifier_output_shapes,
        _convert_classifier,
        options=_CLASSIFIER_OPTIONS,
    )
    update_registered_converter(
        MLPRegressor, "SkregnetMLPRegressor", _set_regressor_type, _convert_regressor
    )


class _Graph:
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

    def cast(self, values: str, kind: int, into: str = "") -> str:
        """Add a change of type."""
        return self.apply("Cast", values, to=kind, into=into)

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


def _exponential_linear(graph: _Graph, z: str) -> str:
    below = graph.apply("Sub", graph.apply("Exp", graph.apply("Min", z, 0.0)), 1.0)
    return graph.apply("Add", graph.apply("Max", z, 0.0), below)


def _scaled_exponential_linear(graph: _Graph, z: str) -> str:
    below = graph.apply("Sub", graph.apply("Exp", graph.apply("Min", z, 0.0)), 1.0)
    below = graph.apply("Mul", below, 1.6732632423543772)
    both = graph.apply("Add", graph.apply("Max", z, 0.0), below)
    return graph.apply("Mul", both, 1.0507009873554805)


def _gelu(graph: _Graph, z: str) -> str:
    # Runtimes have the error function in single precision only.
    single = graph.cast(graph.apply("Div", z, sqrt(2)), onnx_proto.TensorProto.FLOAT)
    halves = graph.cast(graph.apply("Erf", single), graph.number)
    share = graph.apply("Mul", graph.apply("Add", halves, 1.0), 0.5)
    return graph.apply("Mul", z, share)


def _sigmoid_weighted(graph: _Graph, z: str) -> str:
    # Not as a product: some runtimes fuse that into one of single precision only.
    exponential = graph.apply("Exp", graph.apply("Neg", z))
    return graph.apply("Div", z, graph.apply("Add", exponential, 1.0))


def _softplus(graph: _Graph, z: str) -> str:
    tail = graph.apply("Exp", graph.apply("Neg", graph.apply("Abs", z)))
    tail = graph.apply("Log", graph.apply("Add", tail, 1.0))
    return graph.apply("Add", graph.apply("Max", z, 0.0), tail)


_ACTIVATIONS: dict[str, Callable[[_Graph, str], str]] = {
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


def _graph_of(scope: Any, operator: Any, container: Any) -> _Graph:
    """Return a graph of the precision of an operator's inputs."""
    is_double = isinstance(operator.inputs[0].type, DoubleTensorType)
    types = onnx_proto.TensorProto
    return _Graph(scope, container, types.DOUBLE if is_double else types.FLOAT)


def _convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Add the probabilities of a classifier, and the classes they speak for."""
    mlp = operator.raw_operator
    graph = _graph_of(scope, operator, container)
    labels, probabilities = (output.full_name for output in operator.outputs)
    outputs = graph.outputs_of(mlp, operator.inputs[0].full_name)
    if mlp.out_activation_ == "softmax":
        graph.apply("Softmax", outputs, axis=1, into=probabilities)
    elif mlp._label_binarizer.y_type_ == "multilabel-indicator":
        graph.apply("Sigmoid", outputs, into=probabilities)
        is_likely = graph.apply("Greater", probabilities, 0.5)
        graph.cast(is_likely, onnx_proto.TensorProto.INT64, into=labels)
        return
    elif len(mlp.classes_) == 1:
        zeros = graph.apply("Mul", outputs, 0.0)
        graph.apply("Add", zeros, 1.0, into=probabilities)
    else:
        both = graph.apply("Concat", graph.apply("Neg", outputs), outputs, axis=1)
        graph.apply("Sigmoid", both, into=probabilities)
    best = graph.apply("ArgMax", probabilities, axis=1, keepdims=0)
    graph.apply("Gather", _classes(graph, mlp.classes_), best, into=labels)


def _classes(graph: _Graph, classes: Any) -> str:
    """Add the classes: as integers if that is what they are, else as strings."""
    types = onnx_proto.TensorProto
    if classes.dtype.kind in "biu" or (
        classes.dtype.kind == "f" and (classes == classes.astype(np.int64)).all()
    ):
        return graph.initializer(types.INT64, classes.shape, classes.astype(np.int64))
    texts = [str(name).encode() for name in classes]
    return graph.initializer(types.STRING, classes.shape, texts)


def _set_regressor_type(operator: Any) -> None:
    """Say that there is a column for each target."""
    inputs = operator.inputs[0].type
    is_double = isinstance(inputs, DoubleTensorType)
    kind = DoubleTensorType if is_double else FloatTensorType
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = kind([n_rows, operator.raw_operator.n_outputs_])


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Add the predictions of a regressor."""
    mlp = operator.raw_operator
    graph = _graph_of(scope, operator, container)
    outputs = graph.outputs_of(mlp, operator.inputs[0].full_name)
    last = "Exp" if mlp.out_activation_ == "exp" else "Identity"
    graph.apply(last, outputs, into=operator.outputs[0].full_name)
