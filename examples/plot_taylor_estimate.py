"""
Taylor estimates: what first and second derivatives tell of the loss
====================================================================

The lecture estimates the loss near a point from its derivatives there, the gradient
(its Jacobian) and the Hessian. With a second derivative below (above) zero there is
"more (less) descent" than "estimated by the standard gradient"; where the signs of both
derivatives are the same, "the current slope gets more extreme"; and the Hessian is
symmetric "wherever the second derivs are continuous". Shown on the wine data, at
points along the training of ten networks from small weights, near a saddle, where
curvature is negative too; along the gradient, random directions and single weights:

- The errors of the estimates shrink with the second and the third power of the step in
  a tanh network. In a relu network, whose slope jumps where a unit switches on or off,
  the third power is not shown.
- In a tanh network signs tell what the lecture says in all steps of a length of 0.001.
  In longer ones positive curvature still does in nearly all, negative curvature in
  fewer and fewer: it ends soon. With relu they tell right in most of the short steps,
  and in longer ones along random directions negative curvature tells nothing.
- The Hessian is symmetric, and its product with a step d is the change of the gradient.
  What the gradient leaves out of the loss is half of d'Hd, as in Taylor's formula; the
  lecture's last formula for it has no half.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skregnet import MLPClassifier
from skregnet.callbacks import ParameterPath
from skregnet.curvature import (
    HessianOperator,
    directional_curvature,
    gradient,
    taylor_estimate,
)

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
EPOCHS, FACTOR = 400, 0.3
TIMES = np.unique(np.geomspace(1, EPOCHS, 10).astype(int)) - 1

X, y = load_wine(return_X_y=True)
X = scale(X)


def path_of(seed, activation):
    """Return a network and its parameters after each epoch, from small weights on."""
    path = ParameterPath()
    mlp = MLPClassifier(
        (6, 6),
        activation=activation,
        solver="sgd",
        momentum=0.0,
        alpha=0.0,
        batch_size=len(y),
        learning_rate_init=0.1,
        max_iter=1,
        n_iter_no_change=np.inf,
        warm_start=True,
        random_state=seed,
    ).fit(X, y)
    for array in [*mlp.coefs_, *mlp.intercepts_]:
        np.multiply(array, FACTOR, out=array)
    return mlp.set_params(max_iter=EPOCHS).set_callbacks(path).fit(X, y), path.vectors_


def unit(directions):
    """Return directions of length 1."""
    return directions / np.linalg.norm(directions, axis=-1, keepdims=True)


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    if error < 1e-12:  # no spread to make an interval of
        return mean, mean, mean
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


networks = {
    activation: [path_of(seed, activation) for seed in SEEDS]
    for activation in ("tanh", "relu")
}

# %%
# Errors by the length of the step, from one point of each training, and the power of
# the length that they go by, fitted where steps are short.

POINT = 150
SIZES = np.geomspace(1e-3, 3, 22)
SHORT = SIZES < 0.02


def directions_of(mlp, vector, kind, seed):
    """Return the way down the gradient, or five random directions."""
    if kind == "gradient":
        return unit(-gradient(mlp, X, y, parameters=vector)[np.newaxis])
    return unit(np.random.default_rng(seed).standard_normal((5, len(vector))))


def errors_of(mlp, vector, direction):
    """Return the sizes of the errors of each order."""
    estimate = taylor_estimate(mlp, X, y, direction, sizes=SIZES, parameters=vector)
    return np.abs(estimate.errors)


def powers_of(errors):
    """Return the power that errors go by in each row."""
    logs = np.log(errors[..., SHORT])
    lengths = np.log(SIZES[SHORT])
    return np.polyfit(lengths, logs.reshape(-1, len(lengths)).T, 1)[0]


errors = {}
print(f"Wine, {len(SEEDS)} networks: errors go by the power of the length of the step,")
print("means and 95 % intervals\n")
for activation, group in networks.items():
    for kind in ("gradient", "random"):
        found = [
            [
                errors_of(mlp, vectors[POINT], direction)
                for direction in directions_of(mlp, vectors[POINT], kind, seed)
            ]
            for seed, (mlp, vectors) in enumerate(group)
        ]
        # Networks, directions, orders, sizes.
        found = errors[activation, kind] = np.array(found)
        for order in (1, 2):
            # The median, since an error may change its sign on the way.
            powers = [np.median(powers_of(network)) for network in found[:, :, order]]
            mean, low, high = interval(powers)
            # About what it should be: the interval lies within 0.15 of it.
            holds = max(order + 1 - low, high - order - 1) < 0.15
            print(
                f"{activation}, along {kind:<9}order {order}:  {mean:.2f}   {low:.2f} "
                f"to {high:.2f}: {order + 1} {'holds' if holds else 'not shown'}"
            )

# %%
# Signs. A direction is taken downhill. Then a second derivative below zero should mean
# that the loss falls by more than the gradient estimates, and that the slope becomes
# steeper; above zero the opposite of both.

N_RANDOM, N_AXES = 6, 10
STEPS = [0.001, 0.01, 0.1, 1.0]
KINDS = ("gradient", "random", "single weights")


def directions_at(rng, slope):
    """Return directions downhill by kind."""
    random = rng.standard_normal((N_RANDOM, len(slope)))
    # Some weights of relu units have no part in the loss.
    used = np.flatnonzero(slope)
    axes = np.eye(len(slope))[rng.choice(used, N_AXES, replace=False)]
    groups = zip(KINDS, (-slope[np.newaxis], random, axes), strict=True)
    return {name: unit(d) * -np.sign(d @ slope)[:, None] for name, d in groups}


def told(mlp, vector, direction, operator, slope):
    """Return whether curvature is negative, and whether slope and descent are so."""
    negative = directional_curvature(operator, direction) < 0
    estimate = taylor_estimate(mlp, X, y, direction, sizes=STEPS, parameters=vector)
    there = gradient(mlp, X, y, parameters=vector + STEPS[0] * direction)
    steeper = there @ direction < slope @ direction
    # The estimate is too high where the loss falls by more.
    more_descent = estimate.errors[1] > 0
    return [negative, steeper == negative, *(more_descent == negative)]


def agreement(mlp, vectors, rng):
    """Return by kind the rows of all points and directions."""
    found = {name: [] for name in KINDS}
    for vector in vectors[TIMES]:
        slope = gradient(mlp, X, y, parameters=vector)
        operator = HessianOperator(mlp, X, y, parameters=vector)
        for name, directions in directions_at(rng, slope).items():
            found[name] += [told(mlp, vector, d, operator, slope) for d in directions]
    return {name: np.array(rows) for name, rows in found.items()}


def shares(rows, negative):
    """Return the shares of one network, of negative or of positive curvature only."""
    chosen = rows[rows[:, 0] == negative, 1:]
    return chosen.mean(axis=0) if len(chosen) else np.full(rows.shape[1] - 1, np.nan)


def on_share(title, values):
    """Return a line on shares, one for each network that has any."""
    mean, low, high = interval(values[~np.isnan(values)])
    # In all cases, or in most.
    word = "mostly" if low > 0.5 else "the reverse" if high < 0.5 else "not shown"
    word = "holds" if mean == 1 else word
    ends = f"{max(low, 0):.1%} to {min(high, 1):.1%}"
    return f"    {title:<16}{mean:7.1%}   {ends}: {word}"


by_sign = {}
print("\nShares of steps, 95 % intervals over networks: slope gets more extreme if")
print("curvature is negative, less if positive; and more, or less, descent than the")
print("gradient estimates; by the length of the step\n")
for activation, group in networks.items():
    everything = [
        agreement(mlp, vectors, np.random.default_rng(seed))
        for seed, (mlp, vectors) in enumerate(group)
    ]
    for kind in KINDS:
        rows = [network[kind] for network in everything]
        share = np.mean([table[:, 0].mean() for table in rows])
        print(f"{activation}, along {kind}: curvature negative in {share:.1%}")
        for negative in (True, False):
            values = np.array([shares(table, negative) for table in rows])
            by_sign[activation, kind, negative] = values
            n_networks = np.sum(~np.isnan(values[:, 0]))
            sign = "negative" if negative else "positive"
            print(f"  {sign}, {n_networks} networks")
            if n_networks < 3:
                continue
            print(on_share(f"slope, {STEPS[0]:g}", values[:, 0]))
            for step, column in zip(STEPS, values.T[1:], strict=True):
                print(on_share(f"descent, {step:g}", column))

# %%
# Symmetry, by products with random directions; the change of the gradient; and what
# part of the quadratic form is the change of the loss that the gradient leaves out.

LENGTH = 1e-3

asymmetry, change, part = [], [], []
for seed, (mlp, vectors) in enumerate(networks["tanh"]):
    rng, vector = np.random.default_rng(seed), vectors[POINT]
    operator = HessianOperator(mlp, X, y, parameters=vector)
    u, v = unit(rng.standard_normal((2, len(vector))))
    size = np.linalg.norm(operator @ v)
    asymmetry.append(abs(u @ (operator @ v) - v @ (operator @ u)) / size)
    before, after = (
        gradient(mlp, X, y, parameters=point) for point in (vector, vector + LENGTH * v)
    )
    estimated = LENGTH * (operator @ v)
    change.append(
        np.linalg.norm(after - before - estimated) / np.linalg.norm(after - before)
    )
    estimate = taylor_estimate(mlp, X, y, v, sizes=LENGTH, parameters=vector)
    part.append(-estimate.errors[1] / (LENGTH * v @ estimated))
holds = "holds" if max(asymmetry) < 1e-10 else "not shown"
print(f"\nu'Hv - v'Hu, of the length of Hv: at most {max(asymmetry):.1g}: {holds}")
holds = "holds" if max(change) < 0.01 else "not shown"
print(f"Hd is the change of the gradient, error {np.mean(change):.1g}: {holds}")
mean, low, high = interval(part)
print(
    f"d'Hd times {mean:.3f}, {low:.3f} to {high:.3f}, is what the gradient leaves out"
)


def exercise(x, y):
    """Return first derivatives of 4 x**2 y + 3 y**3 x**2."""
    return 8 * x * y + 6 * y**3 * x, 4 * x**2 + 9 * y**2 * x**2


points = np.random.default_rng(0).uniform(-2, 2, (2, 100))
along_y, along_x = np.array([[0.0], [1e-5]]), np.array([[1e-5], [0.0]])
mixed = [
    (exercise(*(points + h))[k] - exercise(*(points - h))[k]) / 2e-5
    for k, h in enumerate((along_y, along_x))
]
worst = np.abs(mixed[0] - mixed[1]).max()
holds = "holds" if worst < 1e-6 else "not shown"
print(f"the lecture's exercise, both mixed derivatives at 100 points: {holds}")

# %%
# Left, the loss along the gradient from one point, and its estimates. Middle, errors by
# the length of the step. Right, how often the sign of the curvature tells right.

figure, axes = plt.subplots(1, 4, figsize=(16, 4), layout="constrained")
mlp, vectors = networks["tanh"][0]
downhill = -gradient(mlp, X, y, parameters=vectors[POINT])
places = np.linspace(-1, 4, 101)
along = taylor_estimate(
    mlp, X, y, unit(downhill), sizes=places, parameters=vectors[POINT]
)
axes[0].plot(places, along.actual, color="black", label="loss")
for order, estimate in enumerate(along.estimates[1:], 1):
    axes[0].plot(places, estimate, "--", color=f"C{order - 1}", label=f"order {order}")
axes[0].plot(0, along.actual[np.argmin(np.abs(places))], "ko")
axes[0].set(
    ylim=(0, 1.2 * along.actual.max()),
    xlabel="step down the gradient",
    ylabel="training loss",
    title="The loss and its estimates",
)
axes[0].legend()
for ax, activation in zip(axes[1:3], networks, strict=True):
    for order in (1, 2):
        for kind, style in (("gradient", "-"), ("random", ":")):
            middle = np.median(errors[activation, kind][:, :, order], axis=(0, 1))
            label = f"order {order}, {kind}"
            ax.loglog(SIZES, middle, style, color=f"C{order - 1}", label=label)
    ax.set(
        ylim=(1e-13, 10),
        xlabel="length of the step",
        ylabel="error of the estimate",
        title=f"Errors, {activation}",
    )
axes[1].legend(loc="lower right", fontsize="small")
for activation, style in (("tanh", "o-"), ("relu", "s--")):
    for negative, color in ((True, "C3"), (False, "C0")):
        parts = [by_sign[activation, kind, negative][:, 1:] for kind in KINDS[1:]]
        values = np.nanmean(parts, axis=(0, 1))
        sign = "negative" if negative else "positive"
        label = f"{activation}, {sign} curvature"
        axes[3].plot(STEPS, values, style, color=color, markersize=5, label=label)
axes[3].set(
    xscale="log",
    ylim=(0, 1.05),
    xlabel="length of the step",
    ylabel="share of steps",
    title="Descent is as the curvature tells",
)
axes[3].legend(loc="lower left", fontsize="small")
plt.show()
