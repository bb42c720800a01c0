"""
Adaptive rates: AdaGrad, RMSProp and Adam on features of all scales
===================================================================

The lecture: adaptive methods have one learning rate for each parameter; rates are
scaled inversely by accumulated gradient magnitudes, so that they "tend to decrease over
time"; some accumulators are weighted averages "that may decrease". The wine data have
features whose scales differ by a factor of 2,500. Shown over eight seeds, in batches of
20:

- The rates of all parameters along training. They are the lower, the larger the
  gradients; those into hidden units go nearly by the inverse of the features' scales.
  AdaGrad's only fall, on the average to a tenth. RMSProp's and Adam's rise in more than
  half of the steps, and a third of the parameters end at more than twice the lowest
  rate that they have had; RMSProp's fall on the average all the same.
- Epochs until a training loss, each at its best rate. On raw features all adaptive
  methods reach it, and gradient descent, with momentum or not, does not come near it.
  On standardised features only NAdam is shown to be faster than momentum.
- How wide the range of rates is that need at most twice the epochs of the best. On
  standardised features it is wider than momentum's with RMSProp and Adam, by a quarter
  to two fifths of a decade; with AdaGrad that is not shown.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skregnet import MLPClassifier
from skregnet.optimizers import SGD, AdaGrad, Adam, AdamW, NAdam, RMSProp

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS, TUNING = range(8), range(100, 103)
HIDDEN, BATCH = 8, 20

X, y = load_wine(return_X_y=True)
raw = (X / X.std()).astype(np.float32)
standardised = scale(X).astype(np.float32)


def network(seed, solver, epochs):
    """Return a network to be trained by an optimizer."""
    return MLPClassifier(
        (HIDDEN,),
        activation="tanh",
        solver=solver,
        alpha=0.0,
        batch_size=BATCH,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        random_state=seed,
    )


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    if error < 1e-12:  # no spread to make an interval of
        return mean, mean, mean
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def held(values):
    """Return whether it holds that values are above zero, by their interval."""
    _, low, high = interval(values)
    return "holds" if low > 0 else "the reverse" if high < 0 else "not shown"


# %%
# The rate of each parameter along training, as the optimizer tells it by
# ``write_step_sizes``: how far a constant unit gradient would move it in a step.


class Watch:
    """Solver that keeps the rates of another, and its gradients."""

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.learning_rate = optimizer.learning_rate

    def init(self, parameters):
        self.rates, self.sizes = [], []
        return self.optimizer.init(parameters)

    def step(self, parameters, gradient, state, learning_rate):
        self.sizes.append(np.abs(gradient[0]))
        self.optimizer.step(parameters, gradient, state, learning_rate)
        rates = np.empty_like(parameters)
        self.optimizer.write_step_sizes(rates, state, learning_rate)
        self.rates.append(rates[0])


EPOCHS = 150
WATCHED = {
    "AdaGrad": AdaGrad(learning_rate=0.1),
    "RMSProp": RMSProp(learning_rate=0.01),
    "Adam": Adam(learning_rate=0.03),
}
PER_EPOCH = -(-len(y) // BATCH)


def watched(seed, optimizer):
    """Return the rates after each step, and the sizes of the gradients."""
    watch = Watch(optimizer)
    network(seed, watch, EPOCHS).fit(raw, y)
    return np.array(watch.rates), np.array(watch.sizes)


def figures(rates, sizes):
    """Return what is claimed, in figures, of one network."""
    start, end = rates[PER_EPOCH - 1], rates[-1]
    n_first = X.shape[1] * HIDDEN
    by_feature = np.log(end[:n_first]).reshape(X.shape[1], HIDDEN).mean(axis=1)
    return {
        "change": np.mean(np.log(end / start)),
        "rises": np.mean(rates[1:] > rates[:-1] * (1 + 1e-5)),
        "recovered": np.mean(end > 2 * rates.min(axis=0)),
        "follows": stats.spearmanr(sizes.mean(axis=0), -np.log(end)).statistic,
        "slope": np.polyfit(np.log(raw.std(axis=0)), by_feature, 1)[0],
        "spread": np.log10(end.max() / end.min()),
    }


tracks, found = {}, {}
for name, optimizer in WATCHED.items():
    runs = [watched(seed, optimizer) for seed in SEEDS]
    tracks[name] = np.array([rates for rates, _ in runs])
    rows = [figures(*run) for run in runs]
    found[name] = {key: np.array([row[key] for row in rows]) for key in rows[0]}

scales = raw.std(axis=0)
span = scales.max() / scales.min()
print(
    f"Wine, scales of features 1 to {span:,.0f}, {len(SEEDS)} seeds, {EPOCHS} epochs:"
)
print("rates of all parameters, means and 95 % intervals\n")
TITLES = {
    "spread": "largest over smallest at the end, powers of ten",
    "slope": "power of the scale that rates into hidden units go by",
    "follows": "rank correlation of lower rate and larger gradients",
    "change": "end over first epoch, natural logarithm",
    "rises": "steps by which a rate rises",
    "recovered": "end at more than twice their lowest rate",
}
for key, title in TITLES.items():
    print(title)
    for name, values in found.items():
        print(
            "  {:<9}{:+6.2f}   {:+.2f} to {:+.2f}".format(name, *interval(values[key]))
        )

print("\nrates are the lower, the larger the gradients")
for name, values in found.items():
    print(f"  {name:<9}{held(values['follows'])}")
print("rates decrease over time")
for name, values in found.items():
    print(f"  {name:<9}{held(-values['change'])}")
print("they never rise")
for name, values in found.items():
    print(f"  {name:<9}{'holds' if not values['rises'].any() else 'not so'}")

# %%
# Epochs until the loss is below a target, at the rate that is best for three other
# seeds. A run that misses the target counts as twice its epochs.

WAYS = {
    "gradient descent": lambda rate: SGD(learning_rate=rate, momentum=0.0),
    "momentum 0.9": lambda rate: SGD(learning_rate=rate, momentum=0.9, nesterov=False),
    "AdaGrad": lambda rate: AdaGrad(learning_rate=rate),
    "RMSProp": lambda rate: RMSProp(learning_rate=rate),
    "Adam": lambda rate: Adam(learning_rate=rate),
    "AdamW": lambda rate: AdamW(learning_rate=rate),
    "NAdam": lambda rate: NAdam(learning_rate=rate),
}
STEP = 0.5
RATES = 10.0 ** np.arange(-2.5, 1.1, STEP)
KINDS = {"raw": (raw, 0.3, 80), "standardised": (standardised, 0.02, 35)}


def epochs_needed(seed, solver, features, target, epochs):
    """Return how many epochs a network needs, twice all if it misses the target."""
    try:
        mlp = network(seed, solver, epochs).fit(features, y)
    except ValueError:  # the weights have left the finite numbers
        return 2 * epochs
    below = np.flatnonzero(np.array(mlp.loss_curve_) < target)
    return below[0] + 1 if len(below) else 2 * epochs


def table_of(way, seeds, settings):
    """Return the epochs needed by seed and by rate."""
    return np.array(
        [[epochs_needed(seed, way(r), *settings) for r in RATES] for seed in seeds]
    )


def compared(epochs, against):
    """Return a column on the ratio of epochs to those of another way."""
    logs = np.log(against) - np.log(epochs)
    mean, high, low = np.exp(-np.array(interval(logs)))
    return f"   x {mean:<5.2f}{low:.2f} to {high:.2f}: {held(logs)}"


tables = {}
for kind, settings in KINDS.items():
    _, target, epochs = settings
    print(
        f"\n{kind} features, epochs until the loss is below {target}: median, missed,"
    )
    print("ratio to momentum, and decades of rates that need at most twice the best\n")
    needed, widths = {}, {}
    for name, way in WAYS.items():
        table = tables[kind, name] = table_of(way, SEEDS, settings)
        best = np.argmin(table_of(way, TUNING, settings).mean(axis=0))
        needed[name] = table[:, best]
        missed = np.sum(needed[name] == 2 * epochs)
        lowest = table.min(axis=1, keepdims=True)
        # A way that misses the target with all rates has no range.
        is_near = (table <= 2 * lowest) & (table < 2 * epochs)
        widths[name] = STEP * is_near.sum(axis=1)
        line = f"{name:<17}rate {RATES[best]:<7.2g}{np.median(needed[name]):4.0f}"
        line += f"{missed:3}   {widths[name].mean():.2f} +-{widths[name].std():.2f}"
        if name not in ("gradient descent", "momentum 0.9"):
            line += compared(needed[name], needed["momentum 0.9"])
        print(line)
    print()
    for name in ("AdaGrad", "RMSProp", "Adam"):
        wider = widths[name] - widths["momentum 0.9"]
        mean, low, high = interval(wider)
        print(
            f"{name:<9}has a wider range than momentum: {mean:+.2f}   {low:+.2f} to "
            f"{high:+.2f}: {held(wider)}"
        )

# %%
# Left, the rates of one network along training: median, and from the lowest to the
# highest tenth. Then rates at the end and scales of features. Right, epochs by rate.

figure, axes = plt.subplots(1, 4, figsize=(16, 4), layout="constrained")
first, second, third, fourth = axes
steps = np.arange(1, EPOCHS * PER_EPOCH + 1) / PER_EPOCH
for (name, rates), color in zip(tracks.items(), ("C2", "C3", "C4"), strict=True):
    low, middle, high = np.quantile(rates[0], [0.1, 0.5, 0.9], axis=1)
    first.loglog(steps, middle, color=color, label=name)
    first.fill_between(steps, low, high, color=color, alpha=0.15)
    into = rates[:, -1, : X.shape[1] * HIDDEN].reshape(len(SEEDS), X.shape[1], HIDDEN)
    second.loglog(scales, stats.gmean(into, axis=(0, 2)), "o", color=color, label=name)
first.set(xlabel="epoch", ylabel="rate", title="Rates of all parameters")
first.legend(loc="lower left", fontsize="small")
second.set(
    xlabel="scale of the feature",
    ylabel="rate, mean over hidden units",
    title="Rates into hidden units, at the end",
)
second.legend(fontsize="small")
for ax, kind in ((third, "raw"), (fourth, "standardised")):
    for k, name in enumerate(WAYS):
        mean = tables[kind, name].mean(axis=0)
        style = "s--" if k < 2 else "o-"
        ax.loglog(RATES, mean, style, color=f"C{k}", markersize=4, label=name)
    epochs = KINDS[kind][2]
    ax.axhline(epochs, color="black", linewidth=0.8, linestyle=":")
    ax.set(
        xlabel="learning rate",
        ylabel="epochs, twice all where missed",
        title=f"{kind.capitalize()} features",
    )
    ax.set_yticks(ticks := [5, 10, 20, 40, 80, 160], ticks)
    ax.minorticks_off()
third.legend(fontsize="small")
plt.show()
