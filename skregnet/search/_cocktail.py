"""A space of all regularizers together."""

from typing import Any

from scipy.stats import loguniform, uniform
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from skregnet._fitting.members import StackedFitMixin
from skregnet._fitting.solvers import needs_all_rows, takes_steps
from skregnet.augmentation import GaussianNoise, Mixup
from skregnet.search._switched import Switched

Space = dict[str, Any]


def regularization_cocktail(estimator: Any) -> list[Space]:
    """Return a space to search over, of the regularizers of a network in any mixture.

    Which regularizers help, and how strong, depends on the data. Kadra et al. let a
    search choose among all of them at once, on forty tables: a plain network with its
    own cocktail did better than specialised networks and boosted trees. In each
    candidate here, each of these is off in one case of two, independently:

    - the L2 penalty, `alpha` from 1e-3 to 10 (log-uniform; scaled as in scikit-learn,
      for standardised features);
    - dropout of hidden units, `dropout` up to 0.8;
    - batch normalization, ``batch_norm="before"``;
    - smoothed labels of classifiers, `label_smoothing` up to 0.2;
    - averaged weights, ``weight_averaging="swa"``;

    and besides, one case in four each, no change of the rows, noise on them
    (:class:`~skregnet.augmentation.GaussianNoise` of a scale from 0.01 to 0.3), mixed
    rows (:class:`~skregnet.augmentation.Mixup` with `alpha` up to 1), or adversarial
    rows, half of the loss (`adversarial_step` from 0.05 to 0.2 along the signs of the
    gradient).

    Parameters
    ----------
    estimator : estimator
        A network of this package, or a pipeline whose last step is one. What is not in
        the space stays as it is there, the learning rate and the epochs for example.

    Returns
    -------
    spaces : list of dict
        The `param_distributions` of :class:`~skregnet.StackedSearchCV` or
        :class:`~sklearn.model_selection.RandomizedSearchCV`: a space for each change of
        the rows. It is a list like others, to which you may add.

    Raises
    ------
    TypeError
        If the estimator is not a network of this package.
    ValueError
        If its solver goes by all rows at once, and so knows no noise.

    See Also
    --------
    skregnet.search.Switched : A strength that is off as often as not.

    Notes
    -----
    The paper's cocktail has more: Lookahead, which is an optimizer here, snapshot
    ensembles, skip connections, and two ways of cutting rows. Its weight decay is
    AdamW's; `alpha` serves all solvers.

    References
    ----------
    A. Kadra, M. Lindauer, F. Hutter and J. Grabocka (2021). Well-tuned simple nets
    excel on tabular datasets. NeurIPS.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skregnet import MLPClassifier, StackedSearchCV
    >>> from skregnet.search import regularization_cocktail
    >>> X, y = load_wine(return_X_y=True)
    >>> network = MLPClassifier((32,), learning_rate="cosine", max_iter=40)
    >>> network.set_params(learning_rate_init=0.01, random_state=0)
    MLPClassifier(hidden_layer_sizes=(32,), learning_rate='cosine',
                  learning_rate_init=0.01, max_iter=40, random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), network)
    >>> spaces = regularization_cocktail(pipeline)
    >>> sorted(spaces[0])[:2]
    ['mlpclassifier__alpha', 'mlpclassifier__batch_norm']
    >>> search = StackedSearchCV(pipeline, spaces, n_candidates=12, random_state=0)
    >>> search.fit(X, y).score(X, y) > 0.95
    True
    """
    prefix, network = _last_network(estimator)
    if not takes_steps(network) or needs_all_rows(network):
        raise ValueError(
            "regularization_cocktail expects a solver that takes minibatches, such as "
            f"'adam' or 'sgd', got solver={network.solver!r}."
        )
    common: Space = {
        "alpha": Switched(loguniform(1e-3, 10)),
        "dropout": Switched(uniform(0, 0.8)),
        "batch_norm": [None, "before"],
        "weight_averaging": [None, "swa"],
    }
    if is_classifier(network):
        common["label_smoothing"] = Switched(uniform(0, 0.2))
    changes: list[Space] = [
        {},
        {"augmenter": [GaussianNoise()], "augmenter__scale": loguniform(0.01, 0.3)},
        {"augmenter": [Mixup()], "augmenter__alpha": uniform(0, 1)},
        {"adversarial_step": uniform(0.05, 0.15), "adversarial_norm": ["sign"]},
    ]
    return [
        {f"{prefix}{name}": values for name, values in {**common, **change}.items()}
        for change in changes
    ]


def _last_network(estimator: Any) -> tuple[str, Any]:
    """Return the network at the end of pipelines, and the prefix of its parameters."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    if not isinstance(estimator, StackedFitMixin):
        raise TypeError(
            "regularization_cocktail expects a network of skregnet, or a Pipeline that "
            f"ends in one, got {estimator!r}."
        )
    return prefix, estimator
