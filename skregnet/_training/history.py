"""What is recorded of a member's training."""

from dataclasses import dataclass, field


@dataclass
class History:
    """Curves over epochs.

    Attributes
    ----------
    losses : list of float
        Mean training loss of each epoch, penalties included.
    learning_rates : list of float
        Learning rate of each epoch.
    validation_scores, validation_losses : list of float
        One entry a check of the validation data.
    n_rows_seen : int
        Rows gone through in all epochs.
    """

    losses: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    validation_scores: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    n_rows_seen: int = 0
