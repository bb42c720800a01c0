"""
Sparse representations: fewer active units, classes further apart
=================================================================

The lecture penalises hidden activations: "Sparser reps -> better pattern separation
among classes -> better generalization." Networks learn from 200 digits, with penalties
of several kinds and strengths on what their hidden units put out, and the hidden
representations of other digits are measured, over ten splits: the share of the units
that are active, how well the classes are apart, and accuracy.

All penalties make representations sparser. The first arrow holds in part. By the
silhouette classes are further apart on relu units, the sparser the better; on logistic
units a weak penalty does the opposite, and only strong ones of L1 and KL help. By the
ratio of distances between and within classes, only L1 on relu units clearly helps, and
L2 and KL do the opposite. The second arrow is weak: a moderate L1 penalty on relu units
is shown, over twenty more splits, to gain a third of a point in a hundred with 100 or
200 images, not with 50 images and not with L2; and where classes are furthest apart,
accuracy falls.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score
from sklearn.model_selection import train_test_split

from skregnet import MLPClassifier

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
N_TRAIN = 200

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)


def split(seed, size=N_TRAIN):
    """Return images to learn from and others, and their digits."""
    return train_test_split(X, y, train_size=size, stratify=y, random_state=seed)


def trained(seed, activation, penalty, strength, size=N_TRAIN):
    """Return a network."""
    X_train, _, y_train, _ = split(seed, size)
    network = MLPClassifier(
        hidden_layer_sizes=(64,),
        activation=activation,
        batch_size=50,
        # Logistic units learn more slowly.
        learning_rate_init=0.02 if activation == "logistic" else 0.005,
        max_iter=100,
        n_iter_no_change=np.inf,
        alpha=0.0,
        activity_penalty=penalty,
        activity_alpha=strength,
        random_state=seed,
    )
    return network.fit(X_train, y_train)


def measures(seed, activation, penalty="l1", strength=0.0):
    """Return active share, silhouette, ratio of distances, accuracy."""
    _, X_test, _, y_test = split(seed)
    network = trained(seed, activation, penalty, strength)
    hidden = network.hidden_features(X_test)
    means = np.array([hidden[y_test == k].mean(axis=0) for k in range(10)])
    between = np.mean((means[y_test] - hidden.mean(axis=0)) ** 2)
    within = np.mean((hidden - means[y_test]) ** 2)
    return (
        np.mean(hidden > ACTIVE * hidden.max()),
        silhouette_score(hidden, y_test, sample_size=800, random_state=seed),
        between / within,
        network.score(X_test, y_test),
    )


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def word(values):
    """Return whether the mean is shown to be above 0 or below."""
    _, low, high = interval(values)
    return "higher" if low > 0 else "lower" if high < 0 else "not shown"


# %%
# Logistic units are never exactly 0: a unit counts as active where it puts out more
# than a tenth of the most that any unit of the network does. Squared distances between
# classes are those of their means from the mean of all, squared distances within those
# of each image from the mean of its class. Changes are paired within splits; of so
# many, some will be called higher or lower by chance. An L1 penalty of 0.1 would switch
# logistic units off altogether.

ACTIVE = 0.1
MEASURES = ["active", "silhouette", "between/within", "accuracy"]
GRID = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
KINDS = {
    ("relu", "l1"): GRID[:5],
    ("relu", "l2"): GRID[1:],
    ("logistic", "l1"): GRID[:4],
    ("logistic", "l2"): GRID[1:],
    ("logistic", "kl"): GRID[:5],
}
plain = {
    activation: np.array([measures(seed, activation) for seed in SEEDS])
    for activation in ("relu", "logistic")
}
found = {
    (activation, penalty): np.array(
        [
            [measures(seed, activation, penalty, strength) for seed in SEEDS]
            for strength in strengths
        ]
    )
    for (activation, penalty), strengths in KINDS.items()
}


def show(name, strength, values, baseline=None):
    """Print means, and whether the last three are above those without a penalty."""
    line = f"{name:<12}{strength:>7}{values[:, 0].mean():8.1%}"
    for k, digits in ((1, 3), (2, 2), (3, 3)):
        change = "" if baseline is None else word((values - baseline)[:, k])
        line += f"{values[:, k].mean():9.{digits}f} {change:<9}"
    print(line.rstrip())


print(f"{N_TRAIN} digits, {len(SEEDS)} splits; against no penalty: higher or lower\n")
print("units, penalty      active   silhouette         between/within     accuracy")
for activation, baseline in plain.items():
    show(activation, "none", baseline)
    for (units, penalty), table in found.items():
        if units == activation:
            for strength, values in zip(KINDS[units, penalty], table, strict=True):
                show(f"{units}, {penalty}", strength, values, baseline)

# %%
# The arrows: rank correlations, over all strengths and none within a split, with the
# 95 % intervals of their means.


def ranks(activation, penalty, first, second):
    """Return the rank correlation of two measures in each split."""
    table = np.concatenate([plain[activation][None], found[activation, penalty]])
    return [
        stats.spearmanr(table[:, k, first], table[:, k, second]).statistic
        for k in range(len(SEEDS))
    ]


ARROWS = {
    "sparser -> silhouette": (0, 1, -1),
    "sparser -> between/within": (0, 2, -1),
    "silhouette -> accuracy": (1, 3, 1),
    "sparser -> accuracy": (0, 3, -1),
}
print("\nunits, penalty   arrow                      rank correlation")
for activation, penalty in found:
    for arrow, (first, second, sign) in ARROWS.items():
        values = sign * np.array(ranks(activation, penalty, first, second))
        mean, low, high = interval(values)
        holds = "holds" if low > 0 else "the reverse" if high < 0 else "not shown"
        print(
            f"{f'{activation}, {penalty}':<17}{arrow:<27}{mean:+.2f}   "
            f"{max(low, -1):+.2f} to {min(high, 1):+.2f}: {holds}"
        )
gains = {
    (kind, strength): values[:, 3] - plain[kind[0]][:, 3]
    for kind, table in found.items()
    for strength, values in zip(KINDS[kind], table, strict=True)
}
(best, strength), gain = max(gains.items(), key=lambda item: item[1].mean())
mean, low, high = interval(gain)
print(
    f"\nThe greatest of {len(gains)} mean gains of accuracy, {', '.join(best)} "
    f"{strength}: {mean:+.4f}, {low:+.4f} to {high:+.4f}"
)

# %%
# Whether it depends on the number of images to learn from: relu units, and a penalty
# from the middle of those above, over more splits. Networks take the same number of
# epochs, so fewer steps where there are fewer images.

MORE = range(20, 40)
MODERATE = 0.01


def accuracies(size, penalty="l1", strength=0.0):
    """Return the accuracy in each of more splits."""
    scores = []
    for seed in MORE:
        _, X_test, _, y_test = split(seed, size)
        network = trained(seed, "relu", penalty, strength, size)
        scores.append(network.score(X_test, y_test))
    return np.array(scores)


print(f"\nrelu, {len(MORE)} splits   accuracy    gain   95 % interval")
for size in (50, 100, 200):
    baseline = accuracies(size)
    deviation = baseline.std(ddof=1)
    print(f"{size:4} images, none {baseline.mean():9.3f} +-{deviation:.3f}")
    for penalty in ("l1", "l2"):
        values = accuracies(size, penalty, MODERATE)
        mean, low, high = interval(values - baseline)
        holds = "holds" if low > 0 else "the reverse" if high < 0 else "not shown"
        print(
            f"{size:4} images, {penalty} {MODERATE} {values.mean():6.3f} "
            f"+-{values.std(ddof=1):.3f}{mean:+9.4f}   {low:+.4f} to {high:+.4f}: "
            f"{holds}"
        )

# %%
# Left and middle, with 95 % intervals of the means, from no penalty, the larger point,
# to the strongest. Right, hidden representations of 100 digits in the first split.

figure, (left, middle, right) = plt.subplots(
    1, 3, figsize=(13, 4.4), layout="constrained"
)
styles = dict(zip(found, ["o-", "s-", "o--", "s--", "D--"], strict=True))
for k, ((activation, penalty), values) in enumerate(found.items()):
    table = np.concatenate([plain[activation][None], values])
    # Gains of accuracy are those within splits.
    table[:, :, 3] -= plain[activation][:, 3]
    mean = table.mean(axis=1)
    half = stats.sem(table, axis=1) * stats.t.ppf(0.975, len(SEEDS) - 1)
    for ax, measure in ((left, 1), (middle, 3)):
        ax.errorbar(
            mean[:, 0],
            mean[:, measure],
            half[:, measure],
            fmt=styles[activation, penalty],
            color=f"C{k}",
            markersize=5,
            elinewidth=0.8,
            label=f"{activation}, {penalty}",
        )
        ax.plot(
            mean[0, 0], mean[0, measure], "o", color="black", markersize=9, zorder=0
        )
left.set(
    xlabel="share of active units",
    ylabel="silhouette of the classes",
    title="Sparser representations and separation",
)
middle.set(
    xlabel="share of active units",
    ylabel="gain of accuracy",
    title="... and generalization",
)
middle.axhline(0, color="black", linewidth=0.8, linestyle=":")
middle.legend(fontsize="small", loc="lower right")
_, X_test, _, y_test = split(0)
shown = np.concatenate([np.flatnonzero(y_test == k)[:10] for k in range(10)])
images = [
    trained(0, "relu", "l1", strength).hidden_features(X_test[shown])
    for strength in (0.0, 0.03)
]
images = [image / image.max() for image in images]
gap = np.full((len(shown), 4), np.nan)
right.imshow(np.hstack([images[0], gap, images[1]]), cmap="magma_r", aspect="auto")
right.set(
    xticks=[32, 100],
    xticklabels=["no penalty", "l1, 0.03"],
    yticks=range(5, 100, 10),
    yticklabels=range(10),
    ylabel="digit, ten images of each",
    title="64 relu units: dark is active",
)
right.tick_params(length=0)
plt.show()
