"""Training that goes on after a fall where it was."""

import os
import warnings
from pathlib import Path
from typing import Any

from skregnet._networks.matrix import check_count
from skregnet._training import SnapshotForm
from skregnet.callbacks._networks import check_network
from skregnet.callbacks._snapshot_file import (
    read_snapshot,
    remove_leftovers,
    write_snapshot,
)
from skregnet.optimizers import State


class Checkpoint:
    """Callback that saves all of training every so many epochs, and goes on from there.

    A fit that was ended from outside, by a machine that went down for example, goes on
    from its last checkpoint when the same program is run again, and comes to the same
    weights, to the last bit, as without the interruption. One that had come to its end
    is done at once. A fit is known again by its data, by the parameters of the
    estimator, all but `verbose`, and by its seed: each has a file of its own, so that
    all fits of a search, a cross-validation or an ensemble may share a directory.

    Set it on the network itself, within a pipeline, a search or an ensemble.

    Parameters
    ----------
    directory : str or path
        Where the files are; it is made if it is not there. Files stay after the fit:
        remove the directory when the work is done.
    every : int, default=10
        Number of epochs from one checkpoint to the next. There is also one at the end
        of `fit`.

    Raises
    ------
    ValueError
        If `every` is not a whole number from 1 on. From `fit`: with `solver` "lbfgs",
        "newton_cg" or "eigen_step", with ``random_state=None``, from `partial_fit`, or
        if a file is damaged, edited or not a regular file; the message names it.
    TypeError
        From `fit`, if it is set on anything but a network of skregnet, or if an
        optimizer of your own keeps in its state what is neither number nor array.

    Warns
    -----
    RuntimeWarning
        If a checkpoint cannot be written, on a full disk for example. Training goes on
        and the last one stays.

    Notes
    -----
    Files hold arrays and JSON, no pickles, and are replaced in one move: a program that
    is ended while it writes leaves the last checkpoint whole, and a file that ends in
    ``.skregnet-part``, which a fit removes when it is an hour old. No other files are
    removed. A checkpoint takes about as much room as three times the weights, as four
    with early stopping.

    All of a file is checked before training goes on from it, sizes before they are
    read, so that it may come from anywhere: at worst the fit is refused.

    Other callbacks are told of the epochs from the checkpoint on.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> from skregnet.callbacks import Checkpoint
    >>> X, y = load_iris(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     mlp = MLPClassifier(learning_rate_init=0.01, random_state=0)
    ...     mlp = mlp.set_callbacks(Checkpoint(directory)).fit(X, y)
    ...     [path.suffix for path in Path(directory).iterdir()]
    ['.npz']
    """

    def __init__(self, directory: str | os.PathLike[str], every: int = 10) -> None:
        self._directory = Path(directory)
        self._every = check_count("every", every)

    def setup(self, estimator: Any, context: Any) -> None:
        """Make the directory.

        Parameters
        ----------
        estimator : estimator
            The network.
        context : CallbackContext
            Its task.
        """
        check_network(self, estimator)
        self._directory.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self._directory)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing.

        Parameters
        ----------
        estimator : estimator
            The network.
        context : CallbackContext
            Its task.
        """

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing.

        Parameters
        ----------
        estimator : estimator
            The network.
        context : CallbackContext
            The task that begins.
        """

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        """Do nothing: training itself hands over what is to be saved.

        Parameters
        ----------
        estimator : estimator
            The network.
        context : CallbackContext
            The task that ends.
        """

    def is_due(self, n_epochs: int) -> bool:
        """Tell whether there is to be a checkpoint after so many epochs.

        Parameters
        ----------
        n_epochs : int
            Epochs since the fit began.

        Returns
        -------
        is_due : bool
            Whether it is.
        """
        return n_epochs % self._every == 0

    def load_snapshot(self, key: str, form: SnapshotForm | None = None) -> State | None:
        """Read the checkpoint of a fit.

        Parameters
        ----------
        key : str
            What the fit is known by.
        form : SnapshotForm or None, default=None
            What snapshots of the fit are like; None to take any.

        Returns
        -------
        snapshot : dict or None
            All of training; None where there is no checkpoint.

        Raises
        ------
        ValueError
            If the file is damaged, or holds no checkpoint of such a fit.
        """
        path = self._path(key)
        if form is None:
            return read_snapshot(path)
        return read_snapshot(path, form.arrays, form.check)

    def save_snapshot(self, key: str, snapshot: State) -> None:
        """Write the checkpoint of a fit.

        Parameters
        ----------
        key : str
            What the fit is known by.
        snapshot : dict
            All of training.
        """
        path = self._path(key)
        try:
            write_snapshot(path, snapshot)
        except OSError as error:
            warnings.warn(
                f"the checkpoint {str(path)!r} could not be written ({error}); "
                "training goes on, and the last checkpoint stays as it is.",
                RuntimeWarning,
                stacklevel=2,
            )

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}.npz"
