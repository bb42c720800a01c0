"""Converter of ensembles: each member by its own converter, and how they decide."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from skl2onnx.proto import onnx_proto
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.utils.validation import check_is_fitted

from skregnet._fitting.targets.outputs import ClassOutput, TaskOutput
from skregnet._sklearn.labels import codes_of
from skregnet.ensemble import is_stand_in
from skregnet.onnx._graph import (
    Graph,
    are_texts,
    classes_of,
    graph_of,
    label_classes,
    set_class_types,
    set_number_type,
)
from skregnet.onnx._parts import parse_classifier, parse_model, parse_regressor
from skregnet.onnx._several_tasks import Layout, parse_tasks, parts_of, set_task_types

_INTEGER = onnx_proto.TensorProto.INT64


def parse_ensemble(
    scope: Any, model: Any, inputs: Any, custom_parsers: Any = None
) -> Any:
    """Declare an ensemble with its outputs, which are those of its members' kind."""
    check_is_fitted(model)
    if isinstance(model._output, TaskOutput):
        return parse_tasks(scope, model, inputs, custom_parsers)
    parse = parse_classifier if is_classifier(model) else parse_regressor
    return parse(scope, model, inputs)


def set_ensemble_types(operator: Any) -> None:
    """Set the types of outputs."""
    output = operator.raw_operator._output
    if isinstance(output, TaskOutput):
        set_task_types(operator)
    elif isinstance(output, ClassOutput):
        set_class_types(operator, len(output.classes) if output.is_multilabel else 0)
    else:
        set_number_type(operator, prod(output.shape))


def convert_ensemble(scope: Any, operator: Any, container: Any) -> None:
    """Add all members, and what they decide on."""
    ensemble = _Ensemble(scope, operator, container)
    output = operator.raw_operator._output
    names = [each.full_name for each in operator.outputs]
    if isinstance(output, TaskOutput):
        ensemble.write_tasks()
    elif isinstance(output, ClassOutput):
        ensemble.write_classes(*names)
    else:
        ensemble.write_numbers(names[0])


class _Ensemble:
    """An ensemble in construction."""

    def __init__(self, scope: Any, operator: Any, container: Any) -> None:
        self._scope, self._operator, self._container = scope, operator, container
        self._model = operator.raw_operator
        self._graph = graph_of(scope, operator, container)
        self._by_votes = self._model.voting == "hard"

    def write_numbers(self, name: str) -> None:
        """Add the mean, or the median, of the members' numbers."""
        graph, n_columns = self._graph, prod(self._model._output.shape)
        parts = []
        for number, member in enumerate(self._model.estimators_):
            (own,) = self._outputs(number, member)
            own = graph.cast(own, graph.number)
            parts.append(graph.reshaped(own, [-1, n_columns]))
        if self._model.voting == "median":
            _median(graph, parts, n_columns, name)
        else:
            _mean(graph, parts, name)

    def write_classes(self, labels: str, probabilities: str) -> None:
        """Add the mean of the members' probabilities or votes, and the labels."""
        graph, output = self._graph, self._model._output
        if self._wants_scores():
            parts = [self._scores(*each) for each in enumerate(self._model.estimators_)]
            _mean(graph, parts, probabilities)
        else:
            parts = [self._shares(*each) for each in enumerate(self._model.estimators_)]
            _mean(graph, parts, probabilities)
        if output.is_multilabel:
            is_likely = graph.apply("Greater", probabilities, 0.5)
            graph.cast(is_likely, _INTEGER, into=labels)
            return
        best = graph.apply("ArgMax", probabilities, axis=1, keepdims=0)
        classes = classes_of(graph, label_classes(self._operator))
        graph.apply("Gather", classes, best, into=labels)

    def write_tasks(self) -> None:
        """Add the mean of the members' numbers and probabilities, task by task."""
        graph, tasks = self._graph, self._model._output.tasks
        members = []
        for number, member in enumerate(self._model.estimators_):
            (inputs,) = self._inputs(number)
            own = parts_of(graph, member, graph.cast(inputs.full_name, graph.number))
            members.append(
                [
                    self._of_task(*each)
                    for each in zip(own, member.tasks_, tasks, strict=True)
                ]
            )
        parts = [_mean(graph, part) for part in zip(*members, strict=True)]
        Layout.of(self._model).write(graph, self._operator, parts)

    def _of_task(self, part: str, own: Any, task: Any) -> str:
        """Add a member's numbers of a task, or what it gives each class."""
        if task.classes is None:
            return part
        if self._by_votes:
            part = _certain(self._graph, part, len(own.classes))
        return _aligned(self._graph, part, own.classes, task.classes)

    def _wants_scores(self) -> bool:
        """Tell whether decision functions are asked for, and there are any."""
        options = self._container.get_options(self._model, {"raw_scores": False})
        return options["raw_scores"] and hasattr(self._model, "decision_function")

    def _scores(self, number: int, member: Any) -> str:
        """Add a member's decision function, a column for each class."""
        graph, output = self._graph, self._model._output
        classes, known = output.classes, np.asarray(member.classes_)
        if self._is_constant(member):
            return self._constant(known, least=-1.0)
        shape = getattr(member, "decision_function_shape", "ovr")
        if shape == "ovo" and len(known) > 2:
            raise NotImplementedError(
                "BaggingEnsemble expects members with one value for each class within "
                "an estimator that decides by these, got decision_function_shape='ovo' "
                f"in {member!r}; set decision_function_shape='ovr'."
            )
        _, scores = self._outputs(number, member, raw_scores=True)
        scores = graph.cast(scores, graph.number)
        if output.is_multilabel:
            return scores
        if len(known) == 2:
            last = graph.columns(scores, [-1])
            scores = graph.apply("Concat", graph.apply("Neg", last), last, axis=1)
        if len(known) == len(classes):
            return scores
        # Classes that the member has not seen get the least value of the others.
        least = graph.columns(graph.largest(scores, len(known), axis=1), [-1])
        above = graph.apply("Sub", scores, least)
        return graph.apply("Add", _aligned(graph, above, known, classes), least)

    def _is_constant(self, member: Any) -> bool:
        """Tell whether a member stands in for one that would know one class only."""
        return isinstance(member, DummyClassifier) and is_stand_in(self._model, member)

    def _constant(self, known: Any, least: float = 0.0) -> str:
        """Add 1 for the only class that is known, and the least value for others."""
        classes = self._model._output.classes
        row = np.full(len(classes), least)
        row[codes_of(known, classes)] = 1.0
        return self._graph.repeated(row, self._operator.inputs[0].full_name)

    def _shares(self, number: int, member: Any) -> str:
        """Add a member's probabilities of all classes or labels, or its votes."""
        if self._is_constant(member):
            return self._constant(np.asarray(member.classes_))
        graph, output = self._graph, self._model._output
        labels, probabilities = self._outputs(number, member)
        n_columns = len(output.classes)
        known = member.classes_
        if self._by_votes or not hasattr(member, "predict_proba"):
            if output.is_multilabel:
                labels = graph.cast(labels, graph.number)
                return graph.reshaped(labels, [-1, n_columns])
            return _votes(graph, labels, known, output.classes)
        if isinstance(known, list):
            return _of_labels(graph, probabilities, known)
        probabilities = graph.cast(probabilities, graph.number)
        return _aligned(graph, probabilities, known, output.classes)

    def _outputs(
        self, number: int, member: Any, raw_scores: bool = False
    ) -> tuple[str, ...]:
        """Add a member; return the names of its outputs."""
        found = parse_model(
            self._scope,
            member,
            self._inputs(number),
            {"zipmap": False, "raw_scores": raw_scores},
            self._model,
            self._container,
        )
        return tuple(output.full_name for output in found)

    def _inputs(self, number: int) -> list[Any]:
        """Return a member's features as variables."""
        columns = self._model.estimators_features_[number]
        inputs = list(self._operator.inputs)
        n_features = self._model.n_features_in_
        if np.array_equal(columns, np.arange(n_features)):
            return inputs
        if len(inputs) == n_features > 1:
            return [inputs[column] for column in columns]
        if len(inputs) > 1:
            raise NotImplementedError(
                f"BaggingEnsemble with max_features={self._model.max_features!r} "
                f"expects one input, or one for each of {n_features} features, got "
                f"{len(inputs)} inputs; give initial_types one of these forms."
            )
        kind = type(inputs[0].type)([None, len(columns)])
        chosen = self._scope.declare_local_variable("features", kind)
        place = self._graph.integers(columns)
        self._graph.apply(
            "Gather", inputs[0].full_name, place, axis=1, into=chosen.full_name
        )
        return [chosen]


def _mean(graph: Graph, parts: Sequence[str], into: str = "") -> str:
    """Add the mean of results of equal shape."""
    total = graph.apply("Sum", *parts)
    return graph.apply("Div", total, float(len(parts)), into=into)


def _median(graph: Graph, parts: Sequence[str], n_columns: int, into: str) -> None:
    """Add the median: the middle result, or the mean of the middle two."""
    n_parts = len(parts)
    stacked = [graph.reshaped(part, [-1, n_columns, 1]) for part in parts]
    both = graph.apply("Concat", *stacked, axis=2)
    in_order = graph.largest(both, n_parts, axis=2)
    middle = [
        graph.apply("Gather", in_order, graph.integers(place), axis=2)
        for place in ((n_parts - 1) // 2, n_parts // 2)
    ]
    _mean(graph, middle, into)


def _aligned(graph: Graph, given: str, known: Any, classes: Any) -> str:
    """Add probabilities of known classes in the columns of all, 0 for the others."""
    if len(known) == len(classes):
        return given
    table = np.eye(len(classes))[codes_of(np.asarray(known), classes)]
    return graph.apply("MatMul", given, table)


def _votes(graph: Graph, labels: str, known: Any, classes: Any) -> str:
    """Add 1 for the class of each label, and 0 for the others."""
    n_classes = len(classes)
    wanted = np.arange(n_classes)
    if are_texts(known):
        labels = graph.apply(
            "LabelEncoder",
            labels,
            op_domain="ai.onnx.ml",
            op_version=2,
            keys_strings=[str(name) for name in classes],
            values_int64s=wanted.tolist(),
            default_int64=-1,
        )
    else:
        wanted = classes
    column = graph.reshaped(graph.cast(labels, _INTEGER), [-1, 1])
    row = graph.integers(np.reshape(wanted, (1, n_classes)))
    return graph.cast(graph.apply("Equal", column, row), graph.number)


def _certain(graph: Graph, probabilities: str, n_classes: int) -> str:
    """Add 1 for the most probable class, and 0 for the others."""
    best = graph.apply("ArgMax", probabilities, axis=1, keepdims=1)
    row = graph.integers(np.arange(n_classes)[np.newaxis])
    return graph.cast(graph.apply("Equal", best, row), graph.number)


def _of_labels(graph: Graph, probabilities: str, known: Sequence[Any]) -> str:
    """Add the probability of each label, from an array of those of its off and on."""
    if any(list(each) != [0, 1] for each in known):
        raise NotImplementedError(
            "BaggingEnsemble expects members that have seen each label on and off, "
            f"got classes {list(known)!r}; fit with more samples, or use MLPClassifier "
            "as estimator."
        )
    is_on = graph.apply("Gather", probabilities, graph.integers(1), axis=2)
    return graph.cast(graph.apply("Transpose", is_on, perm=[1, 0]), graph.number)
