"""How networks on tables are trained by default."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet.estimators import MLPClassifier, MLPRegressor
from skregnet.optimizers import AdamW


@dataclass(frozen=True)
class Preset:
    """What a preset is a name for.

    Parameters
    ----------
    n_members : int
        Networks in the ensemble.
    share : float
        Share of the rows that each network learns from; it validates on the rest.
    max_epochs : int
        Most epochs of each.
    patience : int
        Epochs without a better loss on the validation rows after which one ends.
    """

    n_members: int
    share: float
    max_epochs: int
    patience: int


PRESETS = {
    "fast": Preset(n_members=4, share=0.8, max_epochs=60, patience=8),
    "balanced": Preset(n_members=8, share=0.85, max_epochs=100, patience=16),
    "best": Preset(n_members=32, share=0.9, max_epochs=200, patience=24),
}

BATCH_SIZE = 128

# With fewer rows there is nothing to hold out and no noise: networks learn from
# bootstrap samples, all rows in a step, in float64, for a number of epochs.
FEW_ROWS = 64


def sampling_for(n_rows: int, preset: Preset) -> dict[str, Any]:
    """Return how the ensemble draws each network's rows."""
    if n_rows < FEW_ROWS:
        return {"bootstrap": True}
    return {"bootstrap": False, "max_samples": preset.share}


def network_for(classifies: bool, n_rows: int, preset: Preset) -> Any:
    """Return a network to be copied for each member of the ensemble."""
    kind = MLPClassifier if classifies else MLPRegressor
    network = kind(
        hidden_layer_sizes=(256, 256),
        solver=AdamW(weight_decay=1e-2),
        alpha=0.0,
        learning_rate_init=2e-3,
        max_iter=preset.max_epochs,
        tol=0.0,
        n_iter_no_change=preset.patience,
    )
    if n_rows < FEW_ROWS:
        return network.set_params(n_iter_no_change=np.inf)
    return network.set_params(
        batch_size=min(BATCH_SIZE, n_rows // 2),
        dropout=0.15,
        early_stopping=True,
        scoring="loss",
    )
