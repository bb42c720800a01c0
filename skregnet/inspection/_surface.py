"""Surfaces over a plane, and paths on them: bounds, grids, levels, drawing."""

from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.private import _validate_style_kwargs

Bounds = tuple[tuple[float, float], tuple[float, float]]

# Shares: of the extent of what is shown, the margin around it; and of the longer of its
# sides, the least that the other one has.
_MARGIN = 0.1
_LEAST_SIDE = 0.2

_N_LEVELS = 14

# From low to high; so pale that all colours of lines stand out.
_SHADES = ["#98a2ae", "#f7f8f9"]

# Share of the grid below the first level: the floors of valleys.
_FLOOR = 0.01


def bounds_around(points: Array) -> Bounds:
    """Return the limits of points of shape (n_points, 2), with a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    # What hardly moves has some room too: a share of the other's, or 1.
    moved = high - low
    extent = np.maximum(moved, moved.max() * _LEAST_SIDE)
    margin = np.where(extent > 0, extent * _MARGIN + (extent - moved) / 2, 1.0)
    (x_low, y_low), (x_high, y_high) = low - margin, high + margin
    return (x_low, x_high), (y_low, y_high)


def grid(bounds: Bounds, resolution: int) -> tuple[Array, Array]:
    """Return the parameters along both sides of the grid."""
    limits = np.asarray(bounds, dtype=np.float64)
    is_valid = limits.shape == (2, 2) and np.isfinite(limits).all()
    if not is_valid or not (limits[:, 0] < limits[:, 1]).all():
        raise ValueError(
            "bounds expects ((x_low, x_high), (y_low, y_high)), low below high, got "
            f"bounds={bounds!r}."
        )
    if resolution < 2:
        raise ValueError(
            f"resolution expects at least 2 points, got resolution={resolution!r}."
        )
    x, y = (np.linspace(low, high, resolution) for low, high in limits)
    return x, y


def draw_surface(
    ax: Any, x: Array, y: Array, surface: Array, options: dict[str, Any]
) -> Any:
    """Draw filled contours, in shades that leave the colours to what is drawn upon."""
    from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap

    values = np.ma.masked_invalid(surface)
    levels = levels_of(values.compressed())
    defaults: dict[str, Any] = {"levels": levels, "zorder": 0}
    if "colors" not in options:
        defaults["cmap"] = LinearSegmentedColormap.from_list("pale", _SHADES)
        if "levels" not in options:
            defaults["norm"] = BoundaryNorm(levels, ncolors=256)
    contours = ax.contourf(x, y, values, **(defaults | options))
    contours.set(edgecolor="white", linewidth=0.6)
    return contours


def draw_path(
    ax: Any, points: Array, defaults: dict[str, Any], options: dict[str, Any]
) -> Any:
    """Draw a line, a circle at its start and a dot at its end; return the line."""
    (line,) = ax.plot(*points.T, **_validate_style_kwargs(defaults, options))
    marker = {"marker": "o", "linestyle": "none", "color": line.get_color()}
    above = line.get_zorder() + 0.1
    ax.plot(*points[0], fillstyle="none", zorder=above, **marker)
    ax.plot(*points[-1], markeredgecolor="white", zorder=above + 0.1, **marker)
    return line


def levels_of(values: Array) -> Array:
    """Return levels that are even near the smallest value and geometric above."""
    if not values.size:
        raise ValueError(
            "the surface expects finite values, got none on the grid; pass bounds "
            "within which the function is finite."
        )
    smallest, largest = values.min(), values.max()
    if smallest == largest:
        return np.array([smallest - 0.5, smallest + 0.5])
    floor = max(np.quantile(values, _FLOOR) - smallest, 1e-6 * (largest - smallest))
    steps = np.linspace(0, np.log1p((largest - smallest) / floor), _N_LEVELS)
    levels: Array = smallest + floor * np.expm1(steps)
    # Rounding must not leave the largest value outside.
    levels[-1] = max(levels[-1], largest)
    return levels
