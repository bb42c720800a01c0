"""Augmenters: they make new cases of given ones, by changes at random."""

from skregnet.augmentation._base import Augmenter
from skregnet.augmentation.adversarial_noise import AdversarialNoise
from skregnet.augmentation.augmented_estimator import AugmentedEstimator
from skregnet.augmentation.augmenting_sampler import AugmentingSampler
from skregnet.augmentation.compose import Compose
from skregnet.augmentation.feature_masking import FeatureMasking
from skregnet.augmentation.gaussian_noise import GaussianNoise
from skregnet.augmentation.image_elastic import ImageElastic
from skregnet.augmentation.image_rotation import ImageRotation
from skregnet.augmentation.image_shift import ImageShift
from skregnet.augmentation.image_zoom import ImageZoom
from skregnet.augmentation.mixup import Mixup
from skregnet.augmentation.random_apply import RandomApply
from skregnet.augmentation.target_noise import TargetNoise

__all__ = [
    "AdversarialNoise",
    "AugmentedEstimator",
    "Augmenter",
    "AugmentingSampler",
    "Compose",
    "FeatureMasking",
    "GaussianNoise",
    "ImageElastic",
    "ImageRotation",
    "ImageShift",
    "ImageZoom",
    "Mixup",
    "RandomApply",
    "TargetNoise",
]
