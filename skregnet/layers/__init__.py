"""Layers: forward and backward passes over a stack of networks."""

from skregnet.layers._base import (
    CurvedLayer,
    Layer,
    Pass,
    TangentWorkspace,
    Workspace,
)
from skregnet.layers.activation import ActivationLayer
from skregnet.layers.activity import PenalizedActivity
from skregnet.layers.batch_norm import BatchNorm
from skregnet.layers.blocks import BlockDense, BlockReadout
from skregnet.layers.dense import Dense
from skregnet.layers.dropout import Dropout, SparseDropout
from skregnet.layers.readout import Readout
from skregnet.layers.rectified import RectifiedDense, SparseRectifiedDense
from skregnet.layers.rectified_dropout import (
    RectifiedDropoutDense,
    SparseRectifiedDropoutDense,
)
from skregnet.layers.sparse import SparseDense, SparseReadout
from skregnet.layers.uncertainty import TaskUncertainty

__all__ = [
    "ActivationLayer",
    "BatchNorm",
    "BlockDense",
    "BlockReadout",
    "CurvedLayer",
    "Dense",
    "Dropout",
    "Layer",
    "Pass",
    "PenalizedActivity",
    "Readout",
    "RectifiedDense",
    "RectifiedDropoutDense",
    "SparseDense",
    "SparseDropout",
    "SparseReadout",
    "SparseRectifiedDense",
    "SparseRectifiedDropoutDense",
    "TangentWorkspace",
    "TaskUncertainty",
    "Workspace",
]
