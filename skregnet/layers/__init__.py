"""Layers: forward and backward passes over a stack of networks."""

from skregnet.layers._base import Layer, Pass, Workspace
from skregnet.layers.activation import ActivationLayer
from skregnet.layers.activity import PenalizedActivity
from skregnet.layers.batch_norm import BatchNorm
from skregnet.layers.dense import Dense
from skregnet.layers.dropout import Dropout, SparseDropout
from skregnet.layers.readout import Readout
from skregnet.layers.rectified import RectifiedDense, SparseRectifiedDense
from skregnet.layers.sparse import SparseDense, SparseReadout

__all__ = [
    "ActivationLayer",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Layer",
    "Pass",
    "PenalizedActivity",
    "Readout",
    "RectifiedDense",
    "SparseDense",
    "SparseDropout",
    "SparseReadout",
    "SparseRectifiedDense",
    "Workspace",
]
