"""Layers: forward and backward passes over a stack of networks."""

from skregnet.layers._base import Layer, Pass, Workspace
from skregnet.layers.activation import ActivationLayer
from skregnet.layers.dense import Dense
from skregnet.layers.readout import Readout
from skregnet.layers.sparse import SparseDense, SparseReadout

__all__ = [
    "ActivationLayer",
    "Dense",
    "Layer",
    "Pass",
    "Readout",
    "SparseDense",
    "SparseReadout",
    "Workspace",
]
