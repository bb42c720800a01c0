"""Augmenters: they make new cases of given ones, by changes at random."""

from skregnet.augmentation._base import Augmenter
from skregnet.augmentation.gaussian_noise import GaussianNoise

__all__ = ["Augmenter", "GaussianNoise"]
