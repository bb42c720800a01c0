"""Slow, obvious versions: one row, one unit, one parameter at a time."""

import math

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


def sgd(theta, gradients, learning_rate, momentum, nesterov):
    """Follow a sequence of gradients, one parameter at a time."""
    theta = [float(t) for t in theta]
    velocity = [0.0] * len(theta)
    for gradient in gradients:
        for i, g in enumerate(gradient):
            velocity[i] = momentum * velocity[i] - learning_rate * g
            move = velocity[i]
            if nesterov:
                move = momentum * velocity[i] - learning_rate * g
            theta[i] += move
    return np.array(theta)


def adam(theta, gradients, learning_rate, beta_1, beta_2, epsilon):
    """Follow a sequence of gradients, one parameter at a time."""
    theta = [float(t) for t in theta]
    m, v = [0.0] * len(theta), [0.0] * len(theta)
    for t, gradient in enumerate(gradients, start=1):
        rate = learning_rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        for i, g in enumerate(gradient):
            m[i] = beta_1 * m[i] + (1 - beta_1) * g
            v[i] = beta_2 * v[i] + (1 - beta_2) * g * g
            theta[i] -= rate * m[i] / (math.sqrt(v[i]) + epsilon)
    return np.array(theta)


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
