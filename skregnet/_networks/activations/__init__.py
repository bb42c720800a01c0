"""Activation functions: value, first and second derivative."""

from skregnet._networks.activations._base import Activation
from skregnet._networks.activations.exponential_linear import ELU, SELU
from skregnet._networks.activations.gelu import GELU
from skregnet._networks.activations.identity import Identity
from skregnet._networks.activations.logistic import Logistic
from skregnet._networks.activations.rectifiers import LeakyReLU, ReLU
from skregnet._networks.activations.sigmoid_weighted import Mish, SiLU
from skregnet._networks.activations.softplus import Softplus
from skregnet._networks.activations.tanh import Tanh

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
