"""Fits that are ended, and go on from their checkpoints."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor, MultiTaskMLP
from skregnet import optimizers as rules
from skregnet.augmentation import GaussianNoise
from skregnet.callbacks import Checkpoint
from skregnet.callbacks import _snapshot_file as files
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CURVES = ("loss_curve_", "learning_rate_curve_", "validation_scores_")
NUMBERS = ("n_iter_", "t_", "best_loss_", "best_validation_score_", "loss_")


class FallError(Exception):
    """What ends a program."""


class FallAfter:
    """Callback that ends the program after so many epochs."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def setup(self, estimator, context):
        self.n_left = self.n_epochs

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.n_left -= 1
            if self.n_left == 0:
                raise FallError


class Count(FallAfter):
    """Callback that counts epochs."""

    def __init__(self):
        super().__init__(np.inf)
        self.n_seen = 0

    def on_fit_task_end(self, estimator, context):
        self.n_seen += context.task_name == "epoch"


def assert_same(found, expected):
    """Assert that two networks are the same, to the last bit."""
    for got, wanted in zip(
        [*found.coefs_, *found.intercepts_],
        [*expected.coefs_, *expected.intercepts_],
        strict=True,
    ):
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)
    for name in CURVES:
        assert getattr(found, name) == getattr(expected, name)
    for name in NUMBERS:
        assert getattr(found, name) == getattr(expected, name)


WAYS = {
    "adam": {},
    "float32": {},
    "sgd": {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 2},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "nadam": {"solver": "nadam"},
    "amsgrad": {"solver": rules.Adam(amsgrad=True)},
    "lookahead": {"solver": rules.Lookahead(rules.SGD(momentum=0.9), period=7)},
    "delta-bar-delta": {"solver": "delta_bar_delta", "batch_size": 60},
    "dropout": {"dropout": 0.5, "input_dropout": 0.2},
    "batch norm": {"batch_norm": "before"},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.3},
    "rare checks": {"early_stopping": True, "validation_interval": 3},
    "ema": {"weight_averaging": "ema"},
    "swa": {"weight_averaging": "swa"},
    "cosine": {"learning_rate": "cosine"},
    "l1": {"solver": "sgd", "l1_ratio": 1.0, "alpha": 0.01},
    "augmenter": {"augmenter": GaussianNoise(0.3)},
    "noise": {"target_noise": 0.1},
    "no shuffle": {"shuffle": False},
}


@pytest.mark.parametrize("fall_after", [4, 7, 12, 25])
@pytest.mark.parametrize("way", WAYS)
def test_the_weights_are_those_without_the_fall(way, fall_after, tmp_path):
    X, y = problem("multiclass", n_rows=60)
    X = X.astype(np.float32 if way == "float32" else float)
    mlp = MLPClassifier((6,), batch_size=16, max_iter=25, random_state=3)
    mlp.set_params(learning_rate_init=0.01, tol=1e-3, **WAYS[way])
    expected = clone(mlp).fit(X, y)
    falling = clone(mlp).set_callbacks(
        Checkpoint(tmp_path, every=4), FallAfter(fall_after)
    )
    if fall_after < expected.n_iter_:
        with pytest.raises(FallError):
            falling.fit(X, y)
        assert not hasattr(falling, "coefs_")
    counter = Count()
    found = clone(mlp).set_callbacks(Checkpoint(tmp_path, every=4), counter).fit(X, y)
    assert_same(found, expected)
    if fall_after < expected.n_iter_:
        # The epoch in which it falls has not been saved yet.
        assert counter.n_seen == expected.n_iter_ - (fall_after - 1) // 4 * 4
    # What has ended is there at once, and says the same.
    again = Count()
    done = clone(mlp).set_callbacks(Checkpoint(tmp_path, every=4), again).fit(X, y)
    assert again.n_seen == 0
    assert_same(done, expected)


@pytest.mark.parametrize("kind", ["regressor", "multitask", "validation", "weights"])
def test_other_fits(kind, tmp_path):
    X, y = problem("real", n_rows=50)
    arguments = {}
    mlp = MLPRegressor(hidden_layer_sizes=(5,), max_iter=9, random_state=0)
    if kind == "multitask":
        y = np.column_stack([y, y > 0])
        mlp = MultiTaskMLP(hidden_layer_sizes=(5,), max_iter=9, random_state=0)
    elif kind == "validation":
        arguments = {"X_val": X[:9], "y_val": y[:9]}
        mlp.set_params(early_stopping=True)
    elif kind == "weights":
        arguments = {"sample_weight": np.arange(50) % 3}
    expected = clone(mlp).fit(X, y, **arguments)
    with pytest.raises(FallError):
        clone(mlp).set_callbacks(Checkpoint(tmp_path, 2), FallAfter(5)).fit(
            X, y, **arguments
        )
    counter = Count()
    found = clone(mlp).set_callbacks(Checkpoint(tmp_path), counter)
    assert_same(found.fit(X, y, **arguments), expected)
    assert counter.n_seen == 5


def change_x(X, y):
    X = X.copy()
    X[0, 0] += 1e-9
    return X, y


def change_y(X, y):
    y = y.copy()
    y[0] = y[1:][y[1:] != y[0]][0]
    return X, y


@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 0.1},
        {"random_state": 1},
        {"max_iter": 11},
        {"dropout": 0.1},
        {"solver": rules.Adam(learning_rate=0.002)},
        change_x,
        change_y,
    ],
    ids=lambda change: getattr(change, "__name__", str(change)),
)
def test_another_fit_starts_anew(change, tmp_path):
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,), max_iter=10, random_state=0)
    clone(mlp).set_callbacks(Checkpoint(tmp_path)).fit(X, y)
    if isinstance(change, dict):
        mlp.set_params(**change)
    else:
        X, y = change(X, y)
    counter = Count()
    found = clone(mlp).set_callbacks(Checkpoint(tmp_path), counter).fit(X, y)
    assert counter.n_seen == found.n_iter_ >= 10
    assert_same(found, clone(mlp).fit(X, y))
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_printed_is_not_part_of_a_fit(tmp_path, capsys):
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,), max_iter=10, random_state=0)
    mlp.set_callbacks(Checkpoint(tmp_path)).fit(X, y)
    mlp.set_params(verbose=True).fit(X, y)
    assert "Iteration" not in capsys.readouterr().out


def test_a_search_does_what_is_left(tmp_path):
    X, y = problem("binary", n_rows=60)
    counter = Count()
    network = MLPClassifier((4,), max_iter=10, random_state=0)
    network.set_callbacks(Checkpoint(tmp_path, 5), counter)
    model = make_pipeline(StandardScaler(), network)
    grid = {"mlpclassifier__alpha": [1e-4, 1e-2]}
    expected = GridSearchCV(model, grid, cv=3).fit(X, y)
    assert counter.n_seen == 7 * 10
    found = GridSearchCV(clone(model), grid, cv=3).fit(X, y)
    assert counter.n_seen == 7 * 10
    for name in ("split0_test_score", "split2_test_score"):
        np.testing.assert_array_equal(
            found.cv_results_[name], expected.cv_results_[name]
        )
    assert len(list(tmp_path.iterdir())) == 7


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_members_of_an_ensemble_go_on(n_jobs, tmp_path):
    X, y = problem("binary", n_rows=60)
    network = MLPClassifier((4,), max_iter=10, random_state=0)

    def ensemble(*callbacks):
        member = clone(network).set_callbacks(*callbacks)
        return BaggingEnsemble(member, n_estimators=3, n_jobs=n_jobs, random_state=0)

    expected = ensemble().fit(X, y)
    if n_jobs == 1:
        with pytest.raises(FallError):
            ensemble(Checkpoint(tmp_path, 2), FallAfter(8)).fit(X, y)
        assert len(list(tmp_path.iterdir())) == 3
    found = ensemble(Checkpoint(tmp_path)).fit(X, y)
    for member, other in zip(found.estimators_, expected.estimators_, strict=True):
        assert_same(member, other)
    assert len(list(tmp_path.iterdir())) == 3


SCRIPT = """
import sys, time
import numpy as np
from skregnet import MLPClassifier
from skregnet.callbacks import Checkpoint

class Slow:
    def setup(self, estimator, context): pass
    def teardown(self, estimator, context): pass
    def on_fit_task_begin(self, estimator, context): pass
    def on_fit_task_end(self, estimator, context): time.sleep(0.02)

rng = np.random.RandomState(0)
X, y = rng.normal(size=(60, 4)), rng.randint(3, size=60)
mlp = MLPClassifier((5,), max_iter=2000, n_iter_no_change=2000, random_state=0)
mlp.set_callbacks(Checkpoint(sys.argv[1], every=1), Slow()).fit(X, y)
"""


def test_a_process_that_is_killed(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path])
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("*.npz")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    (path,) = tmp_path.glob("*.npz")
    n_done = files.read_snapshot(path)["n_epochs"]
    assert 0 < n_done < 2000
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(60, 4)), rng.randint(3, size=60)
    mlp = MLPClassifier((5,), max_iter=2000, n_iter_no_change=2000, random_state=0)
    counter = Count()
    found = clone(mlp).set_callbacks(Checkpoint(tmp_path, 2000), counter).fit(X, y)
    assert counter.n_seen == 2000 - n_done
    assert_same(found, mlp.fit(X, y))


def test_what_a_killed_program_left_is_removed_in_time(tmp_path):
    old, new, other = (tmp_path / name for name in ("a.part", "b.part", "c.txt"))
    for path, age in [(old, 7200), (new, 60), (other, 7200)]:
        path.write_text("half of it")
        os.utime(path, (time.time() - age,) * 2)
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,), max_iter=3, random_state=0)
    mlp.set_callbacks(Checkpoint(tmp_path)).fit(X, y)
    assert not old.exists()
    assert new.exists()
    assert other.exists()


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,), max_iter=10, random_state=0)
    n_written = 0
    savez = np.savez

    def fill(file, **arrays):
        nonlocal n_written
        n_written += 1
        if n_written > 2:
            file.write(b"half of it")
            raise OSError(28, "No space left on device")
        savez(file, **arrays)

    monkeypatch.setattr(np, "savez", fill)
    falling = clone(mlp).set_callbacks(Checkpoint(tmp_path, 2))
    with pytest.warns(RuntimeWarning, match="could not be written .*No space left"):
        falling.fit(X, y)
    assert_same(falling, clone(mlp).fit(X, y))
    (path,) = tmp_path.iterdir()
    assert files.read_snapshot(path)["n_epochs"] == 4


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,), random_state=0)
    mlp.set_callbacks(Checkpoint(tmp_path / "file" / "below"))
    with pytest.raises(OSError, match="Not a directory"):
        mlp.fit(X, y)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 half"])
def test_a_damaged_file(content, tmp_path):
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,), max_iter=3, random_state=0)
    mlp.set_callbacks(Checkpoint(tmp_path)).fit(X, y)
    coefs = mlp.coefs_
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a checkpoint in .* remove it to start anew"):
        mlp.fit(X, y)
    assert mlp.coefs_ is coefs


def test_no_pickle_is_read(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, rest=np.array([{"n_epochs": 1}], dtype=object))
    with pytest.raises(ValueError, match=r"a checkpoint in .*allow_pickle"):
        files.read_snapshot(path)


def test_what_is_read_is_what_was_written(tmp_path):
    path = tmp_path / "file.npz"
    snapshot = {
        "numbers": [1, 0.1, -np.inf, True, None, "text"],
        "scalar": np.float32(0.1),
        "nested": {"array": np.arange(3, dtype=np.uint64), "empty": {}},
    }
    files.write_snapshot(path, snapshot)
    found = files.read_snapshot(path)
    assert found["numbers"] == snapshot["numbers"]
    assert found["scalar"] == np.float32(0.1)
    assert found["scalar"].dtype == np.float32
    assert found["nested"]["array"].dtype == np.uint64
    np.testing.assert_array_equal(found["nested"]["array"], [0, 1, 2])
    assert found["nested"]["empty"] == {}
    with pytest.raises(TypeError, match=r"got set as 'nested\.own'"):
        files.write_snapshot(path, {"nested": {"own": {1, 2}}})
    assert files.read_snapshot(path)["scalar"] == np.float32(0.1)
    assert os.listdir(tmp_path) == ["file.npz"]


@pytest.mark.parametrize("solver", ["lbfgs", "newton_cg", "eigen_step"])
def test_solvers_of_whole_fits(solver, tmp_path):
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,), solver=solver, random_state=0)
    mlp.set_callbacks(Checkpoint(tmp_path))
    with pytest.raises(ValueError, match=f"takes steps.*solver='{solver}'"):
        mlp.fit(X, y)


def test_what_cannot_be_known_again(tmp_path):
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,)).set_callbacks(Checkpoint(tmp_path))
    with pytest.raises(ValueError, match="random_state=None; set a number"):
        mlp.fit(X, y)
    mlp.set_params(random_state=0, learning_rate=lambda share: 1 - share)
    with pytest.raises(ValueError, match="such as can be pickled"):
        mlp.fit(X, y)


def test_partial_fit(tmp_path):
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,), random_state=0).set_callbacks(Checkpoint(tmp_path))
    with pytest.raises(ValueError, match="follows fit, not partial_fit"):
        mlp.partial_fit(X, y, classes=[0, 1])


def test_it_is_for_networks(tmp_path):
    X, y = problem("binary", n_rows=40)
    pipeline = make_pipeline(PCA(2), MLPClassifier())
    with pytest.raises(TypeError, match=r"Checkpoint expects to be set on .*Pipeline"):
        pipeline.set_callbacks(Checkpoint(tmp_path)).fit(X, y)


@pytest.mark.parametrize("every", [0, 1.5, "all"])
def test_bad_intervals(every, tmp_path):
    with pytest.raises(ValueError, match="every"):
        Checkpoint(tmp_path, every)
