"""Which methods an ensemble has, by the kind of its members; conditions that raise."""

from typing import Any

from sklearn.base import is_classifier, is_regressor

from skregnet._fitting.targets.outputs import TaskOutput


def classifies(ensemble: Any) -> bool:
    """Return whether the members are classifiers; raise otherwise."""
    output = getattr(ensemble, "_output", None)
    if isinstance(output, TaskOutput) and all(t.classes is None for t in output.tasks):
        raise AttributeError("predict_proba expects a task that is a classification.")
    if hasattr(ensemble._template(), "predict_proba") or is_classifier(
        ensemble._template()
    ):
        return True
    raise AttributeError(
        f"{type(ensemble).__name__} has probabilities of classes only where its "
        f"estimator is a classifier, got estimator={ensemble.estimator!r}."
    )


def gives_probabilities(ensemble: Any) -> bool:
    """Return whether members' probabilities are averaged; raise otherwise."""
    if ensemble.voting == "hard":
        raise AttributeError(
            "Probabilities of classes are not available where members have one vote "
            f"each, got voting={ensemble.voting!r}; set voting='soft'."
        )
    return classifies(ensemble)


def decides(ensemble: Any) -> bool:
    """Return whether the members have a decision function; raise otherwise."""
    if hasattr(ensemble._template(), "decision_function"):
        return True
    raise AttributeError(
        f"{type(ensemble).__name__} has a decision function only where its estimator "
        f"has one, got estimator={ensemble.estimator!r}."
    )


def regresses(ensemble: Any) -> bool:
    """Return whether the members are regressors; raise otherwise."""
    if is_regressor(ensemble._template()):
        return True
    raise AttributeError(
        f"{type(ensemble).__name__} has spreads of predictions only where its "
        f"estimator is a regressor, got estimator={ensemble.estimator!r}."
    )
