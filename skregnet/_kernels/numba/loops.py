"""Loops that Numba compiles: one pass over the vectors, whatever the rule.

The compiler proves only of few arrays that they do not overlap, and leaves a loop over
many unvectorised: where there are many, several loops go over a chunk that stays in the
first-level cache.

Vectors have shape (n_members, length), contiguous. `table` holds the rates, float64, of
shape (1 or n_members, n_rates). All arithmetic is in the precision of the vectors.
Nothing here is meant to run uncompiled.

Compiled loops do not check bounds: each begins with a check of the shapes of all its
arrays, which costs nothing that can be measured, and raises a ValueError.
"""

from typing import Any

import numpy as np

CHUNK = 512

SHAPES = "a compiled loop expects arrays whose shapes and dtypes belong together"
RATES = "a compiled loop expects one rate, or one for each member"


def adam(theta: Any, g: Any, first: Any, second: Any, table: Any) -> None:
    """Growing sums of Adam: weights of the gradient and its square, step, offset."""
    if not (theta.shape == g.shape == first.shape == second.shape):
        raise ValueError(SHAPES)
    if not (theta.dtype == first.dtype == second.dtype):
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != theta.shape[0]:
        raise ValueError(RATES)
    number = theta.dtype.type
    for k in range(theta.shape[0]):
        row = k if table.shape[0] > 1 else 0
        to_first, to_second = number(table[row, 0]), number(table[row, 1])
        step, offset = number(table[row, 2]), number(table[row, 3])
        for start in range(0, theta.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            t = theta[k][part]
            d = g[k][part]
            m = first[k][part]
            v = second[k][part]
            for i in range(t.shape[0]):
                m[i] += to_first * d[i]
            for i in range(t.shape[0]):
                v[i] += to_second * (d[i] * d[i])
            for i in range(t.shape[0]):
                t[i] -= step * (m[i] / (np.sqrt(v[i]) + offset))


def amsgrad(
    theta: Any, g: Any, first: Any, second: Any, largest: Any, table: Any
) -> None:
    """Moments, the largest second one: decays, step, epsilon."""
    if not (theta.shape == g.shape == first.shape == second.shape == largest.shape):
        raise ValueError(SHAPES)
    if not (theta.dtype == first.dtype == second.dtype == largest.dtype):
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != theta.shape[0]:
        raise ValueError(RATES)
    number = theta.dtype.type
    for k in range(theta.shape[0]):
        row = k if table.shape[0] > 1 else 0
        beta_1, beta_2 = number(table[row, 0]), number(table[row, 1])
        take_1, take_2 = number(1 - table[row, 0]), number(1 - table[row, 1])
        step, epsilon = number(table[row, 2]), number(table[row, 3])
        for start in range(0, theta.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            t = theta[k][part]
            d = g[k][part]
            m = first[k][part]
            v = second[k][part]
            top = largest[k][part]
            for i in range(t.shape[0]):
                m[i] = beta_1 * m[i] + take_1 * d[i]
            for i in range(t.shape[0]):
                v[i] = beta_2 * v[i] + take_2 * (d[i] * d[i])
                top[i] = max(top[i], v[i])
            for i in range(t.shape[0]):
                t[i] -= step * (m[i] / (np.sqrt(top[i]) + epsilon))


def nadam(theta: Any, g: Any, first: Any, second: Any, table: Any) -> None:
    """Moments: decays, ratio of the first to the gradient, step, offset."""
    if not (theta.shape == g.shape == first.shape == second.shape):
        raise ValueError(SHAPES)
    if not (theta.dtype == first.dtype == second.dtype):
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != theta.shape[0]:
        raise ValueError(RATES)
    number = theta.dtype.type
    for k in range(theta.shape[0]):
        row = k if table.shape[0] > 1 else 0
        beta_1, beta_2 = number(table[row, 0]), number(table[row, 1])
        take_1, take_2 = number(1 - table[row, 0]), number(1 - table[row, 1])
        ratio, step = number(table[row, 2]), number(table[row, 3])
        offset = number(table[row, 4])
        for start in range(0, theta.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            t = theta[k][part]
            d = g[k][part]
            m = first[k][part]
            v = second[k][part]
            for i in range(t.shape[0]):
                m[i] = beta_1 * m[i] + take_1 * d[i]
            for i in range(t.shape[0]):
                v[i] = beta_2 * v[i] + take_2 * (d[i] * d[i])
            for i in range(t.shape[0]):
                along = ratio * m[i] + d[i]
                t[i] -= step * (along / (np.sqrt(v[i]) + offset))


def adagrad(theta: Any, g: Any, squares: Any, table: Any) -> None:
    """Sum of squares: learning rate, epsilon."""
    if not (theta.shape == g.shape == squares.shape):
        raise ValueError(SHAPES)
    if not (theta.dtype == squares.dtype):
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != theta.shape[0]:
        raise ValueError(RATES)
    number = theta.dtype.type
    for k in range(theta.shape[0]):
        row = k if table.shape[0] > 1 else 0
        rate, epsilon = number(table[row, 0]), number(table[row, 1])
        t, d, r = theta[k], g[k], squares[k]
        for i in range(t.shape[0]):
            r[i] += d[i] * d[i]
            t[i] -= rate * (d[i] / (np.sqrt(r[i]) + epsilon))


def rmsprop(
    theta: Any, g: Any, squares: Any, velocity: Any, table: Any, moving: bool
) -> None:
    """Root of the mean square: decay, momentum, learning rate, epsilon."""
    if not (theta.shape == g.shape == squares.shape == velocity.shape):
        raise ValueError(SHAPES)
    if not (theta.dtype == squares.dtype == velocity.dtype):
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != theta.shape[0]:
        raise ValueError(RATES)
    number = theta.dtype.type
    for k in range(theta.shape[0]):
        row = k if table.shape[0] > 1 else 0
        decay, take = number(table[row, 0]), number(1 - table[row, 0])
        momentum, rate = number(table[row, 1]), number(table[row, 2])
        epsilon = number(table[row, 3])
        t, d, v, u = theta[k], g[k], squares[k], velocity[k]
        if moving:
            for i in range(t.shape[0]):
                v[i] = decay * v[i] + take * (d[i] * d[i])
                u[i] = rate * (d[i] / np.sqrt(v[i] + epsilon)) + momentum * u[i]
                t[i] -= u[i]
        else:
            for i in range(t.shape[0]):
                v[i] = decay * v[i] + take * (d[i] * d[i])
                t[i] -= rate * (d[i] / np.sqrt(v[i] + epsilon))


def centered_rmsprop(
    theta: Any,
    g: Any,
    squares: Any,
    means: Any,
    velocity: Any,
    table: Any,
    moving: bool,
) -> None:
    """Root of the variance: decay, momentum, learning rate, epsilon."""
    if not (theta.shape == g.shape == squares.shape == means.shape == velocity.shape):
        raise ValueError(SHAPES)
    if not (theta.dtype == squares.dtype == means.dtype == velocity.dtype):
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != theta.shape[0]:
        raise ValueError(RATES)
    number = theta.dtype.type
    zero = number(0)
    scratch = np.empty(CHUNK, theta.dtype)
    for k in range(theta.shape[0]):
        row = k if table.shape[0] > 1 else 0
        decay, take = number(table[row, 0]), number(1 - table[row, 0])
        momentum, rate = number(table[row, 1]), number(table[row, 2])
        epsilon = number(table[row, 3])
        for start in range(0, theta.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            t, d, v = theta[k][part], g[k][part], squares[k][part]
            m, u = means[k][part], velocity[k][part]
            s = scratch[: t.shape[0]]
            for i in range(t.shape[0]):
                m[i] = decay * m[i] + take * d[i]
                s[i] = m[i] * m[i]
            for i in range(t.shape[0]):
                v[i] = decay * v[i] + take * (d[i] * d[i])
                # Rounding may leave a variance below zero.
                s[i] = np.sqrt(max(v[i] - s[i], zero) + epsilon)
            if moving:
                for i in range(t.shape[0]):
                    u[i] = rate * (d[i] / s[i]) + momentum * u[i]
                    t[i] -= u[i]
            else:
                for i in range(t.shape[0]):
                    t[i] -= rate * (d[i] / s[i])


def delta_bar_delta(theta: Any, g: Any, gains: Any, averages: Any, table: Any) -> None:
    """Gains: rise, fall, decay, lower and upper bound, learning rate."""
    if not (theta.shape == g.shape == gains.shape == averages.shape):
        raise ValueError(SHAPES)
    if not (theta.dtype == gains.dtype == averages.dtype):
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != theta.shape[0]:
        raise ValueError(RATES)
    number = theta.dtype.type
    zero = number(0)
    for k in range(theta.shape[0]):
        row = k if table.shape[0] > 1 else 0
        rise, kept = number(table[row, 0]), number(1 - table[row, 1])
        decay, take = number(table[row, 2]), number(1 - table[row, 2])
        lower, upper = number(table[row, 3]), number(table[row, 4])
        rate = number(table[row, 5])
        t, d, e, a = theta[k], g[k], gains[k], averages[k]
        for i in range(t.shape[0]):
            gain = e[i]
            # Signs, since the product of two small numbers may round to zero.
            if (a[i] > zero and d[i] > zero) or (a[i] < zero and d[i] < zero):
                gain += rise
            elif (a[i] > zero and d[i] < zero) or (a[i] < zero and d[i] > zero):
                gain *= kept
            gain = min(max(gain, lower), upper)
            e[i] = gain
            a[i] = decay * a[i] + take * d[i]
            t[i] -= rate * (d[i] * gain)


def momentum(theta: Any, g: Any, velocity: Any, table: Any, nesterov: bool) -> None:
    """Velocity: momentum, learning rate."""
    if not (theta.shape == g.shape == velocity.shape):
        raise ValueError(SHAPES)
    if not (theta.dtype == velocity.dtype):
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != theta.shape[0]:
        raise ValueError(RATES)
    number = theta.dtype.type
    for k in range(theta.shape[0]):
        row = k if table.shape[0] > 1 else 0
        keep, rate = number(table[row, 0]), number(table[row, 1])
        t, d, v = theta[k], g[k], velocity[k]
        if nesterov:
            for i in range(t.shape[0]):
                down = rate * d[i]
                v[i] = keep * v[i] - down
                t[i] += keep * v[i] - down
        else:
            for i in range(t.shape[0]):
                v[i] = keep * v[i] - rate * d[i]
                t[i] += v[i]


def add_scaled(target: Any, source: Any, table: Any) -> None:
    """Add a multiple: its factor."""
    if target.shape != source.shape:
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != target.shape[0]:
        raise ValueError(RATES)
    number = target.dtype.type
    for k in range(target.shape[0]):
        factor = number(table[k if table.shape[0] > 1 else 0, 0])
        t, s = target[k], source[k]
        for i in range(t.shape[0]):
            t[i] += factor * s[i]


def add_scaled_squares(target: Any, source: Any, table: Any, squares: Any) -> None:
    """Add a multiple, and sum the squares in float64: its factor."""
    if target.shape != source.shape or squares.shape[0] != target.shape[0]:
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != target.shape[0]:
        raise ValueError(RATES)
    number = target.dtype.type
    for k in range(target.shape[0]):
        factor = number(table[k if table.shape[0] > 1 else 0, 0])
        t, s = target[k], source[k]
        total = 0.0
        for i in range(t.shape[0]):
            t[i] += factor * s[i]
        for i in range(t.shape[0]):
            total += s[i] * s[i]
        squares[k] = total


def average(mean: Any, theta: Any, table: Any) -> None:
    """Move the mean: rate."""
    if mean.shape != theta.shape:
        raise ValueError(SHAPES)
    if table.shape[0] != 1 and table.shape[0] != mean.shape[0]:
        raise ValueError(RATES)
    number = theta.dtype.type
    for k in range(theta.shape[0]):
        rate = number(table[k if table.shape[0] > 1 else 0, 0])
        t, a = theta[k], mean[k]
        for i in range(t.shape[0]):
            a[i] += rate * (t[i] - a[i])


def gather(source: Any, rows: Any, out: Any) -> None:
    """Copy rows of a table; of those beyond its ends the nearest, as NumPy's "clip"."""
    if out.shape != (rows.shape[0], rows.shape[1], source.shape[1]):
        raise ValueError(SHAPES)
    last = source.shape[0] - 1
    if last < 0:
        raise ValueError(SHAPES)
    for k in range(rows.shape[0]):
        for r in range(rows.shape[1]):
            row, copied = source[min(max(rows[k, r], 0), last)], out[k, r]
            for i in range(row.shape[0]):
                copied[i] = row[i]


def add_and_rectify(values: Any, biases: Any) -> None:
    """Add biases and set to zero what is below; what is not a number stays so."""
    if biases.shape != (values.shape[0], 1, values.shape[2]):
        raise ValueError(SHAPES)
    zero = values.dtype.type(0)
    for k in range(values.shape[0]):
        b = biases[k, 0]
        for r in range(values.shape[1]):
            v = values[k, r]
            for i in range(v.shape[0]):
                number = v[i] + b[i]
                v[i] = zero if number < zero else number


def add_rectify_and_drop(values: Any, biases: Any, masks: Any) -> None:
    """Add biases, set to zero what is below, and multiply with the masks."""
    if biases.shape != (values.shape[0], 1, values.shape[2]):
        raise ValueError(SHAPES)
    if masks.shape != values.shape:
        raise ValueError(SHAPES)
    zero = values.dtype.type(0)
    for k in range(values.shape[0]):
        b = biases[k, 0]
        for r in range(values.shape[1]):
            v, m = values[k, r], masks[k, r]
            for i in range(v.shape[0]):
                number = v[i] + b[i]
                v[i] = (zero if number < zero else number) * m[i]


def relu_backward(delta: Any, outputs: Any) -> None:
    """Zero the gradient where the output is zero."""
    if outputs.shape != delta.shape:
        raise ValueError(SHAPES)
    zero = delta.dtype.type(0)
    d, f = delta.reshape(-1), outputs.reshape(-1)
    for i in range(d.shape[0]):
        d[i] = d[i] if f[i] > zero else zero


def dropped_relu_backward(delta: Any, outputs: Any, masks: Any) -> None:
    """Multiply the gradient with the masks, and zero it where the output is zero."""
    if not (delta.shape == outputs.shape == masks.shape):
        raise ValueError(SHAPES)
    zero = delta.dtype.type(0)
    for k in range(delta.shape[0]):
        for r in range(delta.shape[1]):
            d, f, m = delta[k, r], outputs[k, r], masks[k, r]
            for i in range(d.shape[0]):
                d[i] = d[i] * m[i] if f[i] > zero else zero


def normalize(
    inputs: Any,
    outputs: Any,
    centered: Any,
    share: Any,
    moments: Any,
    scale: Any,
    shift: Any,
    epsilon: float,
    both: Any,
) -> None:
    """Batch normalization: statistics in a pass, then outputs in another.

    The statistics are those of the distance from the first row, which differs from the
    mean by a few standard deviations: their squares lose no precision to a large mean.
    """
    n_rows, n_units = inputs.shape[1], inputs.shape[2]
    units = (inputs.shape[0], 1, n_units)
    if not (inputs.shape == outputs.shape == centered.shape and n_rows):
        raise ValueError(SHAPES)
    if not (scale.shape == shift.shape == units and both.shape == (2, *units)):
        raise ValueError(SHAPES)
    if (
        moments.shape != (inputs.shape[0], 2, n_units)
        or share.shape[1:] != (1, n_rows)
        or share.shape[0] not in (1, inputs.shape[0])
    ):
        raise ValueError(SHAPES)
    number = inputs.dtype.type
    eps = number(epsilon)
    origin = np.empty(n_units, inputs.dtype)
    beta = np.empty(n_units, inputs.dtype)
    for k in range(inputs.shape[0]):
        weights = share[k if share.shape[0] > 1 else 0, 0]
        mean, variance = moments[k, 0], moments[k, 1]
        inverse, factor = both[0, k, 0], both[1, k, 0]
        gamma = scale[k, 0]
        for j in range(n_units):
            beta[j] = shift[k, 0, j]
        for j in range(n_units):
            origin[j] = inputs[k, 0, j]
            mean[j] = 0
            variance[j] = 0
        for i in range(n_rows):
            x, weight = inputs[k, i], weights[i]
            for j in range(n_units):
                distance = x[j] - origin[j]
                mean[j] += weight * distance
                variance[j] += weight * (distance * distance)
        for j in range(n_units):
            variance[j] = max(variance[j] - mean[j] * mean[j], number(0))
            mean[j] += origin[j]
            inverse[j] = number(1) / (variance[j] + eps)
            factor[j] = gamma[j] * np.sqrt(inverse[j])
        for i in range(n_rows):
            x, c, y = inputs[k, i], centered[k, i], outputs[k, i]
            for j in range(n_units):
                c[j] = x[j] - mean[j]
            for j in range(n_units):
                y[j] = c[j] * factor[j] + beta[j]


def normalize_backward(
    delta: Any,
    centered: Any,
    share: Any,
    inverse: Any,
    factor: Any,
    scale_gradient: Any,
    shift_gradient: Any,
) -> None:
    """Batch normalization: sums in a pass, then the gradient in another."""
    n_rows, n_units = delta.shape[1], delta.shape[2]
    units = (delta.shape[0], 1, n_units)
    if centered.shape != delta.shape or not (inverse.shape == factor.shape == units):
        raise ValueError(SHAPES)
    if not (scale_gradient.shape == shift_gradient.shape == units):
        raise ValueError(SHAPES)
    if share.shape[1:] != (1, n_rows) or share.shape[0] not in (1, delta.shape[0]):
        raise ValueError(SHAPES)
    slope = np.empty(n_units, delta.dtype)
    total = np.empty(n_units, delta.dtype)
    for k in range(delta.shape[0]):
        weights = share[k if share.shape[0] > 1 else 0, 0]
        f, v = factor[k, 0], inverse[k, 0]
        for j in range(n_units):
            total[j] = 0
            slope[j] = 0
        for i in range(n_rows):
            d, c = delta[k, i], centered[k, i]
            for j in range(n_units):
                total[j] += d[j]
            for j in range(n_units):
                slope[j] += d[j] * c[j]
        for j in range(n_units):
            shift_gradient[k, 0, j] = total[j]
            scale_gradient[k, 0, j] = slope[j] * np.sqrt(v[j])
            slope[j] *= v[j]
        for i in range(n_rows):
            d, c, weight = delta[k, i], centered[k, i], weights[i]
            for j in range(n_units):
                c[j] = weight * (total[j] + c[j] * slope[j])
            for j in range(n_units):
                d[j] = (d[j] - c[j]) * f[j]


def follow(statistics: Any, n_batches: Any, moments: Any, window: int) -> None:
    """Move running statistics to the mean of the last batches, about."""
    if statistics.shape != moments.shape or moments.shape[1] != 2:
        raise ValueError(SHAPES)
    if n_batches.shape != (statistics.shape[0], 1, 1):
        raise ValueError(SHAPES)
    number = statistics.dtype.type
    for k in range(statistics.shape[0]):
        count = min(n_batches[k, 0, 0] + number(1), number(window))
        n_batches[k, 0, 0] = count
        for s in range(2):
            for j in range(statistics.shape[2]):
                change = moments[k, s, j] - statistics[k, s, j]
                statistics[k, s, j] += change / count


def softmax_loss(
    outputs: Any, targets: Any, weights: Any, scale: float, space: Any, losses: Any
) -> None:
    """Cross-entropy of softmax outputs: peaks in a pass, exponentials, then the rest.

    `space` has room for two numbers a row.
    """
    if outputs.shape != targets.shape or losses.shape[0] != outputs.shape[0]:
        raise ValueError(SHAPES)
    if weights.shape != (outputs.shape[0], 1, outputs.shape[2]):
        raise ValueError(SHAPES)
    if space.shape != (2, outputs.shape[2]) or outputs.shape[1] == 0:
        raise ValueError(SHAPES)
    number = outputs.dtype.type
    factor = number(scale)
    n_outputs, n_rows = outputs.shape[1], outputs.shape[2]
    peaks, totals = space[0], space[1]
    for k in range(outputs.shape[0]):
        z, t = outputs[k], targets[k]
        w = weights[k, 0]
        for i in range(n_rows):
            peaks[i] = z[0, i]
            totals[i] = 0
        for j in range(1, n_outputs):
            for i in range(n_rows):
                peaks[i] = max(peaks[i], z[j, i])
        loss = 0.0
        for j in range(n_outputs):
            for i in range(n_rows):
                below = z[j, i] - peaks[i]
                loss -= w[i] * t[j, i] * below
                z[j, i] = np.exp(below)
                totals[i] += z[j, i]
        for i in range(n_rows):
            loss += w[i] * np.log(totals[i])
            totals[i] = number(1) / totals[i]
        for j in range(n_outputs):
            for i in range(n_rows):
                z[j, i] = (z[j, i] * totals[i] - t[j, i]) * w[i] * factor
        losses[k] = loss * scale


def logistic_loss(
    outputs: Any, targets: Any, weights: Any, scale: float, space: Any, losses: Any
) -> None:
    """Binary cross-entropy of logistic outputs, in one pass."""
    if outputs.shape != targets.shape or losses.shape[0] != outputs.shape[0]:
        raise ValueError(SHAPES)
    if weights.shape != (outputs.shape[0], 1, outputs.shape[2]):
        raise ValueError(SHAPES)
    number = outputs.dtype.type
    factor, one = number(scale), number(1)
    for k in range(outputs.shape[0]):
        loss = 0.0
        for j in range(outputs.shape[1]):
            z, t, w = outputs[k, j], targets[k, j], weights[k, 0]
            for i in range(z.shape[0]):
                tail = np.exp(-abs(z[i]))
                above = max(z[i], number(0)) - z[i] * t[i]
                loss += w[i] * (above + np.log1p(tail))
                share = (one if z[i] > 0 else tail) / (one + tail)
                z[i] = (share - t[i]) * w[i] * factor
        losses[k] = loss * scale


def squared_loss(
    outputs: Any, targets: Any, weights: Any, scale: float, space: Any, losses: Any
) -> None:
    """Half the squared error, in one pass."""
    if outputs.shape != targets.shape or losses.shape[0] != outputs.shape[0]:
        raise ValueError(SHAPES)
    if weights.shape != (outputs.shape[0], 1, outputs.shape[2]):
        raise ValueError(SHAPES)
    factor = outputs.dtype.type(scale)
    for k in range(outputs.shape[0]):
        loss = 0.0
        for j in range(outputs.shape[1]):
            z, t, w = outputs[k, j], targets[k, j], weights[k, 0]
            for i in range(z.shape[0]):
                residual = z[i] - t[i]
                weighted = residual * w[i]
                loss += residual * weighted
                z[i] = weighted * factor
        losses[k] = 0.5 * loss * scale
