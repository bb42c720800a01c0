"""Layers: forward and backward passes over a stack of networks."""

from skregnet._networks.layers._base import (
    CurvedLayer,
    Layer,
    Pass,
    TangentWorkspace,
    Workspace,
)
from skregnet._networks.layers.activation import ActivationLayer
from skregnet._networks.layers.activity import PenalizedActivity
from skregnet._networks.layers.batch_norm import BatchNorm
from skregnet._networks.layers.blocks import BlockDense, BlockReadout
from skregnet._networks.layers.dense import Dense
from skregnet._networks.layers.dropout import Dropout, SparseDropout
from skregnet._networks.layers.readout import Readout
from skregnet._networks.layers.rectified import RectifiedDense, SparseRectifiedDense
from skregnet._networks.layers.rectified_dropout import (
    RectifiedDropoutDense,
    SparseRectifiedDropoutDense,
)
from skregnet._networks.layers.sparse import SparseDense, SparseReadout
from skregnet._networks.layers.uncertainty import TaskUncertainty

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
