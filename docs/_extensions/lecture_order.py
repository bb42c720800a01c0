"""The order of the gallery: the lecture's."""

from pathlib import Path

ORDER = (
    "quickstart",
    "bias_variance",
    "l1_and_l2",
    "augmented_images",
    "noise_in_features",
    "wrong_labels",
    "multitask",
    "early_stopping",
    "sparse_representations",
    "ensembles",
    "dropout",
    "adversarial",
    "momentum",
    "delta_bar_delta",
    "adaptive_rates",
    "batch_normalization",
    "taylor_estimate",
    "saddle_points",
    "conditioning",
    "step_sizes",
    "flat_minima",
    "progress",
)


class LectureOrder:
    """Key by which Sphinx-Gallery sorts the files of a folder."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def __call__(self, name: str) -> int:
        """Return the place of a file."""
        return ORDER.index(Path(name).stem.removeprefix("plot_"))
