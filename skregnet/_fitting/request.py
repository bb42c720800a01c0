"""What a call of `fit` or `partial_fit` asks for."""

from dataclasses import dataclass
from typing import Any

from skregnet._fitting.shared_data import Part


@dataclass
class Request:
    """The arguments of one call of `fit` or `partial_fit`.

    A `part` of a pool may take the place of `X` and `y`; `sample_weight` then has one
    weight for each row of the pool.
    """

    estimator: Any
    X: Any = None
    y: Any = None
    sample_weight: Any = None
    X_val: Any = None
    y_val: Any = None
    sample_weight_val: Any = None
    classes: Any = None
    incremental: bool = False
    part: Part | None = None

    @property
    def hook_data(self) -> dict[str, Any]:
        """What hooks of callbacks may ask for: the data, or how to copy it."""
        weights, part = self.sample_weight, self.part
        if part is None:
            metadata = {} if weights is None else {"sample_weight": weights}
            return {"X": self.X, "y": self.y, "metadata": metadata}
        metadata = {} if weights is None else {"sample_weight": weights[part.rows]}
        return {
            "X": lambda: part.features,
            "y": lambda: part.labels,
            "metadata": metadata,
        }
