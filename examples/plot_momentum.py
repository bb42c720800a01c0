"""
Momentum: through canyons, past dents, and how much faster on digits
====================================================================

The lecture: "following gradients can lead to oscillations if the step size is too big";
momentum, "with typical value = 0.5, 0.9, 0.99", keeps local gradients from dominating
the search and combats local minima; Nesterov's form takes the gradient where the
velocity leads. Shown are its pictures, with figures, and real data:

- A bowl: swings begin where rate times curvature is above 1, and grow above 2.
- A canyon: how many steps lead to its end, and how much movement across it is wasted.
- A slope with a dent, which is a local minimum: from how many starts does the path end
  in the minimum beyond it?
- The digits: epochs until a training loss, each at the best rate for other seeds.

Momentum of 0.5 takes fewer steps through the canyon and damps the swings across it, and
so does 0.9 at its best rate; at the rate of plain descent it swings as much. With 0.99
both become worse. Nesterov's form damps best, but stands smaller rates only. Momentum
of 0.9 leads past nearly all dents, of 0.5 past none; with 0.99 paths pass the dent, but
come back, and most end in it after all. A rate ten times as high leads past some.
On the digits every factor saves epochs, most with all rows in a step: up to three
quarters of them, with 0.9. Nesterov's form saves some more in minibatches, with 0.9 and
0.99; with all rows it is worse than the standard one, except with 0.99.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skregnet import MLPClassifier
from skregnet.inspection import OptimizerPathDisplay
from skregnet.optimizers import SGD, minimize

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def ratio(values, baseline):
    """Return the geometric mean of ratios, pair by pair, and its interval."""
    logs = np.log(values) - np.log(baseline)
    # Ratios that are all the same have no spread to make an interval of.
    return np.exp(interval(logs) if np.ptp(logs) > 1e-9 else np.repeat(logs[0], 3))


def verdict(low, high):
    """Return whether it holds that a ratio is below 1, by its interval."""
    return "holds" if high < 1 else "the reverse" if low > 1 else "not shown"


def sgd(momentum, rate, nesterov=False):
    """Return gradient descent with momentum."""
    return SGD(learning_rate=rate, momentum=momentum, nesterov=nesterov)


PLAIN = "no momentum"
WAYS = {
    PLAIN: (0.0, False),
    "momentum 0.5": (0.5, False),
    "momentum 0.9": (0.9, False),
    "momentum 0.99": (0.99, False),
    "Nesterov 0.5": (0.5, True),
    "Nesterov 0.9": (0.9, True),
    "Nesterov 0.99": (0.99, True),
}

# %%
# Overshoot: a bowl of curvature 1, from 1, in 20 steps.

print("A bowl of curvature 1, gradient descent from 1, 20 steps\n")
print("rate   distance   changes of side")
as_said = []
for rate in [0.5, 0.9, 1.1, 1.9, 2.1]:
    path = minimize(lambda x: (x @ x / 2, x), [1.0], sgd(0.0, rate), n_steps=20)
    positions = path.points[:, 0]
    distance, sides = abs(positions[-1]), np.sum(positions[1:] * positions[:-1] < 0)
    print(f"{rate:<7}{distance:8.2g}{sides:18}")
    as_said.append((sides > 0) == (rate > 1) and (distance > 1) == (rate > 2))
holds = "holds" if all(as_said) else "not shown"
print(f"it swings with rate x curvature above 1, and swings grow above 2: {holds}")

# %%
# Inefficient oscillations: a canyon, 50 times as steep across as it is along, from 20
# starts on its side. The movement across is counted until the path is close to the end.
# It is compared at one rate for all, close to the largest that plain descent can take,
# and at each way's best rate for 20 other starts.

STEEP, CLOSE, N_STEPS = 50.0, 0.01, 1_500
SHARED = 1.9 / STEEP
CANYON_RATES = np.geomspace(0.02, 3.9, 30) / STEEP


def canyon(x):
    """Return values and gradients of a canyon along the first axis."""
    return (x[..., 0] ** 2 + STEEP * x[..., 1] ** 2) / 2, x * [1.0, STEEP]


def sides_of_canyon(rng):
    """Return starts on the side of the canyon."""
    return np.column_stack([rng.uniform(-3, -2, 20), rng.uniform(0.2, 0.4, 20)])


rng = np.random.default_rng(0)
starts, other_starts = sides_of_canyon(rng), sides_of_canyon(rng)


def through(way, rate, starts):
    """Return steps until close, twice all if never, and the movement across."""
    momentum, nesterov = way
    # Steps that are too big lead out of the finite numbers.
    with np.errstate(all="ignore"):
        path = minimize(canyon, starts, sgd(momentum, rate, nesterov), N_STEPS)
        sizes = np.hypot(path.points[..., 0], path.points[..., 1])
    # Written so that what is not a number counts as far.
    is_far = ~(sizes < CLOSE * sizes[0])
    steps = len(is_far) - np.argmax(is_far[::-1], axis=0)
    moves = np.abs(np.diff(path.points[..., 1], axis=0))
    across = [moves[:n, k].sum() for k, n in enumerate(steps)]
    missed = is_far[-1]
    return np.where(missed, 2 * N_STEPS, steps), np.where(missed, np.inf, across)


def compared(values, plain):
    """Return columns on the ratio of values to those of plain descent."""
    mean, low, high = ratio(values, plain)
    return f"   x {mean:<6.2f}{verdict(low, high):<11}"


print(
    f"\nA canyon, {len(starts)} starts: steps and movement across, medians; ratios to"
)
print("no momentum, and whether they are below 1, by 95 % intervals\n")
canyon_rates, plain = {}, {}
for title in ("at one rate", "at its best rate"):
    print(f"{title:<18}rate   steps   across   steps              across")
    for name, way in WAYS.items():
        rate = SHARED
        if title != "at one rate":
            trials = [through(way, r, other_starts)[0].mean() for r in CANYON_RATES]
            rate = canyon_rates[name] = CANYON_RATES[np.argmin(trials)]
        steps, across = through(way, rate, starts)
        line = f"{name:<16}{rate:6.2g}{np.median(steps):8.0f}{np.median(across):9.2f}"
        if name == PLAIN:
            plain = {"steps": steps, "across": across}
        elif np.isinf(across).any():
            line = f"{name:<16}{rate:6.2g}  diverges"
        else:
            line += compared(steps, plain["steps"]) + compared(across, plain["across"])
        print(line.rstrip())
    print()

# %%
# Momentum against local minima: a slope to a minimum at 0 with a dent on it, of random
# depth and width, 400 times. A learning rate of ten times the size, as far as momentum
# of 0.9 reaches in the long run, tells whether it is more than long steps.

DENT, N_DENTS, RATE = -3.0, 400, 0.1
LONG_STEPS = "ten times rate"

depths, widths = rng.uniform(0.5, 1.5, N_DENTS), rng.uniform(0.4, 0.8, N_DENTS)
far_starts = np.column_stack(
    [rng.uniform(-9, -5, N_DENTS), rng.uniform(-1, 1, N_DENTS)]
)


def slope_with_dent(x, depth, width):
    """Return values and gradients of a slope with a dent."""
    offset = x - [DENT, 0.0]
    dent = depth * np.exp(-((offset / np.expand_dims(width, -1)) ** 2).sum(-1) / 2)
    value = 0.05 * x[..., 0] ** 2 + 0.5 * x[..., 1] ** 2 - dent
    inward = offset * np.expand_dims(dent / width**2, -1)
    return value, x * [0.1, 1.0] + inward


def share(successes):
    """Return a share with its 95 % interval, as text."""
    found = stats.binomtest(int(successes.sum()), len(successes))
    low, high = found.proportion_ci(method="wilson")
    return f"{successes.mean():6.1%}   {low:.1%} to {high:.1%}"


def more_often(successes, others):
    """Return whether it holds that there are more of the first, by the sign test."""
    first, second = np.sum(successes & ~others), np.sum(others & ~successes)
    if first == second:
        return "not shown"
    p = stats.binomtest(int(first), int(first + second)).pvalue
    return "not shown" if p > 0.05 else "holds" if first > second else "the reverse"


print(f"A slope with a dent, {N_DENTS} of random depth and width, rate {RATE}\n")
print("                 passes it   ends in the minimum, 95 % interval")
ends = {}
for name, (momentum, nesterov, rate) in {
    **{name: (*way, RATE) for name, way in WAYS.items()},
    LONG_STEPS: (0.0, False, 10 * RATE),
}.items():
    path = minimize(
        lambda x: slope_with_dent(x, depths, widths),
        far_starts,
        sgd(momentum, rate, nesterov),
        n_steps=3_000,
    )
    ends[name] = np.linalg.norm(path.x, axis=1) < 0.5
    passed = (path.points[..., 0] > DENT + 2 * widths).any(axis=0)
    print(f"{name:<16}{passed.mean():8.1%}      {share(ends[name])}")

print("\nEnds in the minimum more often, by a sign test")
for first, second in [
    ("momentum 0.5", PLAIN),
    ("momentum 0.9", PLAIN),
    ("momentum 0.99", PLAIN),
    ("momentum 0.9", LONG_STEPS),
    ("momentum 0.99", "momentum 0.9"),
    ("Nesterov 0.9", "momentum 0.9"),
    ("Nesterov 0.99", "momentum 0.99"),
]:
    held = more_often(ends[first], ends[second])
    print(f"  {first} than {second}: {held}")

# %%
# Epochs until the training loss is below a target on 500 digits, with batches of 20 and
# with all rows at once. The rate is the best for three other seeds; a run that misses
# the target counts as twice its epochs.

SEEDS, TUNING = range(10), range(100, 103)
N_ROWS = 500
LONG_RUN = {
    20: np.array([0.2, 0.4, 0.8, 1.6, 3.2]),
    N_ROWS: 2.0 ** np.arange(0, 7, 0.5),
}
TARGETS = {20: (0.02, 50), N_ROWS: (0.1, 250)}

X, y = load_digits(return_X_y=True)
X, y = (X[:N_ROWS] / 16).astype(np.float32), y[:N_ROWS]


def epochs_needed(seed, way, rate, batch_size):
    """Return how many epochs a network needs."""
    target, epochs = TARGETS[batch_size]
    mlp = MLPClassifier(
        (16,),
        activation="tanh",
        solver="sgd",
        momentum=way[0],
        nesterovs_momentum=way[1],
        alpha=0.0,
        batch_size=batch_size,
        learning_rate_init=rate,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        random_state=seed,
    )
    try:
        mlp.fit(X, y)
    except ValueError:  # the weights have left the finite numbers
        return 2 * epochs
    below = np.flatnonzero(np.array(mlp.loss_curve_) < target)
    return below[0] + 1 if len(below) else 2 * epochs


needed = {}
for batch_size, (target, _) in TARGETS.items():
    kind = "all rows" if batch_size == N_ROWS else f"batches of {batch_size}"
    results = needed[kind] = {}
    print(f"\nDigits, {kind}, {len(SEEDS)} seeds: epochs until the loss is below")
    print(f"{target}, mean and std, and the ratio with its 95 % interval\n")
    for name, way in WAYS.items():
        # In the long run a velocity reaches rate / (1 - momentum). From 2 on all miss.
        rates = LONG_RUN[batch_size] * (1 - way[0])
        rates = rates[rates < 2]
        trials = [
            np.mean([epochs_needed(s, way, rate, batch_size) for s in TUNING])
            for rate in rates
        ]
        rate = rates[np.argmin(trials)]
        epochs = [epochs_needed(seed, way, rate, batch_size) for seed in SEEDS]
        results[name] = epochs = np.array(epochs)
        line = f"{name:<15}rate {rate:<6.2g}{epochs.mean():6.1f} +-{epochs.std():5.1f}"
        against = PLAIN if not way[1] else name.replace("Nesterov", "momentum")
        if name != PLAIN:
            mean, low, high = ratio(epochs, results[against])
            line += f"   x {mean:.2f} of {against:<13}  {low:.2f} to {high:.2f}: "
            line += verdict(low, high)
        print(line)

# %%
# Left, the canyon at one rate. Middle, a dent, at one rate. Both are stretched across.
# Right, epochs on the digits.

figure, (left, middle, right) = plt.subplots(
    1, 3, figsize=(14, 4.2), layout="constrained"
)
shown = {name: WAYS[name] for name in (PLAIN, "momentum 0.5", "momentum 0.9")}
OptimizerPathDisplay.from_optimizers(
    canyon,
    [-2.5, 0.3],
    {name: sgd(way[0], SHARED, way[1]) for name, way in shown.items()},
    n_steps=40,
    ax=left,
    line_kwargs={"linewidth": 1.0},
)
left.set_title("A canyon, 40 steps")
dented = {name: WAYS[name] for name in (PLAIN, "momentum 0.9", "momentum 0.99")}
OptimizerPathDisplay.from_optimizers(
    lambda x: slope_with_dent(x, 1.0, 0.5),
    [-7.0, 0.5],
    {name: sgd(way[0], RATE, way[1]) for name, way in dented.items()},
    n_steps=1_500,
    ax=middle,
    line_kwargs={"linewidth": 1.0},
)
middle.set_title("A slope with a dent")
for k, name in enumerate(WAYS):
    for (kind, results), color in zip(needed.items(), ("C0", "C1"), strict=True):
        epochs = results[name]
        label = kind if not k else None
        right.plot(
            epochs, np.full(len(epochs), k), "o", c=color, alpha=0.5, label=label
        )
        right.plot(np.median(epochs), k, "|", color="black", markersize=16)
right.set(
    yticks=range(len(WAYS)),
    yticklabels=WAYS,
    ylim=(len(WAYS) - 0.5, -0.5),
    xscale="log",
    xticks=[8, 16, 32, 64],
    xticklabels=[8, 16, 32, 64],
    xlabel="epochs until the loss is reached",
    title="Digits, each at its best rate",
)
right.minorticks_off()
right.legend(loc="lower right")
plt.show()
