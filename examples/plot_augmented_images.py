"""
Augmented images: shifted and rotated digits
============================================

With twenty images of each digit to learn from, a network has not seen how digits may
lie. The lecture's remedy under "Dataset Augmentation" are modified copies: each
minibatch is shifted and rotated afresh, so that no image comes twice the same. Shown is
the accuracy on images that stay as they are, over ten splits.

How much to change is a matter of the images: of eight by eight pixels, a shift by one
is large. Where all images are shifted at random, the network learns a harder task than
the one it is tested on.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from skregnet import MLPClassifier
from skregnet.augmentation import Compose, ImageRotation, ImageShift, RandomApply

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)

X, y = load_digits(return_X_y=True)
# A margin of a pixel, so that a shift cuts nothing off.
images = np.pad(X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1))) / 16
X = images.reshape(len(images), -1).astype(np.float32)

shift = RandomApply(ImageShift(max_shift=1), probability=0.3)
rotation = ImageRotation(max_degrees=15)
ways = {
    "none": None,
    "all shifted": ImageShift(max_shift=1),
    "a third shifted": shift,
    "rotated": rotation,
    "both": Compose([("shift", shift), ("rotation", rotation)]),
}


def accuracy(seed, augmenter):
    """Return the accuracy on the images left, from 20 images a class."""
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=200, stratify=y, random_state=seed
    )
    network = MLPClassifier(
        batch_size=50,
        learning_rate_init=0.003,
        max_iter=200,
        n_iter_no_change=np.inf,
        augmenter=augmenter,
        random_state=seed,
    )
    return network.fit(X_train, y_train).score(X_test, y_test)


scores = {
    name: np.array([accuracy(seed, augmenter) for seed in SEEDS])
    for name, augmenter in ways.items()
}

# %%
# Differences are taken split by split; the interval holds their mean with 95 %.

print(f"20 images a class, {len(SEEDS)} splits\n")
print("augmentation          accuracy      gain   95 % interval")
for name, values in scores.items():
    line = f"{name:<18}{values.mean():8.3f} +-{values.std(ddof=1):.3f}"
    if name != "none":
        gain = values - scores["none"]
        low, high = stats.t.interval(0.95, len(gain) - 1, gain.mean(), stats.sem(gain))
        holds = "helps" if low > 0 else "hurts" if high < 0 else "not shown"
        line += f"{gain.mean():+10.3f}   {low:+.3f} to {high:+.3f}: {holds}"
    print(line)

# %%
# One digit as it is, and as the network sees it in eight epochs.

rng = np.random.default_rng(0)
both = ways["both"].fit(X)
seen = [X[:1], *(both.augment(X[:1], None, rng)[0] for _ in range(8))]
figure, axes = plt.subplots(1, 9, figsize=(9, 1.4), layout="constrained")
for ax, image in zip(axes, seen, strict=True):
    ax.imshow(image.reshape(10, 10), cmap="gray_r", vmin=0, vmax=1)
    ax.set_axis_off()
axes[0].set_title("as it is", fontsize="small")
plt.show()
