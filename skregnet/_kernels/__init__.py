"""Fused arithmetic on arrays of the core; the only place with two versions of anything.

Every array has a leading axis of members. Every function writes into arrays that its
caller owns and allocates nothing that grows with them. What a function computes never
depends on how many members share the call: one member or many, the same operations
run on the same numbers, so a network trained in a stack has the weights it would have
had alone.

What has a version compiled by Numba takes it where Numba is installed; the environment
variable ``SKREGNET_KERNELS`` says otherwise.
"""

from skregnet._kernels.buffers import (
    Array,
    Rate,
    aligned_empty,
    aligned_zeros,
    by_member,
    cast_rate,
    each_member,
    member_rates,
)
from skregnet._kernels.doors import check_indices, check_positions
from skregnet._kernels.numpy.activations import relu
from skregnet._kernels.numpy.losses import LossWorkspace, poisson_loss
from skregnet._kernels.numpy.masks import Masks, Odds, draw_kept
from skregnet._kernels.numpy.noise import draw_normal
from skregnet._kernels.numpy.normalization import factors
from skregnet._kernels.numpy.products import gather_columns, matmul, member_dot
from skregnet._kernels.numpy.updates import soft_threshold
from skregnet._kernels.selection import uses_numba

KERNELS = "numba" if uses_numba() else "numpy"
"""Which version is used where there are two."""

if KERNELS == "numba":
    from skregnet._kernels.numba.activations import (
        add_and_rectify,
        add_rectify_and_drop,
        dropped_relu_backward,
        relu_backward,
    )
    from skregnet._kernels.numba.losses import (
        logistic_loss,
        softmax_loss,
        squared_loss,
    )
    from skregnet._kernels.numba.normalization import (
        follow,
        normalize,
        normalize_backward,
    )
    from skregnet._kernels.numba.products import gather
    from skregnet._kernels.numba.updates import (
        adagrad_update,
        adam_update,
        add_scaled,
        add_scaled_squares,
        amsgrad_update,
        average_update,
        delta_bar_delta_update,
        momentum_update,
        nadam_update,
        rmsprop_update,
    )
else:
    from skregnet._kernels.numpy.activations import (
        add_and_rectify,
        add_rectify_and_drop,
        dropped_relu_backward,
        relu_backward,
    )
    from skregnet._kernels.numpy.losses import (
        logistic_loss,
        softmax_loss,
        squared_loss,
    )
    from skregnet._kernels.numpy.normalization import (
        follow,
        normalize,
        normalize_backward,
    )
    from skregnet._kernels.numpy.products import gather
    from skregnet._kernels.numpy.updates import (
        adagrad_update,
        adam_update,
        add_scaled,
        add_scaled_squares,
        amsgrad_update,
        average_update,
        delta_bar_delta_update,
        momentum_update,
        nadam_update,
        rmsprop_update,
    )

__all__ = [
    "KERNELS",
    "Array",
    "LossWorkspace",
    "Masks",
    "Odds",
    "Rate",
    "adagrad_update",
    "adam_update",
    "add_and_rectify",
    "add_rectify_and_drop",
    "add_scaled",
    "add_scaled_squares",
    "aligned_empty",
    "aligned_zeros",
    "amsgrad_update",
    "average_update",
    "by_member",
    "cast_rate",
    "check_indices",
    "check_positions",
    "delta_bar_delta_update",
    "draw_kept",
    "draw_normal",
    "dropped_relu_backward",
    "each_member",
    "factors",
    "follow",
    "gather",
    "gather_columns",
    "logistic_loss",
    "matmul",
    "member_dot",
    "member_rates",
    "momentum_update",
    "nadam_update",
    "normalize",
    "normalize_backward",
    "poisson_loss",
    "relu",
    "relu_backward",
    "rmsprop_update",
    "soft_threshold",
    "softmax_loss",
    "squared_loss",
]
