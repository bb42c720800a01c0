"""Curves of networks over epochs, as lines with dots, and what they mean."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from skregnet._kernels import Array
from skregnet._sklearn.private import _validate_style_kwargs
from skregnet.inspection._curves import Curve, mean_of

Networks = Sequence[Mapping[str, Curve]]

_MEMBERS = {"linewidth": 0.6, "alpha": 0.4}
_DOT: dict[str, Any] = {"marker": "o", "linestyle": "none", "markeredgecolor": "white"}
_SIZE, _SIZE_OF_MEMBERS = 7, 4
_NEUTRAL = "0.4"


class Lines(NamedTuple):
    """A curve, those of an ensemble's members, and the dots at best epochs, if any."""

    line: Any
    members: list[Any]
    marker: Any


def draw_curves(
    ax: Any,
    quantity: str,
    networks: Networks,
    best_epochs: Sequence[int | None],
    style: dict[str, Any],
) -> Lines | None:
    """Draw a quantity of one network or of an ensemble's, if it is there."""
    curves = [curves[quantity] for curves in networks if quantity in curves]
    if not curves:
        return None
    members = []
    if len(networks) > 1:
        faint = {**style, **_MEMBERS, "label": None}
        members = [ax.plot(*curve, **faint)[0] for curve in curves]
    mean = mean_of(curves)
    # A single value is no line.
    defaults = {"marker": "." if len(mean.epochs) == 1 else ""}
    (line,) = ax.plot(*mean, **_validate_style_kwargs(defaults, style))
    points = _best_points(quantity, networks, best_epochs)
    if not len(points):
        return Lines(line, members, None)
    size = _SIZE_OF_MEMBERS if members else _SIZE
    dot = {**_DOT, "color": line.get_color(), "markersize": size, "zorder": 4}
    (marker,) = ax.plot(*points.T, **dot)
    return Lines(line, members, marker)


def handles_of(
    curves: Mapping[str, Networks],
    best_epochs: Mapping[str, Sequence[int | None]],
    colors: Mapping[str, Any],
    has_both_losses: bool,
) -> list[Any]:
    """Return what a legend shows: names, styles of lines, and the best epoch."""
    from matplotlib.lines import Line2D

    is_single = len(curves) == 1
    color = next(iter(colors.values())) if is_single else _NEUTRAL
    handles = [
        Line2D([], [], color=colors[name], label=_with_number(name, networks))
        for name, networks in curves.items()
        if name in colors and not (is_single and len(networks) == 1)
    ]
    if has_both_losses:
        handles += [
            Line2D([], [], color=color, linestyle="dashed", label="training"),
            Line2D([], [], color=color, label="validation"),
        ]
    known = [best for bests in best_epochs.values() for best in bests if best]
    if known:
        label = f"best epoch ({known[0]})" if len(known) == 1 else "best epochs"
        handles.append(
            Line2D([], [], color=color, markersize=_SIZE, label=label, **_DOT)
        )
    return handles


def _best_points(
    quantity: str, networks: Networks, best_epochs: Sequence[int | None]
) -> Array:
    """Return epochs and values at the networks' best epochs, a row a network."""
    points = []
    for curves, best in zip(networks, best_epochs, strict=True):
        if best is not None and quantity in curves:
            epochs, values = curves[quantity]
            points += [(best, value) for value in values[epochs == best]]
    return np.array(points)


def _with_number(name: str, networks: Networks) -> str:
    """Return the name, of an ensemble with what its thick line is."""
    return name if len(networks) == 1 else f"{name}, mean of {len(networks)}"
