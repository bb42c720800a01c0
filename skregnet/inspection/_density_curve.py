"""The density of a matrix's eigenvalues as a curve, on a linear or on a symlog scale.

Each eigenvalue is smoothed by a normal curve, whose width is a share of what is drawn:
on a linear scale normal in the eigenvalue, on a symlog scale in its inverse hyperbolic
sine, which is how such a scale shows it, nearly. Either way the curve is a density of
eigenvalues, of integral 1.
"""

from typing import NamedTuple

import numpy as np

from skregnet._kernels import Array
from skregnet.curvature import SpectralDensity

SCALES = ("linear", "symlog")

_LEAST_WIDTH = 1e-3
_POINTS_A_WIDTH = 8

# Range of eigenvalues that are nearly the same, as a share of their magnitude.
_LEAST_EXTENT = 1e-3

# How far beyond the outermost eigenvalues the curve goes, in widths.
_MARGIN = 4


class DensityCurve(NamedTuple):
    """A curve, with the lowest peak on it that a single eigenvalue makes."""

    values: Array
    density: Array
    lowest_peak: float


def check_drawing(scale: str, width: float) -> None:
    """Refuse what cannot be drawn."""
    if scale not in SCALES:
        raise ValueError(
            f"scale expects 'linear' or 'symlog', got scale={scale!r}; choose one."
        )
    if not _LEAST_WIDTH <= width <= 1:
        raise ValueError(
            "width expects a share of the range of eigenvalues, in "
            f"[{_LEAST_WIDTH}, 1], got width={width!r}."
        )


def density_curve(
    spectrum: SpectralDensity,
    ends: tuple[float, float],
    n_parameters: int,
    linear_part: float | None,
    width: float,
) -> DensityCurve:
    """Return the curve.

    Parameters
    ----------
    spectrum : SpectralDensity
        The eigenvalues, or what stands for them.
    ends : tuple of float
        The smallest and the largest eigenvalue.
    n_parameters : int
        How many eigenvalues there are.
    linear_part : float or None
        Magnitude up to which a symlog scale is linear; None for a linear scale.
    width : float
        Standard deviation of the normal curves, as a share of the range of eigenvalues.
    """
    if linear_part is None:
        return _normal_curve(spectrum, ends, n_parameters, width)
    nodes = np.arcsinh(spectrum.nodes / linear_part)
    low, high = (float(np.arcsinh(end / linear_part)) for end in ends)
    curve = _normal_curve(
        SpectralDensity(nodes, spectrum.weights), (low, high), n_parameters, width
    )
    # By how much an eigenvalue changes with its inverse hyperbolic sine.
    slopes = linear_part * np.cosh(curve.values)
    largest = linear_part * np.cosh(max(abs(low), abs(high)))
    return DensityCurve(
        linear_part * np.sinh(curve.values),
        curve.density / slopes,
        float(curve.lowest_peak / largest),
    )


def _normal_curve(
    spectrum: SpectralDensity,
    ends: tuple[float, float],
    n_parameters: int,
    width: float,
) -> DensityCurve:
    """Return the sum of normal curves around the nodes."""
    low, high = ends
    # Eigenvalues that are all the same differ by rounding.
    extent = max(high - low, _LEAST_EXTENT * max(abs(low), abs(high))) or 1.0
    deviation = width * extent
    margin = _MARGIN * deviation
    n_points = int(_POINTS_A_WIDTH * (1 / width + 2 * _MARGIN))
    values = np.linspace(low - margin, high + margin, n_points)
    peak = 1 / (n_parameters * deviation * np.sqrt(2 * np.pi))
    return DensityCurve(values, spectrum.at(values, deviation), float(peak))
