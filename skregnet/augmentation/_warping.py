"""Images read between their pixels, many at once.

A warp gives each pixel of an image a source: a place, in rows and columns of pixels
from the centre of the first one. The pixel takes the value that bilinear interpolation
finds there. Around the image lies a constant, and between it and the outermost pixels
values are interpolated too, so that they depend on the source continuously: SciPy's
mode "grid-constant".

All pixels of a block of images are read by four calls of `take`. Blocks are as large as
the second-level cache allows, with all that is computed on the way.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from skregnet._kernels import Array
from skregnet.augmentation._ranges import scaled_down, scaled_up

ImageShape = tuple[int, int, int]
"""Height, width, channels."""

Sources = Callable[[slice], Array]
"""Returns the sources of some of the images, (2, n_images, height, width), anew."""

_BLOCK_PIXELS = 16_384


def blocks(n_images: int, image_shape: ImageShape) -> Iterator[slice]:
    """Yield slices of as many images as are worked on at once."""
    size = max(1, _BLOCK_PIXELS // (image_shape[0] * image_shape[1]))
    for start in range(0, n_images, size):
        yield slice(start, min(start + size, n_images))


def warp(X: Array, image_shape: ImageShape, fill: float, sources: Sources) -> Array:
    """Return images read at their sources.

    Parameters
    ----------
    X : ndarray of shape (n_images, height * width * channels)
        Images.
    image_shape : tuple of int
        Height, width and channels.
    fill : float
        What is around an image.
    sources : callable
        Where the images of a slice are read, in the precision of `X`.

    Returns
    -------
    changed : ndarray of shape (n_images, height * width * channels)
        A new array.
    """
    changed = np.empty(X.shape, X.dtype)
    X, factor = scaled_down(X, fill)
    fill *= factor
    for rows in blocks(len(X), image_shape):
        places = _Places.of(sources(rows))
        images = X[rows].reshape(-1, *image_shape)
        read = changed[rows].reshape(-1, *image_shape)
        for channel in range(image_shape[2]):
            read[..., channel] = places.read(images[..., channel], fill)
    scaled: Array = scaled_up(changed, factor)
    return scaled


def affine_sources(
    matrices: Array, image_shape: ImageShape, dtype: np.dtype
) -> Sources:
    """Return the sources of linear maps about the images' centres.

    Parameters
    ----------
    matrices : ndarray of shape (2, 2, n_images)
        What takes (row, column) of a pixel, from the centre, to its source.
    image_shape : tuple of int
        Height, width and channels.
    dtype : dtype
        Precision of the sources.

    Returns
    -------
    sources : callable
        Sources of the images of a slice.
    """
    row, column = (np.arange(n) - (n - 1) / 2 for n in image_shape[:2])
    centre = -np.array([row[0], column[0]]).reshape(2, 1, 1)
    by_row = (matrices[:, 0, :, np.newaxis] * row).astype(dtype)
    by_column = (matrices[:, 1, :, np.newaxis] * column + centre).astype(dtype)

    def sources(images: slice) -> Array:
        return by_row[:, images, :, np.newaxis] + by_column[:, images, np.newaxis]

    return sources


class _Places(NamedTuple):
    """Where the images of a block are read, on a canvas.

    On the canvas images lie one below the other, flat, with one row of `fill` above
    each and one column of it to their left. So what is right of an image is the start
    of its next row, and what is below is the row above the next image. Beyond the last
    image there is enough of it for any neighbour.
    """

    corner: Array
    """Position of the pixel to the upper left."""
    down: Array
    """Share of the pixels below."""
    right: Array
    """Share of the pixels to the right."""

    @classmethod
    def of(cls, sources: Array) -> "_Places":
        """Find sources, which become the shares."""
        n_images, height, width = sources.shape[1:]
        for axis, length in enumerate((height, width)):
            np.clip(sources[axis], -1, length, out=sources[axis])
        whole = np.floor(sources)
        sources -= whole
        row, column = whole.astype(np.int32)
        first = np.arange(n_images, dtype=np.int32) * (height + 1) + 1
        row += first[:, np.newaxis, np.newaxis]
        row *= width + 1
        column += 1
        return cls(np.add(row, column, dtype=np.intp), *sources)

    def read(self, images: Array, fill: float) -> Array:
        """Return what images (n_images, height, width) have at these places."""
        n_images, height, width = images.shape
        n_rows, stride = n_images * (height + 1), width + 1
        canvas = np.full((n_rows + 3, stride), fill, images.dtype)
        on_canvas = canvas[:n_rows].reshape(n_images, height + 1, stride)
        on_canvas[:, 1:, 1:] = images
        above = self._between_columns(canvas.reshape(-1))
        below = self._between_columns(canvas[1:].reshape(-1))
        return _between(above, below, self.down)

    def _between_columns(self, canvas: Array) -> Array:
        """Interpolate between the columns to the left and to the right."""
        # All positions are on the canvas; of the modes, this one is the fastest.
        left = canvas.take(self.corner, mode="wrap")
        return _between(left, canvas[1:].take(self.corner, mode="wrap"), self.right)


def _between(first: Array, second: Array, share: Array) -> Array:
    """Interpolate between two arrays, both overwritten."""
    second -= first
    second *= share
    first += second
    return first
