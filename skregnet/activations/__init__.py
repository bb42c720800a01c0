"""Activation functions: value, first and second derivative."""

from skregnet.activations._base import Activation
from skregnet.activations.exponential_linear import ELU, SELU
from skregnet.activations.gelu import GELU
from skregnet.activations.identity import Identity
from skregnet.activations.logistic import Logistic
from skregnet.activations.rectifiers import LeakyReLU, ReLU
from skregnet.activations.sigmoid_weighted import Mish, SiLU
from skregnet.activations.softplus import Softplus
from skregnet.activations.tanh import Tanh

ACTIVATIONS: dict[str, Activation] = {
    "identity": Identity(),
    "logistic": Logistic(),
    "tanh": Tanh(),
    "relu": ReLU(),
    "leaky_relu": LeakyReLU(),
    "elu": ELU(),
    "selu": SELU(),
    "gelu": GELU(),
    "silu": SiLU(),
    "mish": Mish(),
    "softplus": Softplus(),
}

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "SELU",
    "Activation",
    "Identity",
    "LeakyReLU",
    "Logistic",
    "Mish",
    "ReLU",
    "SiLU",
    "Softplus",
    "Tanh",
]
