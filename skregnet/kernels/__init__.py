"""Fused arithmetic on arrays of the core; the only place with two versions of anything.

Every array has a leading axis of members. Every function writes into arrays that its
caller owns and allocates nothing that grows with them. What a function computes never
depends on how many members share the call: one member or many, the same operations
run on the same numbers, so a network trained in a stack has the weights it would have
had alone.

What has a version compiled by Numba takes it where Numba is installed; the environment
variable ``SKREGNET_KERNELS`` says otherwise.
"""

from skregnet.kernels.buffers import (
    Array,
    Rate,
    aligned_empty,
    aligned_zeros,
    by_member,
    cast_rate,
    each_member,
    member_rates,
)
from skregnet.kernels.doors import check_indices, check_positions
from skregnet.kernels.numpy_activations import relu
from skregnet.kernels.numpy_losses import LossWorkspace, poisson_loss
from skregnet.kernels.numpy_masks import Masks, Odds, draw_kept
from skregnet.kernels.numpy_noise import draw_normal
from skregnet.kernels.numpy_normalization import factors
from skregnet.kernels.numpy_products import gather_columns, matmul, member_dot
from skregnet.kernels.numpy_updates import soft_threshold
from skregnet.kernels.selection import uses_numba

KERNELS = "numba" if uses_numba() else "numpy"
"""Which version is used where there are two."""

if KERNELS == "numba":
    from skregnet.kernels.numba_activations import (
        add_and_rectify,
        add_rectify_and_drop,
        dropped_relu_backward,
        relu_backward,
    )
    from skregnet.kernels.numba_losses import (
        logistic_loss,
        softmax_loss,
        squared_loss,
    )
    from skregnet.kernels.numba_normalization import (
        follow,
        normalize,
        normalize_backward,
    )
    from skregnet.kernels.numba_products import gather
    from skregnet.kernels.numba_updates import (
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
    from skregnet.kernels.numpy_activations import (
        add_and_rectify,
        add_rectify_and_drop,
        dropped_relu_backward,
        relu_backward,
    )
    from skregnet.kernels.numpy_losses import (
        logistic_loss,
        softmax_loss,
        squared_loss,
    )
    from skregnet.kernels.numpy_normalization import (
        follow,
        normalize,
        normalize_backward,
    )
    from skregnet.kernels.numpy_products import gather
    from skregnet.kernels.numpy_updates import (
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
