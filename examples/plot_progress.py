"""
Progress: bars and messages while networks train
================================================

The networks and `BaggingEnsemble` take callbacks of scikit-learn 1.9. Its `ProgressBar`
shows a bar for a fit, a bar more for each member of an ensemble, and around a grid
search one for each fit of the search, with the share that is done and the time that is
left. It needs the package rich: ``pip install rich``.

A callback is set on the outermost estimator, here the search, and finds its way to the
networks within; set on the network that is searched over it is an error. How many
levels have bars is up to `max_propagation_depth`.
"""

import warnings

import matplotlib.pyplot as plt
from sklearn.callback import ProgressBar
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split

from skregnet import BaggingEnsemble, MLPClassifier

# Few epochs are enough to look at.
warnings.simplefilter("ignore", ConvergenceWarning)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, train_size=1_000, stratify=y, random_state=0
)

# %%
# One network: a bar that counts epochs. If training ends before `max_iter`, the bar is
# full at once.

network = MLPClassifier((50,), max_iter=100, random_state=0)

print("A network")
network.set_callbacks(ProgressBar()).fit(X_train, y_train)
print(f"  accuracy {network.score(X_test, y_test):.3f}\n")

# %%
# An ensemble: a bar for all members, and one for each. Small networks train together,
# as one stack, so that their bars advance together.

ensemble = BaggingEnsemble(
    MLPClassifier((50,), max_iter=50), n_estimators=4, random_state=0
)

print("An ensemble of four")
ensemble.set_callbacks(ProgressBar()).fit(X_train, y_train)
print(f"  accuracy {ensemble.score(X_test, y_test):.3f}\n")

# %%
# A grid search: bars for the search, for each network that it tries, on each part of
# the data, and for the last, fitted to all of them. With ``max_propagation_depth=0``
# there would be those of the search only.

search = GridSearchCV(
    MLPClassifier((50,), max_iter=50, random_state=0), {"alpha": [1e-4, 1.0]}, cv=2
)

print("A grid search over two values, two folds")
search.set_callbacks(ProgressBar(max_propagation_depth=1)).fit(X_train, y_train)
print(f"  best {search.best_params_}, accuracy {search.score(X_test, y_test):.3f}\n")

# %%
# `verbose` needs no package. It prints the loss of each epoch and, with early stopping,
# the score on the rows that are held out; of an ensemble, how many members are done.

print("verbose=True")
talkative = MLPClassifier(
    (50,),
    learning_rate_init=0.01,
    max_iter=5,
    early_stopping=True,
    verbose=True,
    random_state=0,
).fit(X_train, y_train)
print("\nAn ensemble with verbose=True")
BaggingEnsemble(
    MLPClassifier((50,), max_iter=5), n_estimators=4, random_state=0, verbose=True
).fit(X_train, y_train)

# %%
# What has been printed is kept, too.

figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
epochs = range(1, talkative.n_iter_ + 1)
axes.plot(epochs, talkative.loss_curve_, "o-", label="training loss")
axes.plot(epochs, talkative.validation_scores_, "s-", label="validation score")
axes.set(xlabel="epoch", xticks=epochs, title="loss_curve_ and validation_scores_")
axes.legend()
plt.show()
