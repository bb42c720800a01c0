"""
Adversarial training: learning from cases that mislead
======================================================

The lecture: new cases are made "by mutating old cases in ways that maximize the chance
that the net will misclassify the new case", each feature moved by a small number times
the loss's derivative by it; "train on the new cases -> increased generality." Networks
learn digits with and without such cases, over ten splits. Moved are inputs along the
gradient as it is, as the lecture has it; along its signs; or along it by one distance.

A move up the loss misleads a network far more than one of the same length in a random
direction. With the gradient as it is, most images hardly move, for where a network is
sure its loss is flat. Networks that have learned from moved images withstand moves up
to twice as long better; three times as long, none withstands. And increased generality
holds: accuracy on clean images that were not seen in training rises, with each of the
three ways and for each number of images to learn from, by about a point in a hundred.
Noise of the same length does nothing for it.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skregnet import MLPClassifier, adversarial_examples
from skregnet.augmentation import GaussianNoise, RandomApply

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
SIZES = [100, 200, 700]
LENGTH = 0.5

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)

# Noise moves half of the images, by about as much: the Euclidean length of 64 numbers
# is 8 times their standard deviation. Adversaries are half of the loss.
NOISE = RandomApply(GaussianNoise(LENGTH / 8, relative=False), probability=0.5)
WAYS = {
    "none": {},
    "gradient, step 1": {"adversarial_step": 1.0, "adversarial_norm": "gradient"},
    "signs, step 0.1": {"adversarial_step": 0.1, "adversarial_norm": "sign"},
    f"length {LENGTH}": {"adversarial_step": LENGTH, "adversarial_norm": "l2"},
    f"noise of length {LENGTH}": {"augmenter": NOISE},
}
NONE, GRADIENT, SIGNS, UNIT, NOISY = WAYS


def split(seed, size):
    """Return images to learn from and others, and their digits."""
    return train_test_split(X, y, train_size=size, stratify=y, random_state=seed)


def trained(seed, size, parameters):
    """Return a network."""
    X_train, _, y_train, _ = split(seed, size)
    network = MLPClassifier(
        hidden_layer_sizes=(64,),
        batch_size=50,
        learning_rate_init=0.005,
        max_iter=100,
        n_iter_no_change=np.inf,
        alpha=0.0,
        random_state=seed,
        **parameters,
    )
    return network.fit(X_train, y_train)


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def verdict(differences):
    """Return a line on whether differences, of which each should be above 0, are."""
    mean, low, high = interval(differences)
    holds = "holds" if low > 0 else "the reverse" if high < 0 else "not shown"
    return f"{mean:+.4f}   {low:+.4f} to {high:+.4f}: {holds}"


networks = {
    size: {
        name: [trained(seed, size, parameters) for seed in SEEDS]
        for name, parameters in WAYS.items()
    }
    for size in SIZES
}

# %%
# Moves that mislead: images not seen in training, moved up the loss by some length, and
# by the same length in a random direction. Pixels stay between white and black.

SIZE = SIZES[-1]
LENGTHS = [0.0, 0.25, 0.5, 1.0, 1.5]


def attacked(name, seed, length, iterations=1):
    """Return the accuracy on moved images."""
    _, images, _, digits = split(seed, SIZE)
    network = networks[SIZE][name][seed]
    moved = adversarial_examples(
        network, images, digits, length, "l2", iterations, bounds=(0, 1)
    )
    return network.score(moved, digits)


def disturbed(seed, length):
    """Return the accuracy on images moved in random directions."""
    _, images, _, digits = split(seed, SIZE)
    steps = np.random.default_rng(seed).standard_normal(images.shape)
    steps *= length / np.linalg.norm(steps, axis=1, keepdims=True)
    moved = np.clip(images + steps, 0, 1)
    return networks[SIZE][NONE][seed].score(moved, digits)


def distances(seed, step):
    """Return how far images move along the gradient as it is, and the accuracy."""
    _, images, _, digits = split(seed, SIZE)
    network = networks[SIZE][NONE][seed]
    moved = adversarial_examples(network, images, digits, step, bounds=(0, 1))
    lengths = np.linalg.norm(moved - images, axis=1)
    return np.median(lengths), np.quantile(lengths, 0.95), network.score(moved, digits)


adversarial = {
    name: np.array(
        [[attacked(name, seed, length) for seed in SEEDS] for length in LENGTHS]
    )
    for name in WAYS
}
at_random = np.array(
    [[disturbed(seed, length) for seed in SEEDS] for length in LENGTHS]
)

print(f"{SIZE} digits to learn from, {len(SEEDS)} splits: accuracy on moved images")
print("\nlength   up the loss   at random      more misled   95 % interval")
for k, length in enumerate(LENGTHS[1:], start=1):
    up, random = adversarial[NONE][k], at_random[k]
    print(
        f"{length:6}{up.mean():14.3f}{random.mean():12.3f}{'':9}{verdict(random - up)}"
    )
print("\nalong the gradient as it is      moved: median   95 %   accuracy")
for step in (0.1, 1.0, 10.0):
    median, most, accuracy = np.mean([distances(seed, step) for seed in SEEDS], axis=0)
    print(f"  step {step:<26}{median:14.4f}{most:7.2f}{accuracy:11.3f}")

# %%
# After adversarial training, against moves up the loss of the network itself. Ten small
# steps, each along the gradient at the point reached, make a stronger attack.

ATTACKS = [f"{length}" for length in LENGTHS] + [f"{LENGTH}, ten steps"]
for name in WAYS:
    ten = [attacked(name, seed, LENGTH, iterations=10) for seed in SEEDS]
    adversarial[name] = np.vstack([adversarial[name], ten])
print(
    f"\n{'accuracy at length':<20}"
    + "".join(f"{name:>8}" for name in ATTACKS[:-1])
    + f"   {ATTACKS[-1]}"
)
for name, values in adversarial.items():
    *means, last = values.mean(axis=1)
    line = "".join(f"{mean:8.3f}" for mean in means)
    print(f"{name:<20}{line}{last:11.3f}")
print(f"\n{'gain against none':<22}length           95 % interval")
for name in list(WAYS)[1:]:
    for k in (2, 3, len(ATTACKS) - 1):
        gain = adversarial[name][k] - adversarial[NONE][k]
        print(f"{name:<22}{ATTACKS[k]:<15}{verdict(gain)}")

# %%
# "Increased generality": accuracy on clean images, paired within splits.

clean = {
    size: {
        name: np.array(
            [
                network.score(split(seed, size)[1], split(seed, size)[3])
                for seed, network in zip(SEEDS, members, strict=True)
            ]
        )
        for name, members in by_way.items()
    }
    for size, by_way in networks.items()
}
print("\nclean images, learned from   accuracy            gain   95 % interval")
for size, by_way in clean.items():
    for name, values in by_way.items():
        line = f"{size:5}, {name:<20}{values.mean():10.3f} +-{values.std(ddof=1):.3f}"
        if name != NONE:
            line += f"   {verdict(values - by_way[NONE])}"
        print(line)
print("\nlength against noise of that length")
for size, by_way in clean.items():
    print(f"{size:5}{'':33}{verdict(by_way[UNIT] - by_way[NOISY])}")

# %%
# Left, with 95 % intervals of the means. Right, images of the first split, moved up the
# loss of the network without adversarial training, which then takes them for others.

figure = plt.figure(figsize=(12, 4.4), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=[1, 1.1])
ax = left.subplots()
half_width = stats.t.ppf(0.975, len(SEEDS) - 1)
curves = {name: values[: len(LENGTHS)] for name, values in adversarial.items()}
curves["none, moved at random"] = at_random
styles = ["o-", "s-", "^-", "D-", "v--", "o:"]
for (name, values), style in zip(curves.items(), styles, strict=True):
    ax.errorbar(
        LENGTHS,
        values.mean(axis=1),
        stats.sem(values, axis=1) * half_width,
        fmt=style,
        color="C0" if "random" in name else None,
        markersize=5,
        capsize=2,
        label=name,
    )
ax.set(
    xlabel="length of the move up the loss",
    ylabel="accuracy",
    title=f"Moved images, {SIZE} digits to learn from",
    ylim=(0, 1.02),
)
ax.legend(title="trained with", fontsize="small", loc="lower left")

plain, robust = (networks[SIZE][name][0] for name in (NONE, UNIT))
_, images, _, digits = split(0, SIZE)
moved = adversarial_examples(plain, images, digits, LENGTH, "l2", bounds=(0, 1))
is_misled = (plain.predict(images) == digits) & (plain.predict(moved) != digits)
shown = [np.flatnonzero(is_misled & (digits == k))[0] for k in (1, 3, 5, 7, 9)]
rows = {
    "clean": images[shown],
    "the move": moved[shown] - images[shown],
    "moved": moved[shown],
}
grid = right.subplots(3, len(shown))
right.suptitle(f"Moved by {LENGTH}, and what networks take them for")
for line, (name, pictures) in zip(grid, rows.items(), strict=True):
    line[0].set_ylabel(name)
    for cell, picture_ in zip(line, pictures, strict=True):
        is_move = name == "the move"
        cell.imshow(
            picture_.reshape(8, 8),
            cmap="coolwarm" if is_move else "gray_r",
            vmin=-0.2 if is_move else 0,
            vmax=0.2 if is_move else 1,
        )
        cell.set(xticks=[], yticks=[])
        if not is_move:
            guesses = (int(net.predict(picture_[None])[0]) for net in (plain, robust))
            cell.set_xlabel(f"none: {{}}\n{UNIT}: {{}}".format(*guesses), fontsize=8)
plt.show()
