"""
Ensembles: what it is worth that errors are not correlated
==========================================================

The lecture, under "Ensemble Learning": classifiers are trained on "different versions
of the data set", and vote. "Each has different, but uncorrelated (key point) errors",
and "each classifier has high variance, but the ensemble does not." Ensembles of sixteen
networks learn from 200 digits, members differing by their seeds only, by the rows or by
the features that they see, over ten splits.

The vote is better than its members, always. Their errors are far from uncorrelated, but
the key point holds for the gain: of members that err less alike the vote is worth more,
over the ways of making them different, and pair by pair among members that differ by
the rows. Yet what makes members different makes them worse, and on the digits by more
than the vote gains back: seeds alone, with errors that are most alike, give the best
ensemble, bootstrap samples one about as good.

On the diabetes data, where networks that are trained for long have much variance over
training sets, an ensemble has less than half of it, whether its members differ by seeds
or by rows as well. What is left is due to the training set that they share. By the
formula for a mean of correlated errors, the vote takes off as much as it should.
"""

import warnings
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from skregnet.inspection import bias_variance, ensemble_diversity

# All networks run the same number of epochs.
warnings.simplefilter("ignore", ConvergenceWarning)

SEEDS = range(10)
N_MEMBERS = 16
N_TRAIN = 200

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)

WAYS = {
    "seeds": {"bootstrap": False},
    "bootstrap": {"bootstrap": True},
    "half of rows": {"bootstrap": False, "max_samples": 0.5},
    "quarter of rows": {"bootstrap": False, "max_samples": 0.25},
    "half of features": {"bootstrap": False, "max_features": 0.5},
    "quarter of features": {"bootstrap": False, "max_features": 0.25},
}


def split(seed):
    """Return images to learn from and others, and their digits."""
    return train_test_split(X, y, train_size=N_TRAIN, stratify=y, random_state=seed)


def ensemble(seed, parameters, voting="soft"):
    """Return a fitted ensemble."""
    X_train, _, y_train, _ = split(seed)
    network = MLPClassifier(
        hidden_layer_sizes=(32,),
        batch_size=50,
        learning_rate_init=0.005,
        max_iter=60,
        n_iter_no_change=np.inf,
        alpha=0.0,
    )
    bag = BaggingEnsemble(
        network, N_MEMBERS, voting=voting, random_state=seed, **parameters
    )
    return bag.fit(X_train, y_train)


def interval(values):
    """Return the mean, and the ends of its 95 % interval."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


def verdict(differences, digits=3):
    """Return a line on whether differences, of which each should be above 0, are."""
    mean, low, high = interval(differences)
    holds = "holds" if low > 0 else "the reverse" if high < 0 else "not shown"
    return f"{mean:+.{digits}f}   {low:+.{digits}f} to {high:+.{digits}f}: {holds}"


# %%
# Each way to make members different: the mean correlation of the errors of two members,
# the mean accuracy of members, and that of the ensemble, by the mean of probabilities
# and by votes. All are taken on images not seen in training.


def outputs(bag, images):
    """Return the probabilities of all members, 0 for digits that one has not seen."""
    members = zip(bag.estimators_, bag.estimators_features_, strict=True)
    probabilities = np.zeros((N_MEMBERS, len(images), 10))
    for k, (member, columns) in enumerate(members):
        found = member.predict_proba(images[:, columns])
        probabilities[k][:, member.classes_] = found
    return probabilities


def pairs(diversity, probabilities, digits):
    """Return the rank correlation of two members' gain with that of their errors.

    The gain is that of the accuracy of their mean over the mean of their accuracies.
    """
    found = []
    for one, other in combinations(range(N_MEMBERS), 2):
        together = probabilities[one] + probabilities[other]
        accuracy = np.mean(together.argmax(axis=1) == digits)
        alone = diversity.member_scores[[one, other]].mean()
        found.append((diversity.error_correlation[one, other], accuracy - alone))
    return stats.spearmanr(*np.transpose(found)).statistic


def growing(probabilities, digits):
    """Return the accuracy of the mean of the first members, by their number."""
    counts = np.arange(1, N_MEMBERS + 1)[:, None, None]
    means = np.cumsum(probabilities, axis=0) / counts
    return np.mean(means.argmax(axis=2) == digits, axis=1)


def measured(seed, parameters):
    """Return what there is to know of an ensemble, and its accuracy by members."""
    _, images, _, digits = split(seed)
    bag = ensemble(seed, parameters)
    diversity = ensemble_diversity(bag, images, digits)
    probabilities = outputs(bag, images)
    votes = bag.set_params(voting="hard").score(images, digits)
    figures = (
        diversity.mean_error_correlation,
        diversity.member_scores.mean(),
        diversity.ensemble_score,
        votes,
        pairs(diversity, probabilities, digits),
    )
    return figures, growing(probabilities, digits)


results = {
    name: [measured(seed, parameters) for seed in SEEDS]
    for name, parameters in WAYS.items()
}
found = {
    name: np.array([figures for figures, _ in values])
    for name, values in results.items()
}
print(f"{N_MEMBERS} networks, {N_TRAIN} digits, {len(SEEDS)} splits: means +- std\n")
print("members differ by    correlation   member's accuracy   ensemble         votes")
for name, values in found.items():
    mean, std = values.mean(axis=0), values.std(axis=0, ddof=1)
    print(
        f"{name:<21}{mean[0]:.2f} +-{std[0]:.2f}{mean[1]:14.3f} +-{std[1]:.3f}"
        f"{mean[2]:11.3f} +-{std[2]:.3f}{mean[3]:9.3f}"
    )

print("\nThe ensemble above its mean member, and above seeds only, with 95 % intervals")
for name, values in found.items():
    print(f"{name:<21}{verdict(values[:, 2] - values[:, 1])}")
    if name != "seeds":
        against = verdict(values[:, 2] - found["seeds"][:, 2])
        print(f"{'  above seeds only':<21}{against}")
probabilities_, votes_ = (
    np.mean([values[:, k] for values in found.values()], axis=0) for k in (2, 3)
)
print(f"{'mean against votes':<21}{verdict(probabilities_ - votes_)}")

# %%
# The key point. Rank correlations within a split, over the ways and over all pairs of
# members of an ensemble: negative ones say that uncorrelated errors are worth more.


def ranks(measure):
    """Return the rank correlation with that of errors, over the ways, by split."""
    table = np.array(list(found.values()))
    return np.array(
        [
            stats.spearmanr(table[:, k, 0], measure(table[:, k])).statistic
            for k in range(len(SEEDS))
        ]
    )


highest = max(values[:, 0].max() for values in found.values())
least = min(values[:, 0].min() for values in found.values())
print(
    f"\nErrors are uncorrelated: correlations of {least:.2f} to {highest:.2f}:", end=" "
)
print("holds" if highest < 0.1 else "not shown" if least < 0.1 else "the reverse")
print("Less correlated, more gain, by rank correlations, turned round")
KEY = {
    "gain over members, ways": -ranks(lambda row: row[:, 2] - row[:, 1]),
    "accuracy of ensemble, ways": -ranks(lambda row: row[:, 2]),
    "gain of pairs, seeds": -found["seeds"][:, 4],
    "gain of pairs, bootstrap": -found["bootstrap"][:, 4],
}
for text, values in KEY.items():
    print(f"  {text:<28}{verdict(values, 2)}")

# %%
# Variance over training sets, for the diabetes data: of a network and of ensembles, as
# bias and variance of any estimator are taken apart. Where the errors of M members
# have the correlation r, their mean should have the share (1 + (M - 1) r) / M of the
# variance of a member's errors.

N_SPLITS = 8
EPOCHS = 100

patients, progression = load_diabetes(return_X_y=True)
patients, progression = scale(patients).astype(np.float32), scale(progression)
regressor = MLPRegressor(
    hidden_layer_sizes=(20,),
    batch_size=50,
    learning_rate_init=0.01,
    max_iter=EPOCHS,
    n_iter_no_change=np.inf,
    alpha=0.0,
)
ESTIMATORS = {
    "a network": regressor,
    "ensemble, seeds": BaggingEnsemble(regressor, N_MEMBERS, bootstrap=False),
    "ensemble, bootstrap": BaggingEnsemble(regressor, N_MEMBERS),
}


def decompose(estimator, seed):
    """Return bias (with the noise of the targets), variance and loss of a split."""
    X_train, X_test, y_train, y_test = train_test_split(
        patients, progression, random_state=seed
    )
    parts = bias_variance(
        estimator, X_train, y_train, X_test, y_test, n_rounds=8, random_state=seed
    )
    return parts.bias, parts.variance, parts.loss


def shares(estimator, seed):
    """Return correlation, shares of the errors' variance that the mean has, errors."""
    X_train, X_test, y_train, y_test = train_test_split(
        patients, progression, random_state=seed
    )
    bag = estimator.set_params(random_state=seed).fit(X_train, y_train)
    diversity = ensemble_diversity(bag, X_test, y_test)
    errors = np.array([member.predict(X_test) for member in bag.estimators_]) - y_test
    r = diversity.mean_error_correlation
    expected = (1 + (N_MEMBERS - 1) * r) / N_MEMBERS
    share = errors.mean(axis=0).var() / errors.var(axis=1).mean()
    return r, expected, share, diversity.member_error, diversity.ensemble_error


parts = {
    name: np.array([decompose(estimator, seed) for seed in range(N_SPLITS)])
    for name, estimator in ESTIMATORS.items()
}
print(f"\nDiabetes, {EPOCHS} epochs, {N_SPLITS} splits: bias and variance over samples")
print(
    "\n                      bias^2 + noise   variance    loss   fall of the variance"
)
for name, values in parts.items():
    bias, variance, loss = values.mean(axis=0)
    line = f"{name:<22}{bias:14.3f}{variance:11.3f}{loss:8.3f}"
    if name != "a network":
        line += f"   {verdict(parts['a network'][:, 1] - values[:, 1])}"
    print(line)
fall = parts["ensemble, seeds"] - parts["ensemble, bootstrap"]
print(f"variance, bootstrap below seeds: {verdict(fall[:, 1])}")
print(f"loss, bootstrap below seeds:     {verdict(fall[:, 2])}")
print("\nOn all of the training rows:              share of variance   squared error")
print("                      correlation           by r    found   member   ensemble")
at_once = {
    name: np.array([shares(ESTIMATORS[name], seed) for seed in range(N_SPLITS)])
    for name in list(ESTIMATORS)[1:]
}
for name, values in at_once.items():
    r, expected, share, member, mean = values.mean(axis=0)
    print(f"{name:<22}{r:11.2f}{expected:15.2f}{share:9.2f}{member:9.3f}{mean:11.3f}")
by_seeds, by_rows = (values[:, 4] for values in at_once.values())
print(f"squared error, bootstrap below seeds: {verdict(by_seeds - by_rows)}")

# %%
# Left, accuracy as members are added, with 95 % intervals of the means. Middle, what
# the vote gains and what it comes to, against the correlation of errors; each small
# point is a split. Right, bias and variance on the diabetes data.

figure, (left, middle, right) = plt.subplots(
    1, 3, figsize=(13, 4.2), layout="constrained"
)
half_width = stats.t.ppf(0.975, len(SEEDS) - 1)
counts = np.arange(1, N_MEMBERS + 1)
for k, (name, values) in enumerate(results.items()):
    curves = np.array([curve for _, curve in values])
    mean, half = curves.mean(axis=0), stats.sem(curves) * half_width
    left.plot(counts, mean, marker="os^Dv*"[k], markersize=4, label=name)
    left.fill_between(counts, mean - half, mean + half, alpha=0.15)
    correlation, member, accuracy = found[name][:, :3].T
    middle.plot(correlation, accuracy - member, ".", color=f"C{k}", alpha=0.3)
    middle.plot(
        correlation.mean(),
        (accuracy - member).mean(),
        "os^Dv*"[k],
        color=f"C{k}",
        markersize=9,
        markeredgecolor="black",
    )
left.set(
    xscale="log",
    xlabel="members",
    ylabel="accuracy",
    title="Ensembles of different members",
)
left.set_xticks([1, 2, 4, 8, 16], [1, 2, 4, 8, 16])
left.minorticks_off()
left.grid(alpha=0.3)
left.legend(title="members differ by", fontsize="small", loc="lower right")
middle.set(
    xlabel="mean correlation of two members' errors",
    ylabel="accuracy of ensemble - of members",
    title="The key point: the gain",
)
middle.grid(alpha=0.3)
labels = [name.replace(", ", ",\n") for name in parts]
bottom = np.zeros(len(parts))
for k, label in enumerate(["bias² + noise of y", "variance"]):
    heights = [values[:, k].mean() for values in parts.values()]
    right.bar(labels, heights, bottom=bottom, width=0.55, label=label)
    bottom += heights
right.set(
    ylabel="squared error, in variances of y",
    title=f"Diabetes, {EPOCHS} epochs",
    ylim=(0, 1.25 * bottom.max()),
)
right.legend()
plt.show()
