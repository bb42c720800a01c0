"""Images moved by whole pixels."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet.augmentation._image import ImageAugmenter
from skregnet.augmentation._warping import ImageShape, blocks

_FURTHEST = 2**31


class ImageShift(ImageAugmenter):
    """Moves each image by whole pixels, vertically and horizontally.

    The two shifts of each image are drawn on their own, each number of pixels from
    `-max_shift` to `max_shift` as likely as the others. Along an axis of a single pixel
    nothing moves, so that a signal, an image of one row, moves along that row alone.

    Parameters
    ----------
    max_shift : int, default=1
        Largest shift, in pixels.
    image_shape : tuple of int or None, default=None
        (height, width) or (height, width, channels) of the images, of which each row of
        the features is one in C order. None means squares where the number of features
        is a square, and one row of pixels otherwise.
    fill : float, default=0.0
        Value of what comes in from outside: the background of the images as `X` has it.
    random_state : int, RandomState instance or None, default=None
        Source of noise of `fit_transform`.

    Attributes
    ----------
    image_shape_ : tuple of int
        Height, width and number of channels.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    Raises
    ------
    ValueError
        If `image_shape` has not as many values as there are features.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). Gradient-based learning
    applied to document recognition. Proceedings of the IEEE 86(11).

    The lecture's heading "Approaches to Manufacturing New Data Cases".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.augmentation import ImageShift
    >>> X = np.arange(1.0, 10.0).reshape(1, 9)
    >>> ImageShift(random_state=0).fit_transform(X).reshape(3, 3)
    array([[0., 0., 0.],
           [2., 3., 0.],
           [5., 6., 0.]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ImageAugmenter._parameter_constraints,
        "max_shift": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        max_shift: int = 1,
        *,
        image_shape: Any = None,
        fill: float = 0.0,
        random_state: Any = None,
    ) -> None:
        self.max_shift = max_shift
        self.image_shape = image_shape
        self.fill = fill
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return images moved, and their targets."""
        # Further than any image is long, and a number that NumPy can draw up to.
        furthest = min(int(self.max_shift), _FURTHEST)
        shifts = rng.integers(-furthest, furthest, (len(X), 2), endpoint=True)
        return move(X, self.image_shape_, self.fill, shifts), y


def move(X: Array, image_shape: ImageShape, fill: float, shifts: Array) -> Array:
    """Return images moved downwards and to the right by `shifts`, (n_images, 2)."""
    height, width, n_channels = image_shape
    # An image is gone once it has moved by its own length.
    limits = [length if length > 1 else 0 for length in (height, width)]
    shifts = np.clip(shifts, np.negative(limits), limits)
    margins = np.abs(shifts).max(axis=0, initial=0)
    # Columns of numbers: a pixel has as many as there are channels.
    corners = (margins - shifts) * [1, n_channels]
    margins *= [1, n_channels]
    changed = np.empty(X.shape, X.dtype)
    for rows in blocks(len(X), image_shape):
        images = X[rows].reshape(-1, height, width * n_channels)
        moved = changed[rows].reshape(images.shape)
        moved[...] = _cut(images, fill, margins, corners[rows])
    return changed


def _cut(images: Array, fill: float, margins: Array, corners: Array) -> Array:
    """Return the part of each image, with margins around it, from a corner on."""
    n_images, height, width = images.shape
    down, right = margins
    shape = (n_images, height + 2 * down, width + 2 * right)
    canvas = np.full(shape, fill, images.dtype)
    canvas[:, down : down + height, right : right + width] = images
    parts = sliding_window_view(canvas, (height, width), axis=(1, 2))
    return parts[np.arange(n_images), *corners.T]
