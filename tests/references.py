"""Slow, obvious versions: one row, one unit, one parameter at a time."""

import itertools
import math
from collections import defaultdict

import numpy as np

ACTIVATIONS = {
    "identity": lambda z: z,
    "logistic": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "relu": lambda z: max(0.0, z),
    "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "elu": lambda z: z if z > 0 else math.expm1(z),
    "selu": lambda z: (
        1.0507009873554805 * (z if z > 0 else 1.6732632423543772 * math.expm1(z))
    ),
    "gelu": lambda z: z * math.erfc(-z / math.sqrt(2)) / 2,
    "silu": lambda z: z / (1 + math.exp(-z)),
    "mish": lambda z: z * math.tanh(math.log1p(math.exp(z))),
    "softplus": lambda z: math.log1p(math.exp(z)),
}


def forward(row, coefs, intercepts, activation):
    """Return the outputs, before their activation, of one row."""
    values = list(row)
    for layer, (weights, biases) in enumerate(zip(coefs, intercepts, strict=True)):
        sums = [
            sum(value * weights[i][j] for i, value in enumerate(values)) + biases[j]
            for j in range(len(biases))
        ]
        is_last = layer == len(coefs) - 1
        values = sums if is_last else [ACTIVATIONS[activation](z) for z in sums]
    return values


def multiclass_loss(outputs, targets):
    """Return the cross-entropy of one row, by its probabilities."""
    exponentials = [math.exp(z) for z in outputs]
    probabilities = [e / sum(exponentials) for e in exponentials]
    return -sum(t * math.log(p) for t, p in zip(targets, probabilities, strict=True))


def logistic_loss(outputs, targets):
    """Return the binary cross-entropy of one row, summed over outputs."""
    probabilities = [1 / (1 + math.exp(-z)) for z in outputs]
    return -sum(
        t * math.log(p) + (1 - t) * math.log(1 - p)
        for t, p in zip(targets, probabilities, strict=True)
    )


def squared_loss(outputs, targets):
    """Return half the squared error of one row."""
    return 0.5 * sum((z - t) ** 2 for z, t in zip(outputs, targets, strict=True))


def poisson_loss(outputs, targets):
    """Return half the Poisson deviance of one row."""
    total = 0.0
    for z, t in zip(outputs, targets, strict=True):
        total += (t * math.log(t / math.exp(z)) if t else 0.0) - t + math.exp(z)
    return total


LOSSES = {
    "multiclass": multiclass_loss,
    "logistic": logistic_loss,
    "squared": squared_loss,
    "poisson": poisson_loss,
}


def follow(step, theta, gradients, learning_rate):
    """Follow a sequence of gradients by a step that changes a list in place."""
    theta = [float(t) for t in theta]
    for gradient in gradients:
        step(theta, [float(g) for g in gradient], learning_rate)
    return np.array(theta)


def sgd(momentum, nesterov):
    """Return the step of `SGD`, one parameter at a time."""
    velocity = defaultdict(float)

    def step(theta, gradient, rate):
        for i, g in enumerate(gradient):
            velocity[i] = momentum * velocity[i] - rate * g
            move = velocity[i]
            if nesterov:
                move = momentum * velocity[i] - rate * g
            theta[i] += move

    return step


def adagrad(epsilon):
    """Return the step of `AdaGrad`."""
    squares = defaultdict(float)

    def step(theta, gradient, rate):
        for i, g in enumerate(gradient):
            squares[i] += g * g
            theta[i] -= rate * g / (epsilon + math.sqrt(squares[i]))

    return step


def rmsprop(decay, epsilon, momentum, centered):
    """Return the step of `RMSProp`."""
    squares, means, moves = (defaultdict(float) for _ in range(3))

    def step(theta, gradient, rate):
        for i, g in enumerate(gradient):
            squares[i] = decay * squares[i] + (1 - decay) * g * g
            means[i] = decay * means[i] + (1 - decay) * g
            size = squares[i] - means[i] ** 2 if centered else squares[i]
            root = math.sqrt(max(size, 0.0) + epsilon)
            moves[i] = momentum * moves[i] + rate * g / root
            theta[i] -= moves[i]

    return step


def adam(beta_1, beta_2, epsilon, amsgrad):
    """Return the step of `Adam`."""
    m, v, largest = (defaultdict(float) for _ in range(3))
    n_steps = itertools.count(1)

    def step(theta, gradient, rate):
        t = next(n_steps)
        rate = rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        for i, g in enumerate(gradient):
            m[i] = beta_1 * m[i] + (1 - beta_1) * g
            v[i] = beta_2 * v[i] + (1 - beta_2) * g * g
            largest[i] = max(largest[i], v[i])
            square = largest[i] if amsgrad else v[i]
            theta[i] -= rate * m[i] / (math.sqrt(square) + epsilon)

    return step


def adamw(weight_decay, n_decayed=None, **hyperparameters):
    """Return the step of `AdamW`."""
    return weight_decay_around(adam(**hyperparameters), weight_decay, n_decayed)


def nadam(beta_1, beta_2, epsilon):
    """Return the step of `NAdam`."""
    m, v = defaultdict(float), defaultdict(float)
    n_steps = itertools.count(1)

    def step(theta, gradient, rate):
        t = next(n_steps)
        for i, g in enumerate(gradient):
            m[i] = beta_1 * m[i] + (1 - beta_1) * g
            v[i] = beta_2 * v[i] + (1 - beta_2) * g * g
            n = beta_1 * m[i] / (1 - beta_1 ** (t + 1))
            n += (1 - beta_1) * g / (1 - beta_1**t)
            theta[i] -= rate * n / (math.sqrt(v[i] / (1 - beta_2**t)) + epsilon)

    return step


def delta_bar_delta(kappa, phi, theta, min_gain, max_gain):
    """Return the step of `DeltaBarDelta`."""
    gains, means = defaultdict(lambda: 1.0), defaultdict(float)

    def step(parameters, gradient, rate):
        for i, g in enumerate(gradient):
            if means[i] * g > 0:
                gains[i] += kappa
            elif means[i] * g < 0:
                gains[i] *= 1 - phi
            gains[i] = min(max(gains[i], min_gain), max_gain)
            means[i] = (1 - theta) * g + theta * means[i]
            parameters[i] -= rate * gains[i] * g

    return step


def clipping_around(inner, max_norm):
    """Return a step along gradients of at most this norm."""

    def step(theta, gradient, rate):
        norm = math.sqrt(sum(g * g for g in gradient))
        if norm > max_norm:
            gradient = [g * max_norm / norm for g in gradient]
        inner(theta, gradient, rate)

    return step


def weight_decay_around(inner, decay, n_decayed=None):
    """Return a step before which the first parameters shrink."""

    def step(theta, gradient, rate):
        n = len(theta) if n_decayed is None else n_decayed
        theta[:n] = [(1 - rate * decay) * t for t in theta[:n]]
        inner(theta, gradient, rate)

    return step


def schedule_around(inner, shape, n_steps):
    """Return a step at a rate that changes with progress."""
    numbers = itertools.count()

    def step(theta, gradient, rate):
        inner(theta, gradient, rate * shape(min(1.0, next(numbers) / n_steps)))

    return step


def average_around(inner, start, decay):
    """Return a step, and the list in which an average follows from the start."""
    average = [float(value) for value in start]
    numbers = itertools.count(1)

    def step(theta, gradient, rate):
        inner(theta, gradient, rate)
        t = next(numbers)
        kept = min(decay, (1 + t) / (10 + t))
        for i, value in enumerate(theta):
            average[i] = kept * average[i] + (1 - kept) * value

    return step, average


def lookahead_around(inner, start, period, share):
    """Return a step that goes part of the way back now and then."""
    slow = [float(value) for value in start]
    numbers = itertools.count(1)

    def step(theta, gradient, rate):
        inner(theta, gradient, rate)
        if next(numbers) % period == 0:
            for i, value in enumerate(theta):
                slow[i] = slow[i] + share * (value - slow[i])
                theta[i] = slow[i]

    return step


def one_cycle(progress):
    """Return the factor of 'one_cycle', by its turning points."""
    start, top, end, turn = 0.04, 1.0, 4e-6, 0.3
    if progress < turn:
        low, high, share = start, top, progress / turn
    else:
        low, high, share = top, end, (progress - turn) / (1 - turn)
    return (low + high) / 2 + (low - high) / 2 * math.cos(math.pi * share)


SHAPES = {
    "cosine": lambda t: math.cos(math.pi * t / 2) ** 2,
    "one_cycle": one_cycle,
    "coslog4": lambda t: math.sin(math.pi * math.log2(1 + 15 * t)) ** 2,
    "warmup": lambda t: 0.01 + 9.9 * t if t < 0.1 else 1.0,
}


def central_differences(function, point, step=1e-6):
    """Return the gradient of a function of an array, one element at a time.

    A function that returns one value for each index of the first axes, as for the
    members of a stack, must compute each of them from its own part of the array.
    """
    n_axes = np.ndim(function(point))
    gradient = np.empty(point.shape)
    for index in np.ndindex(point.shape[n_axes:]):
        element = (..., *index)
        shifted = point.copy()
        shifted[element] += step
        above = function(shifted)
        shifted[element] -= 2 * step
        gradient[element] = (above - function(shifted)) / (2 * step)
    return gradient


def standardize(values, weights):
    """Return standardised columns, their means and variances, one at a time."""
    total = sum(weights)
    columns, means, variances = [], [], []
    for column in values.T:
        mean = sum(w * v for w, v in zip(weights, column, strict=True)) / total
        squares = sum(w * (v - mean) ** 2 for w, v in zip(weights, column, strict=True))
        columns.append([(v - mean) / math.sqrt(squares / total + 1e-5) for v in column])
        means.append(mean)
        variances.append(squares / total)
    return np.transpose(columns), np.array(means), np.array(variances)


def soft(value, threshold):
    """Return the minimum over w of ``(w - value)**2 / 2 + threshold * |w|``."""
    return math.copysign(max(abs(value) - threshold, 0.0), value)
