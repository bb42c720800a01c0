"""Axes to draw on: those that are given, or new ones."""

from typing import Any

import numpy as np

# Inches of a new figure: its width, the height of its frame, that of each of its axes.
_WIDTH, _FRAME, _HEIGHT = 6.4, 0.8, 2.0

BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
"""Where a legend hides nothing; for new axes only, since others may have neighbours."""


def axes_to_draw_on(ax: Any) -> Any:
    """Return the axes, those of a new figure if there are none."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(layout="constrained")
    return ax


def column_of_axes(ax: Any, n_axes: int) -> Any:
    """Return an array of axes, one below the other where they are not given.

    Parameters
    ----------
    ax : matplotlib Axes, array-like of Axes or None
        As many axes as are asked for; or one, whose place is divided among them; or
        None for a new figure.
    n_axes : int
        How many there shall be.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        size = None if n_axes == 1 else (_WIDTH, _FRAME + _HEIGHT * n_axes)
        figure = plt.figure(figsize=size, layout="constrained")
        return figure.subplots(n_axes, sharex=True, squeeze=False).ravel()
    axes = np.ravel(np.asarray(ax, dtype=object))
    if len(axes) == 1 and n_axes > 1:
        return _divided(axes[0], n_axes)
    if len(axes) != n_axes:
        raise ValueError(
            f"ax expects {n_axes} axes, one for each quantity on a scale of its own, "
            f"or a single one to divide, got {len(axes)}."
        )
    return axes


def show_whole_numbers(axis: Any) -> None:
    """Let an axis show whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _divided(ax: Any, n_axes: int) -> Any:
    """Return new axes in the place of one, which is hidden."""
    place = ax.get_subplotspec()
    if place is None or not ax.axison:
        raise ValueError(
            "ax expects axes of a grid of subplots that are not divided or hidden, "
            f"to divide them into {n_axes}, got {ax}; pass {n_axes} axes instead."
        )
    ax.set_axis_off()
    return place.subgridspec(n_axes, 1).subplots(sharex=True)
