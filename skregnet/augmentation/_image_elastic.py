"""Images bent like rubber."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet.augmentation._image import ImageAugmenter
from skregnet.augmentation._warping import warp


class ImageElastic(ImageAugmenter):
    """Bends each image: its pixels move by random fields that are smooth.

    Each pixel of each image draws a displacement, vertical and horizontal, uniformly.
    These two fields are smoothed by a Gaussian and scaled. Values between pixels are
    interpolated bilinearly. Along an axis of a single pixel nothing moves, so that a
    signal, an image of one row, is stretched and compressed along that row alone.

    Parameters
    ----------
    magnitude : float, default=1.0
        Root mean square, over draws, of each pixel's displacement, in pixels.
    smoothness : float, default=4.0
        Standard deviation, in pixels, of the Gaussian. Images fold where it is less
        than about twice `magnitude`; all pixels move together where it is much larger
        than the image.
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
    >>> from skregnet.augmentation import ImageElastic
    >>> X = np.arange(5.0).reshape(1, 5)
    >>> elastic = ImageElastic(0.5, smoothness=1.0, fill=-1.0, random_state=0)
    >>> elastic.fit_transform(X).round(2)
    array([[1.01, 1.96, 2.34, 2.4 , 2.98]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ImageAugmenter._parameter_constraints,
        "magnitude": [Interval(Real, 0, None, closed="left")],
        "smoothness": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        magnitude: float = 1.0,
        smoothness: float = 4.0,
        *,
        image_shape: Any = None,
        fill: float = 0.0,
        random_state: Any = None,
    ) -> None:
        self.magnitude = magnitude
        self.smoothness = smoothness
        self.image_shape = image_shape
        self.fill = fill
        self.random_state = random_state

    def augment(
        self, X: Any, y: Array | None, rng: np.random.Generator
    ) -> tuple[Any, Array | None]:
        """Return images bent, and their targets."""
        height, width, _ = self.image_shape_
        along_rows = _smoother(width, self.smoothness, X.dtype).T
        scale = self._scale().astype(X.dtype)
        along_columns = scale * _smoother(height, self.smoothness, X.dtype)
        pixels = np.indices((height, width), X.dtype)

        def sources(images: slice) -> Array:
            n_images = images.stop - images.start
            fields = rng.random((n_images, 2, height, width), X.dtype)
            fields -= 0.5
            smooth = (fields.reshape(-1, width) @ along_rows).reshape(fields.shape)
            np.matmul(along_columns, smooth, out=fields)
            fields += pixels
            return fields.swapaxes(0, 1)

        return warp(X, self.image_shape_, self.fill, sources), y

    def _scale(self) -> Array:
        """Return the factors of smoothed fields, of shape (2, 1, 1)."""
        moves = np.greater(self.image_shape_[:2], 1)
        share = self.magnitude / np.sqrt(max(1, moves.sum()))
        # The variance of what is uniform on an interval of length 1 is 1/12.
        return (np.sqrt(12.0) * share * moves)[:, np.newaxis, np.newaxis]


def _smoother(length: int, smoothness: float, dtype: np.dtype) -> Array:
    """Return the matrix of a Gaussian filter that keeps the variance of white noise.

    Fields of many small images are smoothed by products with it in a fraction of the
    time that filters take.
    """
    distances = np.subtract.outer(np.arange(length), np.arange(length))
    weights = np.exp(-0.5 * (distances / smoothness) ** 2)
    return (weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(dtype)
