"""
Delta-bar-delta: rates that follow the signs of the gradient
============================================================

The lecture: in delta-bar-delta (Jacobs, 1988), which runs all training cases before it
updates weights, each parameter has a learning rate, which rises while the sign of the
derivative of the loss "is constant", and falls when it "changes". Shown on wine, with
raw and with standardised features, and on 500 digits, over ten seeds:

- How often rates do what the lecture says. Its sign is compared with that of the step
  before, the algorithm's with that of a running mean, so that it need not be always. It
  is nearly always where the sign is constant, and in two thirds of the steps or more
  where it changes.
- Epochs until a loss, against gradient descent, each from its best rate. It is faster
  on raw features, where gradient descent never arrives, and on the digits, by a factor
  of two. On standardised wine it is not shown to be: there one rate suits all. Against
  momentum no difference is shown on wine, and on the digits momentum is more than twice
  as fast.
- Epochs from a tenth of the best rate: rates that are too small grow, so that it loses
  less by them than gradient descent does.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skregnet import MLPClassifier
from skregnet.optimizers import SGD, DeltaBarDelta

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS, TUNING = range(10), range(100, 103)

wine, digits = load_wine(), load_digits()
few = slice(0, 500)
# Features, targets, hidden units, the loss to be reached, and epochs.
TASKS = {
    "wine, raw": (wine.data / wine.data.std(), wine.target, 8, 0.5, 1_000),
    "wine, standardised": (scale(wine.data), wine.target, 8, 0.02, 100),
    "digits": (digits.data[few] / 16, digits.target[few], 16, 0.1, 200),
}


def trained(task, seed, solver):
    """Return a network trained on all rows at a time, None if it diverges."""
    features, targets, hidden, _, epochs = TASKS[task]
    mlp = MLPClassifier(
        (hidden,),
        activation="tanh",
        solver=solver,
        alpha=0.0,
        batch_size=len(targets),
        max_iter=epochs,
        n_iter_no_change=np.inf,
        random_state=seed,
    )
    try:
        return mlp.fit(features.astype(np.float32), targets)
    except ValueError:  # the weights have left the finite numbers
        return None


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    if error < 1e-12:  # no spread to make an interval of
        return mean, mean, mean
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def verdict(low, high, bound=0.0):
    """Return whether it holds that a mean is above a bound, by its interval."""
    return "holds" if low > bound else "the reverse" if high < bound else "not shown"


# %%
# Rates and signs along training. A sign is that of the gradient over all rows, and
# constant if it is that of the step before.


class Watch:
    """Solver that keeps the rates of another, and the signs of its gradients."""

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.learning_rate = optimizer.learning_rate

    def init(self, parameters):
        self.rates, self.signs = [], []
        return self.optimizer.init(parameters)

    def step(self, parameters, gradient, state, learning_rate):
        self.signs.append(np.sign(gradient[0]))
        self.optimizer.step(parameters, gradient, state, learning_rate)
        rates = np.empty_like(parameters)
        self.optimizer.write_step_sizes(rates, state, learning_rate)
        self.rates.append(rates[0])


WATCHED_RATE = 0.3
tracks = {task: [] for task in TASKS}
rules = {task: [] for task in TASKS}
for task in TASKS:
    for seed in SEEDS:
        watch = Watch(DeltaBarDelta(learning_rate=WATCHED_RATE))
        trained(task, seed, watch)
        rates, signs = np.array(watch.rates), np.array(watch.signs)
        tracks[task].append(rates)
        rises, falls = rates[1:] > rates[:-1], rates[1:] < rates[:-1]
        product = signs[1:] * signs[:-1]
        rules[task].append(
            (
                rises[product > 0].mean(),
                falls[product < 0].mean(),
                np.mean(product < 0),
                np.log10(np.quantile(rates[-1], 0.95) / np.quantile(rates[-1], 0.05)),
            )
        )

TITLES = {
    "rates rise where the sign is constant": 0.5,
    "rates fall where the sign changes": 0.5,
    "steps where it changes": None,
    "lowest to highest rate but a twentieth, powers of ten": None,
}
print(
    f"Delta-bar-delta from a rate of {WATCHED_RATE}, {len(SEEDS)} seeds: shares, with"
)
print("95 % intervals; more often than not?\n")
for k, (title, bound) in enumerate(TITLES.items()):
    print(title)
    for task, rows in rules.items():
        mean, low, high = interval(np.array(rows)[:, k])
        line = f"  {task:<20}{mean:6.3f}   {low:.3f} to {high:.3f}"
        print(line + (f": {verdict(low, high, bound)}" if bound else ""))

# %%
# Epochs until the loss is below a target, each from the rate that is best for three
# other seeds. A run that misses the target counts as twice its epochs. Momentum, which
# works by the same signs, is shown too.

RATES = [0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
WAYS = {
    "gradient descent": lambda rate: SGD(learning_rate=rate, momentum=0.0),
    "momentum 0.9": lambda rate: SGD(
        learning_rate=rate / 10, momentum=0.9, nesterov=False
    ),
    "delta-bar-delta": lambda rate: DeltaBarDelta(learning_rate=rate),
}


def epochs_needed(task, seed, solver):
    """Return how many epochs a network needs."""
    _, _, _, target, epochs = TASKS[task]
    mlp = trained(task, seed, solver)
    # The loss recorded is that before the one step of its epoch.
    below = [] if mlp is None else np.flatnonzero(np.array(mlp.loss_curve_) < target)
    return below[0] if len(below) else 2 * epochs


needed, trials = {}, {}
for task, (*_, target, epochs) in TASKS.items():
    print(
        f"\n{task}: epochs until the loss is below {target}: mean and std, missed, and"
    )
    print("gradient descent's over delta-bar-delta's with a 95 % interval\n")
    for name, way in WAYS.items():
        table = [
            [epochs_needed(task, seed, way(rate)) for rate in RATES] for seed in TUNING
        ]
        trials[task, name] = np.mean(table, axis=0)
        rate = RATES[np.argmin(trials[task, name])]
        values = [epochs_needed(task, seed, way(rate)) for seed in SEEDS]
        needed[task, name] = values = np.array(values)
        missed = np.sum(values == 2 * epochs)
        line = (
            f"{name:<18}{rate:<6g}{values.mean():7.1f} +-{values.std():5.1f}{missed:4}"
        )
        print(line)
    for name in ("gradient descent", "momentum 0.9"):
        logs = np.log(needed[task, name] / needed[task, "delta-bar-delta"])
        mean, low, high = np.exp(interval(logs))
        print(
            f"faster than {name:<18}x {mean:.2f}   {low:.2f} to {high:.2f}: "
            f"{verdict(low, high, 1.0)}"
        )

# %%
# From a tenth of that rate, epochs over those from the rate itself. Gradient descent is
# not asked on raw features, where it has no good rate.

print("\nFrom a tenth of the rate: epochs over those above, 95 % interval")
for task in TASKS:
    factors = {}
    for name in ("gradient descent", "delta-bar-delta"):
        if np.min(trials[task, name]) == 2 * TASKS[task][-1]:
            continue
        rate = RATES[np.argmin(trials[task, name])] / 10
        solver = WAYS[name](rate)
        slow = [epochs_needed(task, seed, solver) for seed in SEEDS]
        factors[name] = np.log(slow / needed[task, name])
        mean, low, high = np.exp(interval(factors[name]))
        missed = np.sum(np.array(slow) == 2 * TASKS[task][-1])
        print(
            f"  {task:<20}{name:<18}x {mean:5.2f}   {low:.2f} to {high:.2f}, "
            f"missed {missed}"
        )
    if len(factors) == 2:
        less = interval(factors["gradient descent"] - factors["delta-bar-delta"])
        print(f"    it loses less: {verdict(*less[1:])}")

# %%
# Left, all rates of the first seed along training, and the best rate of gradient
# descent, if there is one. Right, mean epochs by the rate at the start.

figure, axes = plt.subplots(1, 4, figsize=(16, 4), layout="constrained")
TICKS = {
    "wine, raw": [125, 250, 500, 1_000, 2_000],
    "digits": [12, 25, 50, 100, 200, 400],
}
SHOWN = list(TICKS)
for ax, task in zip(axes, SHOWN, strict=False):
    rates = tracks[task][0]
    steps = np.arange(1, len(rates) + 1)
    for low, high, shade in ((0.01, 0.99, 0.2), (0.1, 0.9, 0.3), (0.25, 0.75, 0.4)):
        label = f"{high - low:.0%} of the parameters"
        ends = np.quantile(rates, [low, high], axis=1)
        ax.fill_between(steps, *ends, color="#1f6f8b", alpha=shade, label=label)
    ax.plot(steps, np.median(rates, axis=1), color="#123f4f", label="median")
    if np.min(trials[task, "gradient descent"]) < 2 * TASKS[task][-1]:
        best = RATES[np.argmin(trials[task, "gradient descent"])]
        ax.axhline(best, color="black", linestyle="--", label="gradient descent's best")
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="epoch",
        ylabel="rate of a parameter",
        title=f"{task}: rates along training",
    )
    ax.legend(loc="upper left" if task == "digits" else "lower left", fontsize="small")
for ax, task in zip(axes[2:], SHOWN, strict=True):
    epochs = TASKS[task][-1]
    for name, marker in zip(WAYS, "s^o", strict=True):
        ax.loglog(RATES, trials[task, name], marker=marker, label=name)
    ax.axhline(epochs, color="black", linewidth=0.8, linestyle=":")
    ax.set(
        xlabel="rate at the start (momentum: a tenth)",
        ylabel="epochs, twice all where missed",
        title=f"{task}: epochs",
    )
    ax.set_yticks(TICKS[task], TICKS[task])
    ax.minorticks_off()
axes[3].legend(loc="lower left", fontsize="small")
plt.show()
