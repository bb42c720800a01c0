"""Converters of steps before networks: augmenters, samplers and encoders."""

from typing import Any

from skl2onnx.proto import onnx_proto

from skregnet.onnx._graph import Graph, graph_of, number_of, set_number_type
from skregnet.onnx._tables import encoded_table


def set_identity_type(operator: Any) -> None:
    """Set the type of features: numbers, as many as there are."""
    set_number_type(operator, operator.raw_operator.n_features_in_)


def convert_identity(scope: Any, operator: Any, container: Any) -> None:
    """Add the features as they are, as numbers."""
    graph = graph_of(scope, operator, container)
    values = graph.joined(operator.inputs)
    graph.apply("Identity", values, into=operator.outputs[0].full_name)


def set_encoder_type(operator: Any) -> None:
    """Set the type of an encoded table."""
    n_columns = len(operator.raw_operator.get_feature_names_out())
    set_number_type(operator, n_columns)


def convert_encoder(scope: Any, operator: Any, container: Any) -> None:
    """Add a table as networks see it."""
    graph = Graph(scope, container, onnx_proto.TensorProto.DOUBLE)
    encoded = encoded_table(graph, operator, operator.raw_operator)
    graph.cast(encoded, number_of(operator), into=operator.outputs[0].full_name)
