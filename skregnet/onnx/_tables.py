"""Converters of the estimators of tables: their encoder, networks and calibration."""

from typing import Any

import numpy as np
from skl2onnx.common.data_types import Int64TensorType, StringTensorType
from skl2onnx.proto import onnx_proto

from skregnet.onnx._graph import Graph, classes_of, number_of, number_type
from skregnet.onnx._networks import probabilities_of
from skregnet.tabular._calibration import SMALLEST
from skregnet.tabular.encoder import BOUND, FAR, Categories, Numbers

_TYPES = onnx_proto.TensorProto
_TRUTHS = {"False": 0.0, "True": 1.0}


def set_classifier_types(operator: Any) -> None:
    """Say that there is a class for each row, and a probability for each class."""
    n_rows = operator.inputs[0].get_first_dimension()
    classes = operator.raw_operator.classes_
    kind = StringTensorType if classes.dtype.kind in "OU" else Int64TensorType
    operator.outputs[0].type = kind([n_rows])
    operator.outputs[1].type = number_type(operator)([n_rows, len(classes)])


def set_regressor_types(operator: Any) -> None:
    """Say that there is a number for each row."""
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = number_type(operator)([n_rows, 1])


def convert_table_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Add the classes and the calibrated probabilities of a classifier."""
    model = operator.raw_operator
    graph = Graph(scope, container, _TYPES.DOUBLE)
    encoded = _encoded(graph, operator)
    parts = []
    for share, ensemble in zip(model.shares_, model.ensembles_, strict=True):
        for member in ensemble.estimators_:
            own = _of_member(graph, member, encoded, probabilities_of)
            places = model._columns_of(member)
            own = graph.apply("MatMul", own, np.eye(len(model.classes_))[places])
            parts.append(graph.apply("Mul", own, share / len(ensemble.estimators_)))
    mean = graph.apply("Sum", *parts)
    logs = graph.apply("Log", graph.apply("Max", mean, SMALLEST))
    powered = graph.apply("Mul", logs, model.power_)
    double = graph.apply("Softmax", powered, axis=1)
    labels, probabilities = (output.full_name for output in operator.outputs)
    graph.cast(double, number_of(operator), into=probabilities)
    best = graph.apply("ArgMax", double, axis=1, keepdims=0)
    graph.apply("Gather", classes_of(graph, model.classes_), best, into=labels)


def convert_table_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Add the predictions of a regressor."""
    model = operator.raw_operator
    graph = Graph(scope, container, _TYPES.DOUBLE)
    encoded = _encoded(graph, operator)
    members = model.ensembles_[0].estimators_
    parts = [_of_member(graph, m, encoded, Graph.outputs_of) for m in members]
    mean = graph.apply("Div", graph.apply("Sum", *parts), float(len(parts)))
    scaled = graph.apply("Mul", mean, model.target_scale_)
    low, high = model.target_range_
    values = graph.apply("Add", scaled, model.target_mean_)
    values = graph.apply("Min", graph.apply("Max", values, low), high)
    graph.cast(values, number_of(operator), into=operator.outputs[0].full_name)


def _of_member(graph: Graph, member: Any, encoded: str, add: Any) -> str:
    """Add what a network makes of rows, in its own precision, then in double."""
    single = member.coefs_[0].dtype == np.float32
    own = graph.of_numbers(_TYPES.FLOAT if single else _TYPES.DOUBLE)
    return graph.cast(add(own, member, encoded), _TYPES.DOUBLE)


def _encoded(graph: Graph, operator: Any) -> str:
    """Add the table as the networks see it."""
    encoder = operator.raw_operator.encoder_
    columns = list(_columns(graph, operator, encoder.n_features_in_))
    parts = []
    for encoding, (values, kind) in zip(encoder._encodings, columns, strict=True):
        if isinstance(encoding, Numbers):
            parts += _numbers(graph, encoding, values, kind)
        elif isinstance(encoding, Categories):
            parts += _categories(graph, encoding, values, kind)
        else:
            raise NotImplementedError(
                f"column {next(iter(encoding.parts.values())).name!r} was made of "
                "dates, which are not converted: turn dates into numbers before fit."
            )
    return graph.apply("Concat", *parts, axis=1)


def _columns(graph: Graph, operator: Any, n_columns: int) -> Any:
    """Yield each column of the table, of shape (n_rows, 1), and its type."""
    inputs = operator.inputs
    if len(inputs) == 1 and n_columns > 1:
        name, kind = inputs[0].full_name, inputs[0].type
        for k in range(n_columns):
            place = graph.initializer(_TYPES.INT64, [1], [k])
            yield graph.apply("Gather", name, place, axis=1), kind
        return
    if len(inputs) != n_columns:
        raise ValueError(
            f"expected {n_columns} inputs, one a column, or one for all, got "
            f"{len(inputs)}."
        )
    for one in inputs:
        yield one.full_name, one.type


def _numbers(graph: Graph, encoding: Numbers, values: str, kind: Any) -> list[str]:
    """Add what a number becomes, as in `Numbers.encode`."""
    if isinstance(kind, StringTensorType):
        raise ValueError(f"column {encoding.name!r} expects numbers, got strings.")
    values = graph.cast(values, _TYPES.DOUBLE)
    is_missing = graph.apply("IsNaN", values)
    known = graph.apply("Where", is_missing, encoding.center, values)
    scaled = graph.apply("Sub", known, encoding.center)
    scaled = graph.apply("Mul", scaled, encoding.scale)
    scaled = graph.apply("Min", graph.apply("Max", scaled, -FAR), FAR)
    share = graph.apply("Div", scaled, BOUND)
    square = graph.apply("Add", graph.apply("Mul", share, share), 1.0)
    parts = [graph.apply("Div", scaled, graph.apply("Sqrt", square))]
    if len(encoding.edges):
        inside = graph.apply("Sub", known, encoding.edges[np.newaxis, :-1])
        inside = graph.apply("Div", inside, np.diff(encoding.edges)[np.newaxis])
        parts.append(graph.apply("Min", graph.apply("Max", inside, 0.0), 1.0))
    if encoding.marks_missing:
        parts.append(graph.cast(is_missing, _TYPES.DOUBLE))
    return parts


def _categories(
    graph: Graph, encoding: Categories, values: str, kind: Any
) -> list[str]:
    """Add the columns of a category, as in `Categories.encode`.

    An empty string stands for a missing category, if it is no category itself.
    """
    kept = encoding.kept
    missing = len(kept)
    if isinstance(kind, StringTensorType):
        keys = [*kept, *([] if "" in kept else [""])]
        codes = graph.apply(
            "LabelEncoder",
            values,
            op_domain="ai.onnx.ml",
            op_version=2,
            keys_strings=keys,
            values_int64s=list(range(len(keys))),
            default_int64=-1,
        )
        codes = graph.cast(codes, _TYPES.DOUBLE)
        wanted = [float(code) for code in range(missing)]
        is_missing = graph.apply("Equal", codes, float(missing))
    else:
        codes = graph.cast(values, _TYPES.DOUBLE)
        wanted = [_number_of(category) for category in kept]
        is_missing = graph.apply("IsNaN", codes)
    one_hot = [
        graph.cast(graph.apply("Equal", codes, code), _TYPES.DOUBLE) for code in wanted
    ]
    if encoding.is_binary:
        return [graph.apply("Sub", one_hot[1], one_hot[0])]
    if encoding.marks_missing:
        one_hot.append(graph.cast(is_missing, _TYPES.DOUBLE))
    return one_hot


def _number_of(category: str) -> float:
    """Return the number that a category was read from, NaN if it was none."""
    try:
        return _TRUTHS[category] if category in _TRUTHS else float(category)
    except ValueError:
        return float("nan")
