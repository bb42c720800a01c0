"""
L1 against L2: a stiffer penalty, exact zeros, features selected
================================================================

The lecture: where most weights have a small absolute value, "as during the initial
phases of typical training runs, L1 imposes a much stiffer penalty"; it "drives many
weights to zero", and "sparsification supports feature selection". And of networks
without a penalty: "Excessive training does reduce training error, but often at the
expense of higher testing error." The wine data have 13 features. Three shuffled copies
of each, which say nothing about the wine, are added, and networks learn from 60 wines,
over twenty splits.

Nearly all weights are below 1 throughout. Early on the L1 penalty is nine times the L2
penalty of the same strength, and less as training goes on. L1 sets most weights to
zero, cuts off most shuffled features and keeps most true ones; L2 sets none to zero.
Both predict better than no penalty, and L1 better than L2 here.

As to selecting features, a network without a penalty is better on those that L1 leaves
than on all. But as many features with the largest weights under L2 hold no fewer true
ones, and serve as well: what L1 has over L2 is that it says how many. Where it predicts
best it leaves more shuffled features than true ones; a stronger penalty leaves fewer.

Once the training error is 0, more training raises the loss on other wines. It does not
raise the share of errors among them, which even falls a little.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from skregnet import MLPClassifier
from skregnet.callbacks import ParameterPath

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(20)
N_TRAIN = 60
EPOCHS = 200

wine, y = load_wine(return_X_y=True)
wine = scale(wine)
N_TRUE = wine.shape[1]
N_SHUFFLED = 3 * N_TRUE


def split(seed):
    """Return features to train and to test on, shuffled copies added, and classes."""
    rng = np.random.default_rng(seed)
    copies = [rng.permuted(wine, axis=0) for _ in range(3)]
    X = np.hstack([wine, *copies]).astype(np.float32)
    return train_test_split(X, y, train_size=N_TRAIN, stratify=y, random_state=seed)


def network(seed, epochs=EPOCHS, **penalty):
    """Return a network, without penalty unless one is given."""
    return MLPClassifier(
        hidden_layer_sizes=(16,),
        batch_size=20,
        learning_rate_init=0.01,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        random_state=seed,
        **{"alpha": 0.0, **penalty},
    )


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def verdict(differences):
    """Return a line on whether differences, of which each should be above 0, are."""
    mean, low, high = interval(differences)
    holds = "holds" if low > 0 else "the reverse" if high < 0 else "not shown"
    return f"{mean:+8.3f}   {low:+.3f} to {high:+.3f}: {holds}"


def at(mlp, vector):
    """Give a network other parameters, and return it."""
    start = 0
    for array in [*mlp.coefs_, *mlp.intercepts_]:
        array[...] = vector[start : start + array.size].reshape(array.shape)
        start += array.size
    return mlp


# %%
# Without a penalty, after some numbers of epochs: errors, losses, and how large weights
# are. At the same alpha the penalties are to each other as the sum of magnitudes to
# half the sum of squares, and their derivatives as 1 to a magnitude.

LONG = 1_000
TIMES = np.array([1, 3, 10, 30, 100, 300, LONG])


def along(seed):
    """Return what there is to know of a network at some times of its training."""
    X_train, X_test, y_train, y_test = split(seed)
    path = ParameterPath()
    mlp = network(seed, LONG).set_callbacks(path).fit(X_train, y_train)
    found = []
    for vector in path.vectors_[TIMES - 1]:
        at(mlp, vector)
        weights = np.abs(np.concatenate([array.ravel() for array in mlp.coefs_]))
        found.append(
            [
                1 - mlp.score(X_train, y_train),
                log_loss(y_train, mlp.predict_proba(X_train)),
                1 - mlp.score(X_test, y_test),
                log_loss(y_test, mlp.predict_proba(X_test)),
                np.mean(weights < 1),
                np.mean(weights),
                np.sum(weights) / (np.sum(weights**2) / 2),
            ]
        )
    return found


paths = np.array([along(seed) for seed in SEEDS])
print(f"{N_TRUE} true features of wine, {N_SHUFFLED} shuffled, {len(SEEDS)} splits,")
print("means without a penalty\n")
print("         training         testing       weights   mean        L1 penalty")
print("epochs   error   loss     error   loss  below 1   magnitude   / L2 penalty")
for epochs, row in zip(TIMES, paths.mean(axis=0), strict=True):
    error, loss, test_error, test_loss, below, magnitude, ratio = row
    print(
        f"{epochs:6}{error:8.3f}{loss:7.3f}{test_error:10.3f}{test_loss:7.3f}"
        f"{below:9.1%}{magnitude:12.3f}{ratio:15.1f}"
    )
training_error, training_loss, error, loss, _, _, ratio = np.moveaxis(paths, 2, 0)
MIDDLE = 3
print(f"\n{'':<45}    mean   95 % interval")
span = f"epochs {TIMES[MIDDLE]} to {LONG}"
lines = {
    "L1 is stiffer at first: ratio - 1": ratio[:, 0] - 1,
    f"and less so later, epochs 1 to {LONG}": ratio[:, 0] - ratio[:, -1],
    f"training loss falls, {span}": training_loss[:, MIDDLE] - training_loss[:, -1],
    f"test loss rises, {span}": loss[:, -1] - loss[:, MIDDLE],
    f"test error rises, {span}": error[:, -1] - error[:, MIDDLE],
}
for text, differences in lines.items():
    print(f"{text:<45}{verdict(differences)}")

# %%
# With penalties of several strengths. What to compare is chosen by the loss of ten
# other splits.

TUNING = range(100, 110)
ALPHAS = [0.01, 0.03, 0.1, 0.3, 1.0, 2.0]


def penalised(seed, alpha, l1_ratio):
    """Return loss, accuracy, share of zeros, and how many features are left."""
    X_train, X_test, y_train, y_test = split(seed)
    mlp = network(seed, alpha=alpha, l1_ratio=l1_ratio).fit(X_train, y_train)
    weights = np.concatenate([array.ravel() for array in mlp.coefs_])
    left = mlp.feature_importances_ > 0
    return (
        log_loss(y_test, mlp.predict_proba(X_test)),
        mlp.score(X_test, y_test),
        np.mean(weights == 0),
        left[:N_TRUE].sum(),
        left[N_TRUE:].sum(),
    )


def results(l1_ratio, seeds, alphas=ALPHAS):
    """Return what `penalised` does, by strength and split."""
    return np.array(
        [[penalised(seed, alpha, l1_ratio) for seed in seeds] for alpha in alphas]
    )


penalties = {"L2": 0.0, "L1": 1.0}
tables = {name: results(ratio, SEEDS) for name, ratio in penalties.items()}
chosen = {
    name: int(np.argmin(results(ratio, TUNING)[:, :, 0].mean(axis=1)))
    for name, ratio in penalties.items()
}
none = results(0.0, SEEDS, [0.0])[0]

print(f"\n{EPOCHS} epochs                                        features left")
print("penalty  alpha   loss   accuracy   zeros       true     shuffled")


def row(name, alpha, values, mark=""):
    """Print means, and standard deviations of what has room for them."""
    loss, accuracy, zeros, true, shuffled = values.mean(axis=0)
    spread = values.std(axis=0, ddof=1)
    print(
        f"{name:<7}{alpha:7}{loss:7.3f}{accuracy:8.3f}{zeros:10.1%}"
        f"{true:9.1f} +-{spread[3]:.1f}{shuffled:8.1f} +-{spread[4]:.1f}{mark}"
    )


row("none", 0.0, none)
for name, table in tables.items():
    for k, alpha in enumerate(ALPHAS):
        row(name, alpha, table[k], "   chosen" if k == chosen[name] else "")
best = {name: tables[name][chosen[name]] for name in penalties}
print(f"\n{'of the chosen':<36}    mean   95 % interval")
for one, other, first, second in (
    ("L2", "none", best["L2"], none),
    ("L1", "none", best["L1"], none),
    ("L1", "L2", best["L1"], best["L2"]),
):
    change = first - second
    print(f"{f'loss: {one} below {other}':<36}{verdict(-change[:, 0])}")
    print(f"{f'accuracy: {one} above {other}':<36}{verdict(change[:, 1])}")
print(f"{'zeros: L1 above L2':<36}{verdict((best['L1'] - best['L2'])[:, 2])}")

# %%
# Features to be used by another network, which has no penalty: those that L1 leaves,
# and as many that have the largest weights under L2. L1 is taken as strong as chosen
# above, and stronger, as one might to have few features. `SelectFromModel` needs a
# threshold: by default it keeps what is above the mean.

STRONG = 1.0
strengths = {"chosen": ALPHAS[chosen["L1"]], "strong": STRONG}


def accuracy_on(columns, seed):
    """Return the accuracy of a network that sees some features only."""
    X_train, X_test, y_train, y_test = split(seed)
    mlp = network(seed).fit(X_train[:, columns], y_train)
    return mlp.score(X_test[:, columns], y_test)


def select(seed, count=None, **penalty):
    """Return the features that the weights of a network select."""
    X_train, _, y_train, _ = split(seed)
    selector = SelectFromModel(
        network(seed, **penalty), threshold=1e-9, max_features=count
    )
    return selector.fit(X_train, y_train).get_support()


def selections(seed):
    """Return shares of true features, and accuracies, by way to select."""
    true = np.arange(N_TRUE + N_SHUFFLED) < N_TRUE
    ways = [np.ones(len(true), dtype=bool), true]
    for alpha in strengths.values():
        by_l1 = select(seed, alpha=alpha, l1_ratio=1.0)
        by_l2 = select(seed, by_l1.sum(), alpha=ALPHAS[chosen["L2"]])
        ways += [by_l1, by_l2]
    return [(true[way].mean(), accuracy_on(way, seed)) for way in ways]


names = ["all", "the true"]
for strength, alpha in strengths.items():
    names += [
        f"L1, {strength} alpha={alpha}: left",
        f"L2: as many, by weight, as {strength}",
    ]
selected = np.array([selections(seed) for seed in SEEDS])
print("\nfeatures                           true ones   accuracy without penalty")
for k, name in enumerate(names):
    share, accuracy = selected[:, k].mean(axis=0)
    deviation = selected[:, k, 1].std(ddof=1)
    print(f"{name:<36}{share:7.1%}{accuracy:11.3f} +-{deviation:.3f}")
share, accuracy = np.moveaxis(selected, 2, 0)
print(f"\n{'left by L1':<45}    mean   95 % interval")
for k, strength in ((2, "chosen"), (4, "strong")):
    for text, differences in {
        "accuracy above that of all": accuracy[:, k] - accuracy[:, 0],
        "accuracy above that by L2": accuracy[:, k] - accuracy[:, k + 1],
        "share of true ones above that by L2": share[:, k] - share[:, k + 1],
    }.items():
        print(f"{f'{strength}: {text}':<45}{verdict(differences)}")

# %%
# Left, with 95 % intervals of the means, losses along training without a penalty and
# how much stiffer L1 is. Right, the first split: all weights into each feature's units.

figure, (left, middle, right) = plt.subplots(
    1, 3, figsize=(13, 4.2), layout="constrained", width_ratios=[1, 1, 1.3]
)


def curve(ax, values, label):
    """Draw means with their intervals."""
    mean = values.mean(axis=0)
    half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    ax.plot(TIMES, mean, marker="o", markersize=4, label=label)
    ax.fill_between(TIMES, mean - half, mean + half, alpha=0.25)


curve(left, training_loss, "training loss")
curve(left, loss, "test loss")
curve(left, error, "test error")
left.set(
    xscale="log",
    ylim=(0, None),
    xlabel="epochs",
    ylabel="loss, or share of errors",
    title="Without a penalty",
)
left.legend()
curve(middle, ratio, None)
middle.axhline(1, color="black", linewidth=0.8, linestyle="--")
middle.annotate("equal", (TIMES[0], 1), (0, 3), textcoords="offset points")
middle.set(
    xscale="log",
    ylim=(0, None),
    xlabel="epochs",
    ylabel="L1 penalty / L2 penalty, at one alpha",
    title="The stiffer penalty",
)
X_train, _, y_train, _ = split(0)
for name, ratio_ in penalties.items():
    mlp = network(0, alpha=ALPHAS[chosen[name]], l1_ratio=ratio_).fit(X_train, y_train)
    right.plot(
        mlp.feature_importances_,
        "os"[name == "L2"],
        markersize=5,
        alpha=0.8,
        label=f"{name}, alpha={ALPHAS[chosen[name]]}",
    )
right.axvspan(-0.5, N_TRUE - 0.5, color="black", alpha=0.08)
right.set(
    xlim=(-0.5, N_TRUE + N_SHUFFLED - 0.5),
    xlabel=f"feature: the {N_TRUE} true ones shaded",
    ylabel="feature_importances_",
    title="Weight of each feature",
)
right.legend()
plt.show()
