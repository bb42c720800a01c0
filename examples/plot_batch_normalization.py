"""
Batch normalization: gradients that do not vanish, rates, and noise
===================================================================

The lecture names several reasons for batch normalization: less saturation and fewer
vanishing gradients; "higher learning rates can be used", "even sigmoids and tanhs";
statistics of minibatches are noise, which regularizes; and it "handles a covariate
shift". Each is measured on the digits, before the activation and after it:

- Gradients do not vanish in six layers of sigmoid units, which learn nothing without
  normalization and well with it, after the activation a little better than before it.
  But saturation is not why they vanish: hardly a unit is saturated at the start. Half
  of the first layer is with pixels from 0 to 16, and normalization before the
  activation prevents that.
- Before the activation, learning rates can be three to ten times as high; after it,
  twice as high with tanh and relu, but of sigmoid units only lower ones are stood.
- Noise: with normalization batches of 10 and of 25 reach a lower test loss than all
  rows, and a smaller gap to the training loss, which they do not without it. The
  training loss is lower too, and in accuracy they differ by a few thousandths. Batches
  of 5 are too noisy.
- Covariate shift: the reverse, as it stands. Statistics of all training data do not
  follow a change of light, and the normalized network loses more by it. Taken anew,
  from the changed images without labels, they follow, and no accuracy is lost.

That inner layers learn better because their features change less is not measured here.
"""

import warnings
from copy import deepcopy

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from scipy.special import expit
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skregnet import MLPClassifier
from skregnet.optimizers import SGD

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
WAYS = {"without": None, "before": "before", "after": "after"}


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    if error < 1e-12:  # no spread to make an interval of
        return mean, mean, mean
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def verdict(low, high):
    """Return whether it holds that a difference is above zero, by its interval."""
    return "holds" if low > 0 else "the reverse" if high < 0 else "not shown"


def held(differences):
    """Return whether it holds that differences are above zero."""
    return verdict(*interval(differences)[1:])


def split(seed, n_train):
    """Return digits to train on and to test on."""
    return train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)


def network(hidden, seed, rate, epochs, **parameters):
    """Return a network of sigmoid units, to be trained by gradient descent."""
    settings = {
        "activation": "logistic",
        "solver": SGD(learning_rate=rate, momentum=0.0),
        "batch_size": 50,
        **parameters,
    }
    return MLPClassifier(
        hidden,
        alpha=0.0,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        random_state=seed,
        **settings,
    )


# %%
# Gradients at the start, by layer: a solver that takes no step, but keeps what it is
# handed. Weights come first in it, layer by layer. A unit is saturated where its slope
# is below a tenth of the largest. Pixels from 0 to 16, rather than from 0 to 1, are
# features that saturate the first layer.

SEEDS = range(10)
DEEP = (30,) * 6
N_DEEP = 600
SIZES = [n * m for n, m in zip((64, *DEEP), (*DEEP, 10), strict=True)]


class StandStill:
    """Solver that keeps the first gradient and goes nowhere."""

    learning_rate = 1.0

    def init(self, parameters):  # noqa: ARG002
        return {}

    def step(self, parameters, gradient, state, learning_rate):  # noqa: ARG002
        if not state:
            state["first"] = self.first = gradient[0].copy()

    def norms(self):
        """Return the length of the gradient by the weights of each layer."""
        parts = np.split(self.first, np.cumsum(SIZES))[: len(SIZES)]
        return [np.linalg.norm(part) for part in parts]


def saturated(mlp, features):
    """Return the share of saturated units of each hidden layer."""
    outputs, shares = features, []
    for weights, biases in zip(mlp.coefs_[:-1], mlp.intercepts_[:-1], strict=True):
        outputs = expit(outputs @ weights + biases)
        shares.append(np.mean(outputs * (1 - outputs) < 0.1 * 0.25))
    return shares


def at_start(seed, where, scale):
    """Return gradient and saturation of each layer of a network that stands still."""
    X_train, _, y_train, _ = split(seed, N_DEEP)
    solver = StandStill()
    mlp = network(DEEP, seed, 1.0, 1, solver=solver, batch_norm=where)
    mlp.fit(scale * X_train, y_train)
    return solver.norms(), saturated(mlp, scale * X_train)


starts = {}
print(f"{len(DEEP)} hidden layers of sigmoid units, digits, {len(SEEDS)} seeds, start:")
print("gradient by the first weights over that by the last, and units saturated\n")
print("pixels to  normalization     ratio   95 % interval        first layer   others")
for scale in (1, 16):
    for name, where in WAYS.items():
        gradients, shares = zip(
            *[at_start(seed, where, scale) for seed in SEEDS], strict=True
        )
        starts[scale, name] = gradients, shares = np.array(gradients), np.array(shares)
        kept = interval(np.log(gradients[:, 0] / gradients[:, -1]))
        mean, low, high = np.exp(kept)
        first, others = shares[:, 0].mean(), shares[:, 1:].mean()
        print(
            f"{scale:<11}{name:<16}{mean:8.2g}   {f'{low:.2g} to {high:.2g}':<19}"
            f"{first:10.1%}{others:12.2%}"
        )
print()
for scale in (1, 16):
    plain, plain_shares = starts[scale, "without"]
    for name in ("before", "after"):
        gradients, _ = starts[scale, name]
        logs = np.log(gradients[:, 0] / gradients[:, -1] / plain[:, 0] * plain[:, -1])
        print(f"pixels to {scale}, it keeps gradients, {name}: {held(logs)}")
    gain = plain_shares.mean(axis=1) - starts[scale, "before"][1].mean(axis=1)
    print(
        f"pixels to {scale}, before, fewer units are saturated: {gain.mean():+.3%}, "
        f"{held(gain)}"
    )

# %%
# Training these, each at the best of several rates for three other seeds.

TUNING = range(100, 103)
EPOCHS = 15
RATES = [0.03, 0.1, 0.3, 1.0, 3.0]


def trained(seed, rate, where, hidden=DEEP, epochs=EPOCHS, **parameters):
    """Return a network, or None if its weights leave the finite numbers."""
    X_train, _, y_train, _ = split(seed, N_DEEP)
    mlp = network(hidden, seed, rate, epochs, batch_norm=where, **parameters)
    try:
        return mlp.fit(X_train, y_train)
    except ValueError:
        return None


def last_loss(mlp):
    """Return the loss of the last epoch."""
    return np.inf if mlp is None else mlp.loss_


ends, curves = {}, {}
print(f"\nAfter {EPOCHS} epochs, each at its best rate: means and std\n")
print("normalization   rate     training loss    test accuracy   saturated")
for name, where in WAYS.items():
    trials = [np.mean([last_loss(trained(s, r, where)) for s in TUNING]) for r in RATES]
    rate = RATES[np.argmin(trials)]
    networks = [trained(seed, rate, where) for seed in SEEDS]
    curves[name] = np.array([mlp.loss_curve_ for mlp in networks])
    found = []
    for seed, mlp in zip(SEEDS, networks, strict=True):
        X_train, X_test, _, y_test = split(seed, N_DEEP)
        found.append(
            (mlp.loss_, mlp.score(X_test, y_test), np.mean(saturated(mlp, X_train)))
        )
    found = ends[name] = np.array(found)
    (loss, score, idle_now), (loss_std, score_std, _) = found.mean(0), found.std(0)
    print(
        f"{name:<16}{rate:<6g}{loss:9.3f} +- {loss_std:.3f}{score:10.3f} +- "
        f"{score_std:.3f}{idle_now:11.1%}"
    )
for first, second in (("before", "without"), ("after", "without"), ("after", "before")):
    mean, low, high = interval(ends[first][:, 1] - ends[second][:, 1])
    print(
        f"accuracy, {first} against {second}: {mean:+.3f}   {low:+.3f} to {high:+.3f}: "
        f"{verdict(low, high)}"
    )

# %%
# Higher learning rates: in networks of one hidden layer, which learn without it too,
# rates are tried from below until the loss has not fallen after a few epochs.

FEW, FACTOR = 5, 2**0.25


def largest_rate(seed, where, activation):
    """Return the last rate before the first with which the loss does not fall."""
    rate = 1.0
    # Weights that leave the finite numbers are what is looked for.
    with np.errstate(all="ignore"):
        while True:
            mlp = trained(seed, FACTOR * rate, where, (30,), FEW, activation=activation)
            if not last_loss(mlp) < np.log(10):
                return rate
            rate *= FACTOR


print(
    f"\nLargest rate with which the loss falls within {FEW} epochs, one hidden layer:"
)
print("geometric means, and ratios to that without, 95 % intervals\n")
largest = {}
for activation in ("logistic", "tanh", "relu"):
    for name, where in WAYS.items():
        rates = [largest_rate(seed, where, activation) for seed in SEEDS]
        largest[activation, name] = np.array(rates)
        line = f"{activation:<9} {name:<8}{stats.gmean(rates):8.2f}"
        if where:
            logs = np.log(rates / largest[activation, "without"])
            mean, low, high = np.exp(interval(logs))
            line += f"   x {mean:6.2f}   {low:.2f} to {high:.2f}: {held(logs)}"
        print(line)

# %%
# The noise of the batch's statistics as a regularizer: 200 digits, as many steps with
# small batches as with all rows. Small batches are noise in the gradient too, so what
# they gain without normalization is taken from what they gain with it.

N_FEW, STEPS, SPLITS = 200, 300, range(10)
BATCHES = [5, 10, 25, N_FEW]


def losses(mlp, features, targets):
    """Return the loss as predicted, without noise."""
    right = mlp.predict_proba(features)[np.arange(len(targets)), targets]
    return -np.mean(np.log(np.maximum(right, 1e-12)))


def outcome(seed, batch_size, where):
    """Return training loss, test loss, test accuracy, and how the losses differ."""
    X_train, X_test, y_train, y_test = split(seed, N_FEW)
    mlp = network(
        (64,),
        seed,
        0.1,
        STEPS * batch_size // N_FEW,
        activation="relu",
        batch_size=batch_size,
        batch_norm=where,
    ).fit(X_train, y_train)
    train, test = losses(mlp, X_train, y_train), losses(mlp, X_test, y_test)
    return train, test, mlp.score(X_test, y_test), test - train


noisy = {
    (size, name): np.array([outcome(seed, size, WAYS[name]) for seed in SPLITS])
    for size in BATCHES
    for name in ("without", "before")
}
print(
    f"\n{N_FEW} digits, {STEPS} steps, {len(SPLITS)} splits: means; what small batches"
)
print(
    "gain over all rows, in test loss, its gap to the training loss, and accuracy, and"
)
print("what of that is beyond what they gain without\n")
print("batch    training loss        test loss            test accuracy")
print("         without  before      without  before      without  before")
for size in BATCHES:
    plain, normalized = (
        noisy[size, name].mean(axis=0) for name in ("without", "before")
    )
    pairs = [
        f"{a:7.3f}  {b:6.3f}" for a, b in zip(plain[:3], normalized[:3], strict=True)
    ]
    print(f"{size:<9}{'     '.join(pairs)}")
print()
for size in BATCHES[:-1]:
    gain = {
        name: noisy[size, name] - noisy[N_FEW, name] for name in ("without", "before")
    }
    for title, sign, column in (("loss", -1, 1), ("gap", -1, 3), ("accuracy", 1, 2)):
        with_it = sign * gain["before"][:, column]
        beyond = with_it - sign * gain["without"][:, column]
        cells = [
            "{:+.4f}   {:+.4f} to {:+.4f}".format(*interval(values))
            for values in (with_it, beyond)
        ]
        print(
            f"batches of {size:<3}{title:<9}{cells[0]}: {held(with_it):<11}"
            f"  beyond {cells[1]}: {held(beyond)}"
        )

# %%
# Covariate shift: networks trained on the digits as they are, tested in another light.
# "Test statistics from all training data" do not follow. They are then taken anew, from
# the shifted images without their labels: a solver that stands still, and ``fit`` ends
# with the statistics of the rows that it was given (Li et al., 2016).

LIGHTS = {
    "as it is": lambda images: images,
    "half as bright": lambda images: images / 2,
    "haze": lambda images: (1 + images) / 2,
    "light from the side": lambda images: images * np.tile(SIDE, 8),
}
SIDE = np.linspace(0.2, 1.0, 8, dtype=np.float32)


def in_lights(seed):
    """Return accuracies by light: without, normalized, with statistics taken anew."""
    X_train, X_test, y_train, y_test = split(seed, N_DEEP)
    settings = {"activation": "relu", "batch_size": 20, "warm_start": True}
    plain, normalized = (
        network((64,), seed, 0.1, 20, batch_norm=where, **settings).fit(
            X_train, y_train
        )
        for where in (None, "before")
    )
    scores = []
    for shift in LIGHTS.values():
        images = shift(X_test)
        anew = deepcopy(normalized).set_params(solver=StandStill(), max_iter=1)
        # Labels are needed, but nothing is learned from them.
        anew.fit(images, np.arange(len(images)) % 10)
        scores.append([mlp.score(images, y_test) for mlp in (plain, normalized, anew)])
    return scores


light = np.array([in_lights(seed) for seed in SEEDS])
print("\nTested in another light: accuracy, and what normalization gains\n")
print("                     without   before    gain, 95 % interval")
for k, name in enumerate(LIGHTS):
    plain, normalized, anew = light[:, k].T
    for title, values in ((name, normalized), ("  statistics anew", anew)):
        mean, low, high = interval(values - plain)
        print(
            f"{title:<21}{plain.mean():7.3f}{values.mean():9.3f}{mean:+9.3f}   "
            f"{low:+.3f} to {high:+.3f}: {verdict(low, high)}"
        )

# %%
# Left, gradients by layer at the start. Then the training of these networks, the
# largest rates, and the accuracy in another light; all with 95 % intervals or a point
# for each seed.

figure, axes = plt.subplots(1, 4, figsize=(16, 4), layout="constrained")
first, second, third, fourth = axes
for name, marker in zip(WAYS, "os^", strict=True):
    values = starts[1, name][0]
    first.semilogy(range(1, 8), stats.gmean(values), marker=marker, label=name)
    first.fill_between(range(1, 8), values.min(axis=0), values.max(axis=0), alpha=0.25)
    mean = curves[name].mean(axis=0)
    second.plot(range(1, EPOCHS + 1), mean, marker=marker, markersize=4, label=name)
    spread = curves[name].min(axis=0), curves[name].max(axis=0)
    second.fill_between(range(1, EPOCHS + 1), *spread, alpha=0.25)
first.set(
    xlabel="weights into layer",
    ylabel="length of the gradient",
    title="Six sigmoid layers, at the start",
)
first.legend(title="batch normalization", fontsize="small")
second.set(xlabel="epoch", ylabel="training loss", title="Each at its best rate")
for k, ((_, name), rates) in enumerate(largest.items()):
    color = f"C{list(WAYS).index(name)}"
    third.plot(rates, np.full(len(rates), k), "o", color=color, alpha=0.5)
    third.plot(stats.gmean(rates), k, "k|", markersize=16)
third.set(
    yticks=range(len(largest)),
    yticklabels=[" ".join(key) for key in largest],
    ylim=(len(largest) - 0.5, -0.5),
    xscale="log",
    xticks=[1, 2, 5, 10, 20],
    xticklabels=[1, 2, 5, 10, 20],
    xlabel="learning rate",
    title="Largest rate with which the loss falls",
)
for k, (name, marker) in enumerate(
    [("without", "o"), ("before", "s"), ("before, statistics anew", "D")]
):
    values = light[:, :, k]
    half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    fourth.errorbar(
        np.arange(len(LIGHTS)) + 0.15 * (k - 1),
        values.mean(axis=0),
        half,
        fmt=marker,
        capsize=3,
        color=("C0", "C1", "C3")[k],
        label=name,
    )
third.minorticks_off()
fourth.set(
    xticks=range(len(LIGHTS)),
    xticklabels=[name.replace(" ", "\n", 1) for name in LIGHTS],
    ylabel="test accuracy",
    ylim=(0, 1),
    title="Tested in another light",
)
fourth.legend(loc="lower left", fontsize="small")
plt.show()
