"""Images made larger or smaller."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet.augmentation._image import ImageAugmenter
from skregnet.augmentation._warping import affine_sources, warp


class ImageZoom(ImageAugmenter):
    """Makes each image larger or smaller about its centre.

    The factor of each image is drawn on its own, from `1 / (1 + max_zoom)` to
    `1 + max_zoom`, its logarithm uniformly: twice as large is as likely as half as
    large. Images keep their proportions and the number of their pixels. Values between
    pixels are interpolated bilinearly.

    Parameters
    ----------
    max_zoom : float, default=0.1
        By what share an image becomes larger at most.
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
    >>> from skregnet.augmentation import ImageZoom
    >>> X = np.array([[0.0, 0, 4, 0, 0], [0.0, 0, 4, 0, 0]])
    >>> ImageZoom(max_zoom=1.0, random_state=0).fit_transform(X).round(2)
    array([[0.  , 0.  , 4.  , 0.  , 0.  ],
           [0.  , 1.02, 4.  , 1.02, 0.  ]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ImageAugmenter._parameter_constraints,
        "max_zoom": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        max_zoom: float = 0.1,
        *,
        image_shape: Any = None,
        fill: float = 0.0,
        random_state: Any = None,
    ) -> None:
        self.max_zoom = max_zoom
        self.image_shape = image_shape
        self.fill = fill
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return images made larger or smaller, and their targets."""
        max_log = np.log1p(abs(float(self.max_zoom)))  # of -0.0 too
        factors = np.exp(rng.uniform(-max_log, max_log, len(X)))
        matrices = np.eye(2)[:, :, np.newaxis] / factors
        sources = affine_sources(matrices, self.image_shape_, X.dtype)
        return warp(X, self.image_shape_, self.fill, sources), y
