"""What an estimator does at the ends of epochs: print, validate, call callbacks."""

from collections.abc import Callable
from typing import Any

from skregnet._fitting.validation_set import ValidationSet
from skregnet._kernels import Array


class EstimatorObserver:
    """Listens to the training of one estimator.

    Parameters
    ----------
    estimator : estimator
        The estimator in training.
    attributes : callable
        Turns a parameter vector into the fitted attributes of the network.
    context : CallbackContext
        The root context of scikit-learn's callbacks.
    hook_data : dict
        The data that hooks may ask for: X, y and metadata.
    validation : ValidationSet or None
        The validation data.
    scorer : callable, "loss" or None
        What is measured on it.
    """

    def __init__(
        self,
        estimator: Any,
        attributes: Callable[[Array], dict[str, Any]],
        context: Any,
        hook_data: dict[str, Any],
        validation: ValidationSet | None,
        scorer: Any,
    ) -> None:
        self._estimator = estimator
        self._attributes = attributes
        self._context = context
        self._hook_data = hook_data
        self._validation = validation
        self._scorer = scorer
        self._epoch: Any = None

    def validate(self, vector: Array) -> tuple[float, float]:
        """Return score and loss on the validation data."""
        if self._validation is None:
            raise RuntimeError("training asked for a validation set that is not there")
        fitted = self._attributes(vector)
        return self._validation.evaluate(
            self._estimator, self._scorer, fitted["coefs_"], fitted["intercepts_"]
        )

    def report(self, message: str) -> None:
        """Print the message if the user wants to see it."""
        if self._estimator.verbose:
            print(message)  # noqa: T201

    def epoch_begin(self) -> None:
        """Open a task of the callbacks."""
        self._epoch = self._context.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(estimator=self._estimator, **self._hook_data)

    def epoch_end(self, vector: Array) -> bool:
        """Close the task and tell whether a callback wants to stop."""
        return bool(
            self._epoch.call_on_fit_task_end(
                estimator=self._estimator,
                reconstruction_attributes=lambda: self._attributes(vector),
                **self._hook_data,
            )
        )
