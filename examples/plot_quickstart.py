"""
Quickstart: a search over networks on handwritten digits
========================================================

A network goes where every scikit-learn estimator goes: here into a pipeline, and that
into a grid search in two processes. The search is run twice, with scikit-learn's
``MLPClassifier`` and with skregnet's; only the import differs, so that both try the
same networks. Then the best network gets regularizers that scikit-learn's lacks.
"""

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedShuffleSplit,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

import skregnet

X, y = load_digits(return_X_y=True)
X = X.astype(np.float32)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(
    f"digits: {len(X_train)} images to learn from, {len(X_test)} held out, "
    f"{X.shape[1]} pixels, {len(np.unique(y))} classes\n"
)

# %%
# Eight candidates of three folds each: how many hidden units, and how strong a penalty.

grid = {
    "network__hidden_layer_sizes": [(50,), (100,)],
    "network__alpha": [1e-4, 1e-2, 1.0, 10.0],
}


def search(network):
    """Search over pipelines that end in this network, and time it."""
    pipeline = Pipeline([("scale", MinMaxScaler()), ("network", network)])
    candidates = GridSearchCV(pipeline, grid, cv=3, n_jobs=2)
    start = perf_counter()
    candidates.fit(X_train, y_train)
    return candidates, perf_counter() - start


settings = {"max_iter": 500, "learning_rate_init": 0.005, "random_state": 0}

# Two epochs of each candidate first, so that both searches find the workers running.
for module in (neural_network, skregnet):
    search(module.MLPClassifier(tol=100.0, n_iter_no_change=1))
ours, our_seconds = search(skregnet.MLPClassifier(**settings))
theirs, their_seconds = search(neural_network.MLPClassifier(**settings))

# %%
# The candidates, by the accuracy of cross-validation.

print("hidden units   alpha   accuracy (3 folds)   scikit-learn's")
results, their_results = ours.cv_results_, theirs.cv_results_
for k in np.argsort(results["rank_test_score"], kind="stable"):
    print(
        f"{results['param_network__hidden_layer_sizes'][k]!s:>12}"
        f"{results['param_network__alpha'][k]:8g}"
        f"{results['mean_test_score'][k]:14.4f} "
        f"+-{results['std_test_score'][k]:.4f}"
        f"{their_results['mean_test_score'][k]:13.4f}"
    )

# %%
# The best of them on images that no search has seen.

print("\n                held-out accuracy   seconds of the search")
for name, candidates, seconds in (
    ("skregnet", ours, our_seconds),
    ("scikit-learn", theirs, their_seconds),
):
    accuracy = candidates.score(X_test, y_test)
    print(f"{name:<14}{accuracy:15.4f}{seconds:20.1f}")
print(f"skregnet took 1/{their_seconds / our_seconds:.1f} of scikit-learn's time")

# %%
# The best network on ten new splits: as it is, and with dropout, smoothed labels and a
# moving average of its weights.

ten_splits = StratifiedShuffleSplit(10, random_state=1)
regularized = clone(ours.best_estimator_).set_params(
    network__hidden_layer_sizes=(200,),
    network__dropout=0.3,
    network__label_smoothing=0.1,
    network__weight_averaging="ema",
)
print("\n                accuracy (10 splits)")
for name, model in (
    ("scikit-learn", theirs.best_estimator_),
    ("regularized", regularized),
):
    scores = cross_val_score(model, X, y, cv=ten_splits, n_jobs=2)
    print(f"{name:<14}{scores.mean():15.4f} +-{scores.std() / len(scores) ** 0.5:.4f}")

# %%
# How the best network learned.

best = ours.best_estimator_.named_steps["network"]
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.semilogy(best.loss_curve_, label="skregnet")
axes.semilogy(
    theirs.best_estimator_.named_steps["network"].loss_curve_,
    "--",
    label="scikit-learn",
)
axes.set(
    xlabel="epoch",
    ylabel="training loss",
    title=f"The best network: {best.hidden_layer_sizes} units, alpha={best.alpha:g}",
)
axes.legend()
plt.show()
