"""
Bias falls and variance rises along training
============================================

The lecture, under "Definition of Regularization": excessive training exemplifies the
"tradeoff between bias and variance: an NN with low bias (i.e. training error) has
trouble reducing variance (i.e. test error)", and regularization is to produce low bias
and low variance. Networks are fitted to resampled training sets of the diabetes data,
for more and more epochs, and their squared error on other patients is taken apart, over
ten splits.

Variance is least after about eight epochs. Before, it is the initial weights that
differ; from there on it rises, as the lecture says. The measured bias falls in the
first epochs only, and then rises as well. Bootstrap samples are a reason: they share
most patients and the noise of their targets, which counts as bias. So the targets are
then replaced by a known function of the same features, with fresh noise for each
training set. The bias now falls to about nothing and stays there, while the variance
rises and the training error falls all the way.

The L2 penalty, dropout and early stopping take away most of the variance that long
training brings, and none of them has more bias for it, except for too strong a penalty.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from skregnet import MLPRegressor
from skregnet.callbacks import ParameterPath
from skregnet.inspection import bias_variance

# Networks run the number of epochs that is asked for.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
EPOCHS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
N_ROUNDS = 16

X, y = load_diabetes(return_X_y=True)
X, y = scale(X).astype(np.float32), scale(y)


def network(epochs, **parameters):
    """Return a network without regularizers but those given."""
    settings = {"alpha": 0.0, "n_iter_no_change": np.inf, **parameters}
    return MLPRegressor(
        hidden_layer_sizes=(20,),
        batch_size=50,
        learning_rate_init=0.01,
        max_iter=epochs,
        **settings,
    )


def decompose(seed, epochs, **parameters):
    """Return bias (with the noise of the targets), variance and loss of a split."""
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    found = bias_variance(
        network(epochs, **parameters),
        X_train,
        y_train,
        X_test,
        y_test,
        n_rounds=N_ROUNDS,
        random_state=seed,
    )
    return found.bias, found.variance, found.loss


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def verdict(differences):
    """Return a line on whether differences, of which each should be above 0, are."""
    mean, low, high = interval(differences)
    holds = "holds" if low > 0 else "the reverse" if high < 0 else "not shown"
    return f"{mean:+.3f}   {low:+.3f} to {high:+.3f}: {holds}"


# %%
# Bootstrap samples of real data. Differences are paired within splits; the intervals
# hold their means with 95 %.

parts = np.array([[decompose(seed, epochs) for epochs in EPOCHS] for seed in SEEDS])
bias, variance, loss = parts.mean(axis=0).T
least_bias, least_variance, least_loss = (
    int(np.argmin(values)) for values in (bias, variance, loss)
)

print(f"Diabetes, bootstrap samples, {len(SEEDS)} splits, means\n")
print("epochs   bias^2 + noise of y   variance    loss")
for k, epochs in enumerate(EPOCHS):
    print(f"{epochs:6}{bias[k]:22.3f}{variance[k]:11.3f}{loss[k]:8.3f}")

LAST = len(EPOCHS) - 1
print("\nDifferences                           mean   95 % interval")
rows = [
    ("bias falls", 0, least_bias, parts[:, :, 0]),
    ("bias falls", least_bias, LAST, parts[:, :, 0]),
    ("variance rises", 0, least_variance, -parts[:, :, 1]),
    ("variance rises", least_variance, LAST, -parts[:, :, 1]),
    ("loss rises", least_loss, LAST, -parts[:, :, 2]),
]
for text, start, end, falling in rows:
    line = f"{text}, epochs {EPOCHS[start]} to {EPOCHS[end]}"
    print(f"{line:<35}{verdict(falling[:, start] - falling[:, end])}")

# %%
# The same features, with targets that are a known function of them, which a smooth
# regression has found in the data, and noise as large as what that leaves over. Each
# network has noise and initial weights of its own. The bias is corrected for the finite
# number of networks, and may come out below 0.

N_SETS = 8
REPEATS = range(5)

smooth = KernelRidge(alpha=1.0, kernel=RBF(5.0)).fit(X, y)
truth = smooth.predict(X)
NOISE = np.std(y - truth)


def known(repeat):
    """Return bias, variance and training error by epochs, of independent sets."""
    train, test = train_test_split(np.arange(len(X)), random_state=repeat)
    rng = np.random.default_rng(repeat)
    outputs, errors = [], []
    for member in range(N_SETS):
        path = ParameterPath()
        noisy = truth[train] + NOISE * rng.standard_normal(len(train))
        mlp = network(EPOCHS[-1], random_state=1_000 * repeat + member)
        mlp.set_callbacks(path).fit(X[train], noisy)
        stages = [at(mlp, path.vectors_[epochs - 1]) for epochs in EPOCHS]
        outputs.append([stage[test] for stage in stages])
        errors.append([np.mean((stage[train] - noisy) ** 2) for stage in stages])
    main = np.mean(outputs, axis=0)
    spread = np.var(outputs, axis=0, ddof=1).mean(axis=1)
    bias = np.mean((main - truth[test]) ** 2, axis=1) - spread / N_SETS
    return bias, spread, np.mean(errors, axis=0)


def at(mlp, vector):
    """Return what a network predicts for all patients with other parameters."""
    start = 0
    for array in [*mlp.coefs_, *mlp.intercepts_]:
        array[...] = vector[start : start + array.size].reshape(array.shape)
        start += array.size
    return mlp.predict(X)


found = np.array([known(repeat) for repeat in REPEATS])
true_bias, true_variance, training = found.mean(axis=0)
lowest = int(np.argmin(true_variance))

print(
    f"\nKnown function, fresh noise of variance {NOISE**2:.3f}, {len(REPEATS)} repeats"
)
print("\nepochs   bias^2   variance   training error")
for k, epochs in enumerate(EPOCHS):
    print(f"{epochs:6}{true_bias[k]:9.3f}{true_variance[k]:11.3f}{training[k]:17.3f}")
print()
early, late = found[:, :, lowest], found[:, :, -1]
comparisons = {
    "bias falls, epochs 1 to {end}": found[:, 0, 0] - late[:, 0],
    "bias falls, epochs {start} to {end}": early[:, 0] - late[:, 0],
    "variance rises, epochs {start} to {end}": late[:, 1] - early[:, 1],
    "training error falls, epochs {start} to {end}": early[:, 2] - late[:, 2],
}
for text, differences in comparisons.items():
    line = text.format(start=EPOCHS[lowest], end=EPOCHS[-1])
    print(f"{line:<38}{verdict(differences)}")

# %%
# What regularizers do after long training, on real data again. Early stopping holds out
# a fifth of each bootstrap sample, in which most rows are those that it trains on.

WAYS = {
    "L2, alpha=1": {"alpha": 1.0},
    "L2, alpha=10": {"alpha": 10.0},
    "L2, alpha=100": {"alpha": 100.0},
    "dropout=0.5": {"dropout": 0.5},
    "early stopping": {
        "early_stopping": True,
        "scoring": "loss",
        "validation_fraction": 0.2,
        "n_iter_no_change": 5,
    },
}
regularized = {
    name: np.array([decompose(seed, EPOCHS[-1], **way) for seed in SEEDS])
    for name, way in WAYS.items()
}
print(f"\n{EPOCHS[-1]} epochs, changes against no regularizer with 95 % intervals\n")
print("                  bias^2 + noise of y      variance                 loss")
for name, values in regularized.items():
    line = f"{name:<16}"
    for part in range(3):
        mean, low, high = interval(values[:, part] - parts[:, LAST, part])
        line += f"  {mean:+.3f} ({low:+.3f}, {high:+.3f})"
    print(line)
print("\n                  variance falls   loss falls   bias")
for name, values in regularized.items():
    (_, low, high), *others = (
        interval(values[:, part] - parts[:, LAST, part]) for part in range(3)
    )
    words = ["holds" if top < 0 else "not shown" for *_, top in others]
    change = "falls" if high < 0 else "rises" if low > 0 else "no change shown"
    print(f"{name:<18}{words[0]:<17}{words[1]:<13}{change}")

# %%
# With 95 % intervals of the means. Right, each point is a way to train for the same
# number of epochs; what lies nearer to the lower left corner has less loss.

figure, (left, middle, right) = plt.subplots(
    1, 3, figsize=(13, 4.2), layout="constrained"
)


def curve(ax, values, label, marker="o"):
    """Draw means with their intervals."""
    mean = values.mean(axis=0)
    half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    ax.plot(EPOCHS, mean, marker=marker, markersize=4, label=label)
    ax.fill_between(EPOCHS, mean - half, mean + half, alpha=0.25)


for part, label in enumerate(["bias² + noise of y", "variance", "loss"]):
    curve(left, parts[:, :, part], label)
for part, label in enumerate(["bias²", "variance", "training error"]):
    curve(middle, found[:, part], label)
middle.axhline(NOISE**2, color="black", linewidth=0.8, linestyle=":", label="noise")
for ax, title in (
    (left, "Diabetes, bootstrap samples"),
    (middle, "Known function, fresh noise"),
):
    ax.set(xscale="log", xlabel="epochs", title=title, ylim=(0, 1.3))
    ax.set_xticks(EPOCHS, EPOCHS)
    ax.minorticks_off()
    ax.legend(fontsize="small", loc="upper center")
    ax.grid(alpha=0.3)
left.set_ylabel("squared error, in variances of y")
points = {"none": parts[:, LAST], **regularized}
for (name, values), marker in zip(points.items(), "os^vDP", strict=True):
    right.plot(
        values[:, 1].mean(),
        values[:, 0].mean(),
        marker,
        linestyle="",
        markersize=9,
        label=name,
    )
right.set(
    xlabel="variance",
    ylabel="bias² + noise of y",
    title=f"Regularizers after {EPOCHS[-1]} epochs",
)
right.grid(alpha=0.3)
right.legend(fontsize="small")
plt.show()
