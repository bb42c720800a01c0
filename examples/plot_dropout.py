"""
Dropout: larger weights, scaled, and what they are worth
========================================================

The lecture: with dropout "each connection has more significance and thus needs (and
achieves by learning) a higher magnitude"; "prior to testing, multiply all weights by
(1 - p_h)"; it is "similar to bagging, with each model = a submodel of entire NN"; and
rates are between 0.2 and 0.5, "lower for input than hidden layers". Networks of 128
units learn from few digits, with several rates, over fifteen splits.

skregnet divides by 1 - p in training what the lecture multiplies by 1 - p before
testing. Shown is that both are one: with any nodes dropped, with weights that are
larger by 1 / (1 - p), the lecture's form puts out the same, and so it does at the end.
Weights out of nodes that are dropped become larger as claimed, in the lecture's form
and in nearly all cases, by less, still after its scaling. The vote of fifty submodels
is better than a submodel, and the scaled network is as good as that vote or better.

Dropout of hidden units alone raises accuracy on other digits a little, by up to half a
point in a hundred, with nearly all numbers of digits to learn from. Dropped inputs are
not shown to help here, and do harm where digits are few. Rates are better lower for
inputs than for hidden units, as the lecture has it.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import special, stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skregnet import MLPClassifier

# All networks run the same number of steps.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(15)
SIZES = [50, 100, 200, 400]
BATCH = 50
STEPS = 800
# Rates of inputs and of hidden units.
RATES = [(0.0, 0.0), (0.0, 0.2), (0.0, 0.5), (0.2, 0.0), (0.2, 0.5), (0.5, 0.2)]

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)


def split(seed, size):
    """Return images to learn from and others, and their digits."""
    return train_test_split(X, y, train_size=size, stratify=y, random_state=seed)


def trained(seed, size, rates):
    """Return a network."""
    X_train, _, y_train, _ = split(seed, size)
    network = MLPClassifier(
        hidden_layer_sizes=(128,),
        batch_size=BATCH,
        learning_rate_init=0.005,
        max_iter=STEPS // -(-size // BATCH),
        n_iter_no_change=np.inf,
        alpha=0.0,
        input_dropout=rates[0],
        dropout=rates[1],
        random_state=seed,
    )
    return network.fit(X_train, y_train)


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def verdict(differences, digits=4):
    """Return a line on whether differences, of which each should be above 0, are."""
    mean, low, high = interval(differences)
    holds = "holds" if low > 0 else "the reverse" if high < 0 else "not shown"
    return f"{mean:+.{digits}f}   {low:+.{digits}f} to {high:+.{digits}f}: {holds}"


networks = {
    size: {rates: [trained(seed, size, rates) for seed in SEEDS] for rates in RATES}
    for size in SIZES
}

# %%
# Scaling. The lecture's weights are those out of the nodes that may be dropped, divided
# by 1 - p. While training they are used as they are, with nodes clamped to 0; before
# testing they are multiplied by 1 - p. The other form leaves weights alone and divides,
# while training, what the nodes put out.

SIZE, BOTH = 200, (0.2, 0.5)


def outputs(inputs, coefs, intercepts, masks, scales=(1.0, 1.0)):
    """Return what comes out before softmax, of a network with nodes clamped to 0."""
    hidden = inputs * masks[0] * scales[0] @ coefs[0] + intercepts[0]
    hidden = np.maximum(hidden, 0) * masks[1] * scales[1]
    return hidden @ coefs[1] + intercepts[1]


def masks_of(rates, n_rows, rng):
    """Return masks of inputs and hidden units, drawn for each row."""
    units = zip(rates, (X.shape[1], 128), strict=True)
    return [rng.random((n_rows, count)) >= rate for rate, count in units]


def compare_forms(seed):
    """Return the largest differences between both forms, in training and testing."""
    network = networks[SIZE][BOTH][seed]
    images = split(seed, SIZE)[1].astype(float)
    coefs = [coef.astype(float) for coef in network.coefs_]
    biases = network.intercepts_
    kept = [1 - rate for rate in BOTH]
    lecture = [coef / keep for coef, keep in zip(coefs, kept, strict=True)]
    masks = masks_of(BOTH, len(images), np.random.default_rng(seed))
    in_training = outputs(images, coefs, biases, masks, [1 / keep for keep in kept])
    clamped = outputs(images, lecture, biases, masks)
    scaled = [coef * keep for coef, keep in zip(lecture, kept, strict=True)]
    tested = special.softmax(outputs(images, scaled, biases, (1, 1)), axis=1)
    return (
        np.abs(in_training - clamped).max(),
        np.abs(in_training).max(),
        np.abs(tested - network.predict_proba(images)).max(),
    )


differences, largest, at_test = np.max([compare_forms(seed) for seed in SEEDS], axis=0)
print(f"Dropout {BOTH[0]} of inputs and {BOTH[1]} of hidden units, {SIZE} digits")
print(f"training, outputs of both forms:  they differ by at most {differences:.1g}")
print(f"                                  of up to {largest:.0f}")
print(f"testing, scaled and predict_proba: they differ by at most {at_test:.1g}")
agree = differences < 1e-9 * largest and at_test < 1e-4
print(f"both forms are one, to rounding: {'holds' if agree else 'not shown'}")

# %%
# Submodels: nodes dropped at random, but the same for all images.

N_SUBMODELS = 50


def vote(seed, rates):
    """Return the accuracy of a submodel on average, of their vote, of the network."""
    network = networks[SIZE][rates][seed]
    _, images, _, digits = split(seed, SIZE)
    rng = np.random.default_rng(seed)
    scales = [1 / (1 - rate) for rate in rates]
    probabilities, accuracies = 0, []
    for _ in range(N_SUBMODELS):
        masks = masks_of(rates, 1, rng)
        out = outputs(images, network.coefs_, network.intercepts_, masks, scales)
        probabilities = probabilities + special.softmax(out, axis=1)
        accuracies.append(np.mean(out.argmax(axis=1) == digits))
    return (
        np.mean(accuracies),
        np.mean(probabilities.argmax(axis=1) == digits),
        network.score(images, digits),
    )


print(f"\nSubmodels, {SIZE} digits, {len(SEEDS)} splits: accuracy")
print(f"inputs hidden   a submodel   vote of {N_SUBMODELS}   all nodes, scaled")
for rates in ((0.0, 0.5), BOTH):
    votes = np.array([vote(seed, rates) for seed in SEEDS])
    single, together, whole = votes.mean(axis=0)
    print(f"{rates[0]:6}{rates[1]:7}{single:13.3f}{together:14.3f}{whole:20.3f}")
    print(f"  vote above a submodel:   {verdict(votes[:, 1] - votes[:, 0])}")
    low, high = interval(votes[:, 2] - votes[:, 1])[1:]
    alike = "holds" if max(-low, high) < 0.005 else "not shown"
    print(f"  all nodes within 0.005 of the vote, {low:+.4f} to {high:+.4f}: {alike}")

# %%
# Weights: mean magnitudes, as ratios to those without dropout in the same split, with
# the 95 % intervals of their geometric means.


def ratio(rates, layer, lecture):
    """Return a line on how much larger weights are than without dropout."""
    logs = [
        np.log(
            np.abs(network.coefs_[layer]).mean() / np.abs(plain.coefs_[layer]).mean()
        )
        for network, plain in zip(
            networks[SIZE][rates], networks[SIZE][0.0, 0.0], strict=True
        )
    ]
    if lecture:
        logs = np.subtract(logs, np.log(1 - rates[layer]))
    mean, low, high = np.exp(interval(logs))
    holds = "holds" if low > 1 else "the reverse" if high < 1 else "not shown"
    return f"x {mean:.2f}   {low:.2f} to {high:.2f}: {holds}"


print(f"\nMagnitude of weights against no dropout, {SIZE} digits: are they larger?")
print("inputs hidden   weights       in training, lecture's form    scaled by 1 - p")
for rates in RATES[1:]:
    for layer, weights in enumerate(("from inputs", "from hidden")):
        if rates[layer]:
            trained_so, scaled = (ratio(rates, layer, form) for form in (True, False))
            print(f"{rates[0]:6}{rates[1]:7}   {weights:<14}{trained_so:<31}{scaled}")

# %%
# Accuracy on digits not seen in training, against none, paired within splits.

scores = {
    size: {
        rates: np.array(
            [
                network.score(split(seed, size)[1], split(seed, size)[3])
                for seed, network in zip(SEEDS, members, strict=True)
            ]
        )
        for rates, members in by_rates.items()
    }
    for size, by_rates in networks.items()
}
print(f"\nAccuracy, {len(SEEDS)} splits\n")
print("digits  inputs hidden  accuracy            gain   95 % interval")
for size, by_rates in scores.items():
    for rates, values in by_rates.items():
        line = f"{size:6}{rates[0]:8}{rates[1]:7}{values.mean():10.3f}"
        line += f" +-{values.std(ddof=1):.3f}"
        if any(rates):
            line += f"   {verdict(values - by_rates[0.0, 0.0])}"
        print(line)
print("\nA lower rate for inputs, (0.2, 0.5) above (0.5, 0.2)")
for size, by_rates in scores.items():
    print(f"{size:6}   {verdict(by_rates[0.2, 0.5] - by_rates[0.5, 0.2])}")

# %%
# Left, gains with 95 % intervals. Right, the weights out of hidden units in all splits.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
half_width = stats.t.ppf(0.975, len(SEEDS) - 1)
for k, (rates, marker) in enumerate(zip(RATES[1:], "os^Dv", strict=True)):
    gains = np.array([scores[size][rates] - scores[size][0.0, 0.0] for size in SIZES])
    left.errorbar(
        np.array(SIZES) * 1.03 ** (k - 2),
        gains.mean(axis=1),
        stats.sem(gains, axis=1) * half_width,
        marker=marker,
        markersize=5,
        capsize=2,
        label=f"{rates[0]}, {rates[1]}",
    )
left.axhline(0, color="black", linewidth=0.8)
left.set(
    xscale="log",
    xlabel="digits to learn from",
    ylabel="accuracy gained",
    title="Against no dropout",
    ylim=(-0.058, None),
)
left.set_xticks(SIZES, SIZES)
left.minorticks_off()
left.legend(
    title="rate of inputs, hidden", fontsize="small", loc="lower center", ncols=3
)
bins = np.linspace(-2, 2, 81)
for rates, scale, label in (
    ((0.0, 0.0), 1.0, "no dropout"),
    ((0.0, 0.5), 1.0, "0.5, scaled for testing"),
    ((0.0, 0.5), 2.0, "0.5, in training, lecture's form"),
):
    weights = [network.coefs_[1].ravel() for network in networks[SIZE][rates]]
    right.hist(
        scale * np.concatenate(weights),
        bins=bins,
        density=True,
        histtype="step",
        linewidth=1.4,
        label=label,
    )
right.set(
    xlabel="weight",
    ylabel="density",
    title=f"Weights out of hidden units, {SIZE} digits",
    ylim=(0, 2),
)
right.legend(fontsize="small", loc="upper right")
plt.show()
