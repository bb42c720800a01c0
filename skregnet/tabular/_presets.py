"""How networks on tables are trained by default."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from skregnet.estimators import MLPClassifier, MLPRegressor
from skregnet.optimizers import AdamW


@dataclass(frozen=True)
class Preset:
    """What a preset is a name for.

    Parameters
    ----------
    n_members : int
        Networks in the ensemble; of small tables, where they are soon trained and
        differ most, twice as many.
    n_units : int
        Units of each of their hidden layers: two for classes, three for numbers.
    share : float
        Share of the rows that each network learns from; it validates on the rest.
    max_epochs : int
        Most epochs of each.
    patience : int
        Epochs without a better loss on the validation rows after which one ends; they
        are more where they have few steps.
    """

    n_members: int
    n_units: int
    share: float
    max_epochs: int
    patience: int


PRESETS = {
    "fast": Preset(4, n_units=64, share=0.8, max_epochs=60, patience=8),
    "balanced": Preset(8, n_units=128, share=0.85, max_epochs=100, patience=10),
    "best": Preset(16, n_units=256, share=0.9, max_epochs=150, patience=15),
}

# Half of a classifier's networks learn from each row and from that row moved by so much
# in each encoded column, up the loss. On some tables that pays more than any other
# regularizer, on others it costs; how the halves count is learned. For numbers it does
# not pay.
ADVERSARIAL_STEP = 0.1

# Averages of the weights bear a higher rate, with which fewer epochs do; numbers want
# it lower than classes, and a layer more.
CLASSES_RATE, CLASSES_LAYERS = 4e-3, 2
NUMBERS_RATE, NUMBERS_LAYERS = 2e-3, 3

# A small table is learned better by many steps, on few rows each, than by few. What has
# got no better within a few steps may yet do so.
BATCHES_OF_AN_EPOCH = 8
SMALLEST_BATCH, LARGEST_BATCH = 32, 128
PATIENCE_IN_STEPS = 100

SMALL_TABLE = 1000

# With fewer rows there is nothing to hold out and no noise: networks learn from
# bootstrap samples, all rows in a step, in float64, for a number of epochs.
FEW_ROWS = 64


def sampling_for(n_rows: int, preset: Preset) -> dict[str, Any]:
    """Return how the ensemble draws each network's rows."""
    if n_rows < FEW_ROWS:
        return {"bootstrap": True}
    return {"bootstrap": False, "max_samples": preset.share}


def n_members_for(n_rows: int, preset: Preset) -> int:
    """Return the number of networks in the ensemble."""
    is_small = FEW_ROWS <= n_rows < SMALL_TABLE
    return 2 * preset.n_members if is_small else preset.n_members


def networks_for(classifies: bool, n_rows: int, preset: Preset) -> list[Any]:
    """Return the networks to be copied, those of each for an ensemble of its own."""
    kind = MLPClassifier if classifies else MLPRegressor
    rate = CLASSES_RATE if classifies else NUMBERS_RATE
    network = kind(
        hidden_layer_sizes=(preset.n_units,)
        * (CLASSES_LAYERS if classifies else NUMBERS_LAYERS),
        solver=AdamW(learning_rate=rate, weight_decay=1.0),
        weight_averaging="ema",
        alpha=0.0,
        max_iter=preset.max_epochs,
        tol=0.0,
    )
    if n_rows < FEW_ROWS:
        return [network.set_params(n_iter_no_change=np.inf)]
    n_learned = int(preset.share * n_rows)
    batch_size = n_rows // BATCHES_OF_AN_EPOCH
    batch_size = min(max(SMALLEST_BATCH, batch_size), LARGEST_BATCH, n_rows // 2)
    patience = max(preset.patience, PATIENCE_IN_STEPS * batch_size // n_learned)
    network.set_params(
        batch_size=batch_size,
        early_stopping=True,
        scoring="loss",
        n_iter_no_change=patience,
        max_iter=preset.max_epochs * patience // preset.patience,
    )
    if not classifies:
        return [network]
    network.set_params(dropout=0.15)
    adversarial = clone(network).set_params(
        adversarial_step=ADVERSARIAL_STEP, adversarial_norm="sign"
    )
    return [adversarial, network]
