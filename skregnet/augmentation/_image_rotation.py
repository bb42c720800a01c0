"""Images turned."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet.augmentation._image import ImageAugmenter
from skregnet.augmentation._warping import affine_sources, warp


class ImageRotation(ImageAugmenter):
    """Turns each image about its centre.

    The angle of each image is drawn on its own, uniformly from `-max_degrees` to
    `max_degrees`. Values between pixels are interpolated bilinearly.

    Parameters
    ----------
    max_degrees : float, default=10.0
        Largest angle, in degrees, at most 180.
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
    P. Simard, D. Steinkraus and J. Platt (2003). Best practices for convolutional
    neural networks applied to visual document analysis. ICDAR.

    The lecture's heading "Approaches to Manufacturing New Data Cases".

    Examples
    --------
    >>> import numpy as np
    >>> from skregnet.augmentation import ImageRotation
    >>> X = np.array([[0.0, 1, 0, 0, 1, 0, 0, 1, 0]])
    >>> turned = ImageRotation(max_degrees=45, random_state=0).fit_transform(X)
    >>> turned.reshape(3, 3).round(2)
    array([[0.  , 0.62, 0.32],
           [0.08, 1.  , 0.08],
           [0.32, 0.62, 0.  ]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ImageAugmenter._parameter_constraints,
        "max_degrees": [Interval(Real, 0, 180, closed="both")],
    }

    def __init__(
        self,
        max_degrees: float = 10.0,
        *,
        image_shape: Any = None,
        fill: float = 0.0,
        random_state: Any = None,
    ) -> None:
        self.max_degrees = max_degrees
        self.image_shape = image_shape
        self.fill = fill
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return images turned, and their targets."""
        furthest = abs(float(self.max_degrees))  # of -0.0 too
        degrees = rng.uniform(-furthest, furthest, len(X))
        cosines, sines = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        # Rows count downwards, so this turns images counterclockwise.
        matrices = np.array([[cosines, sines], [-sines, cosines]])
        sources = affine_sources(matrices, self.image_shape_, X.dtype)
        return warp(X, self.image_shape_, self.fill, sources), y
