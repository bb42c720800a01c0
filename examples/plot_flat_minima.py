"""
Flat against sharp minima: what the size of the batch does
==========================================================

Small batches are said to end in flat minima and large ones in sharp ones, which predict
worse (Keskar et al., 2017). Networks on 400 digits start from the same weights and are
trained, with batches of several sizes and at several learning rates, to exactly the
same training loss. Then the leading eigenvalue and the trace of the Hessian tell how
sharp the place is, and other digits how well it predicts, over ten splits. No network
is at a minimum in the strict sense: that is at infinite weights.

A word of caution: sharpness depends on how a function is written down. In a network of
relu units the weights into the units may be multiplied by a number and those out of
them divided by it, without any change of what it predicts; the eigenvalues change all
the same (Dinh et al., 2017). That is shown too. With tanh units, as in the comparison,
there is no such freedom, but sharpness alone remains no reason to predict well.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from scipy.optimize import brentq
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skregnet import MLPClassifier
from skregnet.curvature import HessianOperator, eigenvalues, taylor_estimate, trace

# Training ends by the loss.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
N_TRAIN = 400
REACHED = 0.02

X, y = load_digits(return_X_y=True)
X = X / 16


def vector_of(mlp):
    """Return all parameters, in the order of `skregnet.curvature`."""
    arrays = [*mlp.coefs_, *mlp.intercepts_]
    return np.concatenate([array.ravel() for array in arrays])


def put(mlp, vector):
    """Give a network other parameters."""
    start = 0
    for array in [*mlp.coefs_, *mlp.intercepts_]:
        array[...] = vector[start : start + array.size].reshape(array.shape)
        start += array.size


class StopBelow:
    """Callback that ends training once the loss on the training rows is low enough."""

    def __init__(self):
        self.before = self.after = None

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, _, context, *, X, y, fitted_estimator):
        if context.task_name != "epoch":
            return False
        self.before, self.after = self.after, vector_of(fitted_estimator)
        right = fitted_estimator.predict_proba(X)[np.arange(len(y)), y]
        return -np.log(right).mean() < REACHED


def trained(X_train, y_train, seed, batch_size, rate, activation="tanh"):
    """Return a network whose training loss is the one to be reached."""
    stop = StopBelow()
    mlp = MLPClassifier(
        (16,),
        activation=activation,
        solver="sgd",
        momentum=0.0,
        batch_size=batch_size,
        learning_rate_init=rate,
        max_iter=4_000,
        n_iter_no_change=np.inf,
        alpha=0.0,
        random_state=seed,
    )
    mlp.set_callbacks(stop).fit(X_train, y_train)
    # The last epoch, shortened to where the loss is crossed.
    step = stop.after - stop.before

    def excess(size):
        return (
            taylor_estimate(
                mlp, X_train, y_train, step, sizes=size, parameters=stop.before
            ).actual
            - REACHED
        )

    put(mlp, stop.before + brentq(excess, 0, 1) * step)
    return mlp


def sharpness(mlp, X_train, y_train):
    """Return the largest eigenvalue, and the trace."""
    operator = HessianOperator(mlp, X_train, y_train)
    return eigenvalues(operator, 1, "LA", tol=1e-3)[0], trace(operator)


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


# %%
# The first is what the others are compared with. Of all rows at once, 2 is about the
# largest rate with which the loss falls.

BASE, FAST = "all rows, rate 0.5", "all rows, rate 2"
TWENTY, FIVE = "batches of 20, rate 0.5", "batches of 5, rate 0.5"
SLOW = "batches of 5, rate 0.1"
WAYS = {
    BASE: (N_TRAIN, 0.5),
    FAST: (N_TRAIN, 2.0),
    TWENTY: (20, 0.5),
    FIVE: (5, 0.5),
    SLOW: (5, 0.1),
}
MEASURES = ("eigenvalue", "trace", "accuracy", "test loss")
PLACES = np.linspace(-0.5, 1.5, 41)

results = {name: [] for name in WAYS}
profiles, rescaled = [], []
for seed in SEEDS:
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=N_TRAIN, stratify=y, random_state=seed
    )
    ends = {}
    for name, (batch_size, rate) in WAYS.items():
        mlp = ends[name] = trained(X_train, y_train, seed, batch_size, rate)
        predicted = mlp.predict_proba(X_test)
        scores = mlp.score(X_test, y_test), log_loss(y_test, predicted)
        results[name].append((*sharpness(mlp, X_train, y_train), *scores))
    # The loss on the line from one to the other, and beyond.
    small, large = ends[FIVE], ends[BASE]
    line = vector_of(large) - vector_of(small)
    profiles.append(taylor_estimate(small, X_train, y_train, line, sizes=PLACES).actual)
    # The same function, written down in another way.
    relu = trained(X_train, y_train, seed, 20, 0.1, "relu")
    before, probabilities = sharpness(relu, X_train, y_train)[0], relu.predict_proba(X)
    relu.coefs_[0] *= 4
    relu.intercepts_[0] *= 4
    relu.coefs_[1] /= 4
    change = np.abs(relu.predict_proba(X) - probabilities).max()
    rescaled.append((before, sharpness(relu, X_train, y_train)[0], change))

found = {name: np.array(values) for name, values in results.items()}

# %%
# Means over the splits, and paired differences with their 95 % intervals. There are
# sixteen of these: where one just leaves out zero, that may be chance.

print(f"{N_TRAIN} digits, training loss {REACHED}, {len(SEEDS)} splits\n")
print(f"{'':<26}eigenvalue   trace   accuracy   test loss")
for name, values in found.items():
    largest, total, accuracy, loss = values.mean(axis=0)
    print(f"{name:<26}{largest:10.3f}{total:8.2f}{accuracy:11.4f}{loss:12.4f}")


def compare(name, other, measure):
    """Return the ends of the interval of a paired difference, with a line on it."""
    k = MEASURES.index(measure)
    mean, low, high = interval(found[name][:, k] - found[other][:, k])
    word = "lower" if high < 0 else "higher" if low > 0 else "not shown"
    return low, high, f"{mean:+9.4f}   {low:+.4f} to {high:+.4f}: {word}"


print(f"\nDifference to {BASE}, and its 95 % interval")
for measure in MEASURES:
    for name in list(WAYS)[1:]:
        print(f"  {measure:<12}{name:<24}{compare(name, BASE, measure)[-1]}")

small_batches = [compare(name, BASE, "eigenvalue") for name in (FIVE, TWENTY)]
holds = "holds" if all(high < 0 for _, high, _ in small_batches) else "not shown"
print(f"\nSmall batches end in flatter places, at the same rate: {holds}")
low, high, _ = compare(FAST, SLOW, "eigenvalue")
holds = "the reverse" if high < 0 else "holds" if low > 0 else "not shown"
print(f"Whatever the rates, {SLOW} against {FAST}: {holds}")
ranks = [
    stats.spearmanr(*np.array([values[k, [0, 2]] for values in found.values()]).T)
    for k in range(len(SEEDS))
]
mean, low, high = interval([rank.statistic for rank in ranks])
holds = "holds" if high < 0 else "the reverse" if low > 0 else "not shown"
print(
    "Flatter places predict better, by the rank correlation of eigenvalue and accuracy"
)
print(f"within a split, {mean:+.2f}, {low:+.2f} to {high:+.2f}: {holds}")
before, after, change = np.transpose(rescaled)
mean, low, high = np.exp(interval(np.log(after / before)))
print("\nA relu network, its weights into the units times 4, out of them divided by 4:")
print(
    f"probabilities change by {change.max():.1g} at most, the largest eigenvalue is "
    f"multiplied by\n{mean:.1f}, {low:.1f} to {high:.1f}"
)

# %%
# Left, the largest eigenvalue and the accuracy, which is taken from the mean of its
# split, and the means of each way. Right, the loss on the line between two networks of
# a split.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
centre = np.mean([values[:, 2] for values in found.values()], axis=0)
for k, (name, values) in enumerate(found.items()):
    largest, accuracy = values[:, 0], values[:, 2] - centre
    left.plot(largest, accuracy, "o", color=f"C{k}", alpha=0.35, markersize=5)
    left.plot(
        largest.mean(),
        accuracy.mean(),
        "os^Dv"[k],
        color=f"C{k}",
        markeredgecolor="black",
        markersize=10,
        label=name,
    )
left.axhline(0, color="black", linewidth=0.8, linestyle=":")
left.set(
    xlabel="largest eigenvalue: flat to sharp",
    ylabel="test accuracy, from the mean of the split",
    title=f"At a training loss of {REACHED}",
    ylim=(None, 1.9 * np.max([values[:, 2] - centre for values in found.values()])),
)
left.legend(fontsize="small", ncols=2, loc="upper center")
right.plot(PLACES, np.transpose(profiles), color="#1f6f8b", alpha=0.5)
for place in (0, 1):
    right.axvline(place, color="black", linewidth=0.8, linestyle=":")
right.set(
    yscale="log",
    yticks=[0.02, 0.05, 0.1, 0.2],
    yticklabels=["0.02", "0.05", "0.1", "0.2"],
    xlabel=f"0: {FIVE};  1: {BASE}",
    ylabel="training loss",
    title="On the line between the two",
)
right.minorticks_off()
plt.show()
