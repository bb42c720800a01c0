"""What the augmenters of images share: their shape, and what is around them.

A row of the features is an image in C order: row by row of pixels, a pixel's channels
side by side.
"""

import math
from abc import ABC
from numbers import Integral, Real
from typing import Any, ClassVar

from skregnet._sklearn.constraints import Interval
from skregnet.augmentation._base import Augmenter


class ImageAugmenter(Augmenter, ABC):
    """Base of the augmenters of images; abstract."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Augmenter._parameter_constraints,
        "image_shape": [tuple, list, None],
        "fill": [Interval(Real, None, None, closed="neither")],
    }

    image_shape: Any
    fill: float

    def _learn(self, X: Any, y: Any) -> None:
        """Learn the shape of the images."""
        self.image_shape_ = full_shape(self.image_shape, X.shape[1])


def full_shape(image_shape: Any, n_features: int) -> tuple[int, int, int]:
    """Return height, width and channels of images; None is a square or one row."""
    if image_shape is None:
        side = math.isqrt(n_features)
        return (side, side, 1) if side**2 == n_features else (1, n_features, 1)
    if len(image_shape) not in (2, 3) or not all(map(_is_size, image_shape)):
        raise ValueError(
            "image_shape expects (height, width) or (height, width, channels), "
            f"positive integers, got image_shape={image_shape!r}."
        )
    if math.prod(image_shape) != n_features:
        raise ValueError(
            f"image_shape={image_shape!r} expects {math.prod(image_shape)} features, "
            f"got X with {n_features}. Give the shape of the images that the rows of X "
            "are."
        )
    height, width, *channels = map(int, image_shape)
    return height, width, channels[0] if channels else 1


def _is_size(value: Any) -> bool:
    """Return whether there can be so many pixels or channels."""
    return isinstance(value, Integral) and int(value) > 0
