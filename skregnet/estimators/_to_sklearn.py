"""A fitted estimator as one of scikit-learn's."""

from typing import Any

from sklearn import neural_network
from sklearn.base import is_classifier

from skregnet._fitting.fitted import plain_layers
from skregnet._sklearn.private import (
    InvalidParameterError,
    validate_parameter_constraints,
)

_DEFAULT = "relu"

# What a fitted estimator of scikit-learn has, as far as ours has it too.
_FITTED = (
    "n_outputs_",
    "n_layers_",
    "out_activation_",
    "n_iter_",
    "t_",
    "loss_",
    "loss_curve_",
    "best_loss_",
    "validation_scores_",
    "best_validation_score_",
    "n_features_in_",
    "feature_names_in_",
    "classes_",
    "_label_binarizer",
    "_no_improvement_count",
)


def to_sklearn(estimator: Any) -> Any:
    """Return a fitted estimator of scikit-learn with copies of the weights."""
    coefs, intercepts, _ = plain_layers(estimator)
    classifies = is_classifier(estimator)
    target = neural_network.MLPClassifier if classifies else neural_network.MLPRegressor
    parameters = {
        name: value
        for name, value in estimator.get_params(deep=False).items()
        if _is_valid(target, name, value)
    }
    exported = target(**{**parameters, "activation": _activation(estimator, target)})
    for name in _FITTED:
        if hasattr(estimator, name):
            value = getattr(estimator, name)
            setattr(exported, name, list(value) if isinstance(value, list) else value)
    exported.coefs_ = [weights.copy() for weights in coefs]
    exported.intercepts_ = [biases.copy() for biases in intercepts]
    return exported


def _activation(estimator: Any, target: Any) -> str:
    """Return the one hidden activation, which scikit-learn must have."""
    if len(estimator.coefs_) == 1:
        return _DEFAULT
    activation = estimator.activation
    names = [activation] if isinstance(activation, str) else [*map(str, activation)]
    unknown = [name for name in names if not _is_valid(target, "activation", name)]
    if unknown or len(set(names)) > 1:
        lacking = f"; scikit-learn lacks {', '.join(map(repr, unknown))}"
        raise ValueError(
            "to_sklearn expects one activation for all hidden layers that scikit-learn "
            f"has, got activation={activation!r}{lacking if unknown else ''}."
        )
    return names[0]


def _is_valid(target: Any, name: str, value: Any) -> bool:
    """Tell whether scikit-learn's estimator knows the parameter and the value."""
    constraints = target._parameter_constraints
    if name not in constraints:
        return False
    try:
        validate_parameter_constraints(
            {name: constraints[name]}, {name: value}, target.__name__
        )
    except InvalidParameterError:
        return False
    return True
