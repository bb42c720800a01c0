"""Converters of the estimators of tables: their encoder, networks and calibration."""

from decimal import Decimal
from typing import Any

import numpy as np
from onnx.helper import tensor_dtype_to_np_dtype
from skl2onnx.common.data_types import StringTensorType
from skl2onnx.proto import onnx_proto

from skregnet._kernels import Array
from skregnet._tables.calibration import SMALLEST
from skregnet._tables.categories import Categories, floats_named, names_of
from skregnet._tables.dates import Dates
from skregnet._tables.nothing import Nothing
from skregnet._tables.numbers import BOUND, FAR, Numbers
from skregnet.onnx._graph import (
    Graph,
    classes_of,
    label_classes,
    number_of,
    set_class_types,
    set_number_type,
)
from skregnet.onnx._networks import probabilities_of

_TYPES = onnx_proto.TensorProto
_DIGITS = {"False": "0", "True": "1"}


def set_table_classifier_types(operator: Any) -> None:
    """Set the types of labels and probabilities."""
    set_class_types(operator)


def set_table_regressor_type(operator: Any) -> None:
    """Set the type of numbers, one a sample."""
    set_number_type(operator, 1)


def convert_table_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Add the classes and the calibrated probabilities of a classifier."""
    model = operator.raw_operator
    graph = Graph(scope, container, _TYPES.DOUBLE)
    encoded = encoded_table(graph, operator, model.encoder_)
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
    graph.apply("Gather", classes_of(graph, label_classes(operator)), best, into=labels)


def convert_table_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Add the predictions of a regressor."""
    model = operator.raw_operator
    graph = Graph(scope, container, _TYPES.DOUBLE)
    encoded = encoded_table(graph, operator, model.encoder_)
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


def encoded_table(graph: Graph, operator: Any, encoder: Any) -> str:
    """Add the table as the networks see it."""
    columns = list(_columns(graph, operator, encoder.n_features_in_))
    parts = []
    for encoding, (values, kind) in zip(encoder._encodings, columns, strict=True):
        if isinstance(encoding, Dates):
            raise NotImplementedError(
                f"column {encoding.name!r} was made of dates, which are not converted: "
                "turn dates into numbers before fit."
            )
        parts += _ADDED[type(encoding)](graph, encoding, values, kind)
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
    """Add the columns of a category, as in `Categories.encode`."""
    n_kept = len(encoding.kept)
    if isinstance(kind, StringTensorType):
        codes = _codes_of_strings(graph, encoding.kept, values)
        is_missing = graph.apply("Equal", codes, _integers(graph, [n_kept]))
        one_hot = _equal(graph, codes, _integers(graph, np.arange(n_kept)))
    else:
        number = tensor_dtype_to_np_dtype(
            kind.to_onnx_type().tensor_type.elem_type
        ).type
        compared, dtype = _compared_as(number)
        own = graph.cast(values, compared)
        is_missing = graph.apply("IsNaN", graph.cast(values, _TYPES.DOUBLE))
        one_hot = graph.apply(
            "Sum",
            *(
                graph.apply(
                    "Mul",
                    _equal(graph, own, graph.initializer(compared, [1, n_kept], keys)),
                    is_key[np.newaxis],
                )
                for keys, is_key in _keys(encoding, number, dtype)
            ),
        )
    if encoding.is_binary:
        return [graph.apply("MatMul", one_hot, np.array([[-1.0], [1.0]]))]
    if encoding.marks_missing:
        return [one_hot, graph.cast(is_missing, _TYPES.DOUBLE)]
    return [one_hot]


def _nothing(graph: Graph, encoding: Nothing, values: str, kind: Any) -> list[str]:  # noqa: ARG001
    """Add zeros, and whether values are missing, as in `Nothing.encode`."""
    if isinstance(kind, StringTensorType):
        codes = _codes_of_strings(graph, [], values)
        is_missing = graph.apply("Equal", codes, _integers(graph, [0]))
    else:
        is_missing = graph.apply("IsNaN", graph.cast(values, _TYPES.DOUBLE))
    marks = graph.cast(is_missing, _TYPES.DOUBLE)
    return [graph.apply("Mul", marks, 0.0), marks]


_ADDED: dict[type, Any] = {
    Numbers: _numbers,
    Categories: _categories,
    Nothing: _nothing,
}


def _equal(graph: Graph, values: str, row: str) -> str:
    """Add ones where a column equals a row, and zeros elsewhere."""
    return graph.cast(graph.apply("Equal", values, row), _TYPES.DOUBLE)


def _integers(graph: Graph, values: Any) -> str:
    """Add a row of integers."""
    return graph.initializer(_TYPES.INT64, [1, len(values)], values)


def _codes_of_strings(graph: Graph, kept: list[str], values: str) -> str:
    """Add which string each value is, one more for a missing one, -1 for none.

    An empty string stands for a missing one, if it is no category itself.
    """
    keys = [*kept, *([] if "" in kept else [""])]
    return graph.apply(
        "LabelEncoder",
        values,
        op_domain="ai.onnx.ml",
        op_version=2,
        keys_strings=keys,
        values_int64s=list(range(len(keys))),
        default_int64=-1,
    )


def _compared_as(number: Any) -> tuple[int, Any]:
    """Return the type to compare numbers in, of ONNX and of NumPy; it is exact."""
    if number == np.float64:
        return _TYPES.DOUBLE, np.float64
    if np.issubdtype(number, np.floating):
        return _TYPES.FLOAT, np.float32
    return _TYPES.INT64, np.int64


def _keys(encoding: Categories, number: Any, dtype: Any) -> list[tuple[Array, Array]]:
    """Return the numbers that are each category.

    Parameters
    ----------
    encoding : Categories
        The categories.
    number : type
        The numbers of NumPy of which some are to be found.
    dtype : type
        What to return them as.

    Returns
    -------
    keys : list of (ndarray, ndarray) of shape (n_categories,)
        A number for each category, and 1 where the encoder takes it for that, else 0.
        No number comes twice.
    """
    own = [_numbers_of(encoding, k, number, dtype) for k in range(len(encoding.kept))]
    found = []
    for place in range(max([1, *map(len, own)])):
        keys = [numbers[place] if place < len(numbers) else 0 for numbers in own]
        is_key = [float(place < len(numbers)) for numbers in own]
        found.append((np.array(keys, dtype), np.array(is_key)))
    return found


def _numbers_of(encoding: Categories, k: int, number: Any, dtype: Any) -> list[Any]:
    """Return the different numbers of a type that the encoder takes for a category."""
    found: dict[Any, None] = {}
    for value in _candidates(encoding.kept[k], number):
        if encoding.code_of(value) == k:
            found[value.astype(dtype)] = None
    return list(found)


def _candidates(category: str, number: Any) -> list[Any]:
    """Return the numbers of a type that may be a category."""
    if not np.issubdtype(number, np.floating):
        value = _number_of(category, number)
        return [] if value is None else [value]
    value = _number_of(category, np.float64)
    if value is None:
        return []
    texts = [category, *names_of(value)] if np.isfinite(value) else []
    floats = [own for text in texts for own in floats_named(_DIGITS.get(text, text))]
    with np.errstate(over="ignore", under="ignore"):
        return [number(own) for own in floats]


def _number_of(category: str, number: Any) -> Any:
    """Return the number of a type that may be a category, None if there is none."""
    try:
        value = Decimal(_DIGITS.get(category, category))
        if np.issubdtype(number, np.floating):
            with np.errstate(over="ignore"):
                return number(float(value))
        if value != int(value) or (number == np.bool_ and value not in (0, 1)):
            return None
        return number(int(value))
    except (ArithmeticError, ValueError):
        return None
