"""Converters of networks of several tasks, and what their ensembles share with them.

Tasks of one kind come as those of scikit-learn's estimators of several outputs do:
numbers as the columns of one output; labels as the columns of one, and probabilities as
a sequence. Tasks of several kinds have outputs of their own, named for them.
"""

from dataclasses import dataclass
from typing import Any

from skl2onnx.common.data_types import SequenceType, guess_tensor_type
from sklearn.utils.validation import check_is_fitted

from skregnet._fitting.targets.tasks import Task
from skregnet.estimators import MultiTaskMLP
from skregnet.onnx._graph import (
    Graph,
    are_texts,
    classes_of,
    graph_of,
    label_classes,
    label_type,
    number_type,
    set_class_types,
)
from skregnet.onnx._parts import declared, parse_classifier

Parts = list[str]
"""A result for each task: its numbers, or the probabilities of its classes."""


@dataclass(frozen=True)
class Layout:
    """Which outputs a graph of several tasks has.

    Parameters
    ----------
    tasks : tuple of Task
        The tasks.
    is_vector : bool
        Whether targets have one dimension.
    """

    tasks: tuple[Task, ...]
    is_vector: bool

    @classmethod
    def of(cls, model: Any) -> "Layout":
        """Return the outputs of a network, or of an ensemble of networks."""
        if isinstance(model, MultiTaskMLP):
            return cls(tuple(model.tasks_), model._form.is_vector)
        return cls(tuple(model._output.tasks), model._output.form.is_vector)

    @property
    def is_classifier(self) -> bool:
        """Whether there is one vector of labels."""
        return self.is_vector and self.tasks[0].classes is not None

    @property
    def are_numbers(self) -> bool:
        """Whether all tasks are regressions."""
        return all(task.classes is None for task in self.tasks)

    @property
    def are_labels(self) -> bool:
        """Whether all tasks are classifications, with labels of one type."""
        if any(task.classes is None for task in self.tasks):
            return False
        return len({are_texts(task.classes) for task in self.tasks}) == 1

    @property
    def places(self) -> list[int]:
        """Place of each column of the targets among those of all tasks in turn."""
        columns = [column for task in self.tasks for column in task.columns]
        return sorted(range(len(columns)), key=columns.__getitem__)

    def outputs(self, number: Any, n_rows: Any) -> list[tuple[str, Any]]:
        """Return names and types of all outputs."""
        n_columns = len(self.places)
        if self.are_numbers:
            return [("variable", number([n_rows, n_columns]))]
        if self.are_labels:
            label = label_type(self.tasks[0].classes)([n_rows, n_columns])
            return [("label", label), ("probabilities", SequenceType(number()))]
        found = []
        for task in self.tasks:
            if task.classes is None:
                shape = [n_rows, len(task.columns)]
                found.append((f"variable_{task.name}", number(shape)))
                continue
            shape = [n_rows, len(task.classes)]
            label = label_type(task.classes)([n_rows])
            found.append((f"label_{task.name}", label))
            found.append((f"probabilities_{task.name}", number(shape)))
        return found

    def write(self, graph: Graph, operator: Any, parts: Parts) -> None:
        """Add results of the tasks as the outputs of an operator."""
        names = [output.full_name for output in operator.outputs]
        if self.are_numbers:
            self._write_joined(graph, parts, names[0])
        elif self.is_classifier:
            _labels(graph, label_classes(operator), parts[0], into=names[0])
            graph.apply("Identity", parts[0], into=names[1])
        elif self.are_labels:
            labels = [
                graph.reshaped(_labels(graph, task.classes, part), [-1, 1])
                for task, part in zip(self.tasks, parts, strict=True)
            ]
            self._write_joined(graph, labels, names[0])
            graph.apply("SequenceConstruct", *parts, into=names[1])
        else:
            into = iter(names)
            for task, part in zip(self.tasks, parts, strict=True):
                if task.classes is not None:
                    _labels(graph, task.classes, part, into=next(into))
                graph.apply("Identity", part, into=next(into))

    def _write_joined(self, graph: Graph, parts: Parts, name: str) -> None:
        """Add the columns of all tasks, in the order of the targets."""
        both = parts[0] if len(parts) == 1 else graph.apply("Concat", *parts, axis=1)
        graph.apply("Gather", both, graph.integers(self.places), axis=1, into=name)


def _labels(graph: Graph, classes: Any, probabilities: str, into: str = "") -> str:
    """Add the most probable class."""
    best = graph.apply("ArgMax", probabilities, axis=1, keepdims=0)
    return graph.apply("Gather", classes_of(graph, classes), best, into=into)


def parse_tasks(
    scope: Any,
    model: Any,
    inputs: Any,
    custom_parsers: Any = None,  # noqa: ARG001
) -> Any:
    """Declare a model of several tasks with its outputs."""
    check_is_fitted(model)
    layout = Layout.of(model)
    if layout.is_classifier:
        return parse_classifier(scope, model, inputs)
    operator = declared(scope, model, inputs)
    number = type(guess_tensor_type(inputs[0].type))
    for name, kind in layout.outputs(number, None):
        while scope.has_variable_name(name):
            name += "_"  # noqa: PLW2901
        operator.outputs.append(scope.declare_local_variable(name, kind))
    return operator.outputs


def set_task_types(operator: Any) -> None:
    """Set the types of the outputs."""
    model = operator.raw_operator
    layout = Layout.of(model)
    if layout.is_classifier:
        set_class_types(operator)
        return
    n_rows = operator.inputs[0].get_first_dimension()
    outputs = layout.outputs(number_type(operator), n_rows)
    is_sequence = [isinstance(kind, SequenceType) for _, kind in outputs]
    has_place = [isinstance(o.type, SequenceType) for o in operator.outputs]
    if is_sequence != has_place:
        raise NotImplementedError(
            f"{type(model).__name__} has outputs {[name for name, _ in outputs]} for "
            f"its tasks, got a place for {len(has_place)} of one task, as within other "
            "estimators; convert it on its own, or in a pipeline or a search."
        )
    for output, (_, kind) in zip(operator.outputs, outputs, strict=True):
        output.set_type(kind)


def convert_tasks(scope: Any, operator: Any, container: Any) -> None:
    """Add the predictions and probabilities of a network of several tasks."""
    mlp = operator.raw_operator
    graph = graph_of(scope, operator, container)
    parts = parts_of(graph, mlp, graph.joined(operator.inputs))
    Layout.of(mlp).write(graph, operator, parts)


def parts_of(graph: Graph, mlp: Any, inputs: str) -> Parts:
    """Add the numbers, or the probabilities, of each task of a network."""
    outputs = graph.outputs_of(mlp, inputs)
    return [
        _part(graph, task, graph.columns(outputs, range(own.start, own.stop)))
        for task, own in zip(mlp.tasks_, mlp._loss.outputs_of_tasks, strict=True)
    ]


def _part(graph: Graph, task: Task, outputs: str) -> str:
    """Add a task's numbers, or the probabilities of its classes."""
    if task.classes is None:
        scaled = graph.apply("Mul", outputs, task.scale)
        return graph.apply("Add", scaled, task.mean)
    if task.n_outputs > 1:
        return graph.apply("Softmax", outputs, axis=1)
    if len(task.classes) == 1:
        return graph.apply("Add", graph.apply("Mul", outputs, 0.0), 1.0)
    both = graph.apply("Concat", graph.apply("Neg", outputs), outputs, axis=1)
    return graph.apply("Sigmoid", both)
