"""Augmenters: they make new cases of given ones, by changes at random."""

from skregnet.augmentation._adversarial_noise import AdversarialNoise
from skregnet.augmentation._augmented_estimator import AugmentedEstimator
from skregnet.augmentation._augmenting_sampler import AugmentingSampler
from skregnet.augmentation._base import Augmenter
from skregnet.augmentation._compose import Compose
from skregnet.augmentation._feature_masking import FeatureMasking
from skregnet.augmentation._gaussian_noise import GaussianNoise
from skregnet.augmentation._image_elastic import ImageElastic
from skregnet.augmentation._image_rotation import ImageRotation
from skregnet.augmentation._image_shift import ImageShift
from skregnet.augmentation._image_zoom import ImageZoom
from skregnet.augmentation._mixup import Mixup
from skregnet.augmentation._random_apply import RandomApply
from skregnet.augmentation._target_noise import TargetNoise

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
