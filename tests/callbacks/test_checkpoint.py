"""Fits that are ended, and go on from their checkpoints."""

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st
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
    key = "0" * 32
    ages = {
        f"{key}-a1b2c3d4.skregnet-part": 7200,
        f"{key}-e5f6_7h8.skregnet-part": 60,
        "holiday-film.mkv.part": 7200,
        f"{key}-a1b2c3d4.part": 7200,
        "notes.skregnet-part": 7200,
        f"{key}-A1B2C3D4.skregnet-part": 7200,
        "c.txt": 7200,
    }
    for name, age in ages.items():
        (tmp_path / name).write_text("half of it")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    target = tmp_path / "c.txt"
    link = tmp_path / f"{key}-linked00.skregnet-part"
    link.symlink_to(target)
    os.utime(link, (time.time() - 7200,) * 2, follow_symlinks=False)
    X, y = problem("binary", n_rows=40)
    mlp = MLPClassifier((4,), max_iter=3, random_state=0)
    mlp.set_callbacks(Checkpoint(tmp_path)).fit(X, y)
    removed, *kept = ages
    assert not (tmp_path / removed).exists()
    assert all((tmp_path / name).exists() for name in kept)
    assert link.is_symlink()


def test_files_that_are_being_written_are_named_so(tmp_path, monkeypatch):
    names = []

    def look(file, **arrays):
        names.extend(os.listdir(tmp_path))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", look)
    with pytest.raises(OSError, match="No space"):
        files.write_snapshot(tmp_path / "key.npz", {"n": 1})
    assert re.fullmatch(r"key-[a-z0-9_]{8}\.skregnet-part", names[0])
    assert not os.listdir(tmp_path)


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


def network(directory=None, **parameters):
    """Return a network whose fits are saved after each epoch."""
    mlp = MLPClassifier((4,), max_iter=5, tol=0, batch_size=16, random_state=0)
    mlp.set_params(**parameters)
    return mlp if directory is None else mlp.set_callbacks(Checkpoint(directory, 1))


ALL = {
    "dropout": 0.2,
    "batch_norm": "before",
    "early_stopping": True,
    "weight_averaging": "swa",
    "solver": rules.Lookahead(rules.RMSProp(momentum=0.5), period=3),
}


def cut_off(directory, **parameters):
    """Leave the checkpoint of a fit that has fallen; return its path."""
    X, y = problem("binary", n_rows=40)
    mlp = network(**parameters).set_callbacks(Checkpoint(directory, 1), FallAfter(3))
    with pytest.raises(FallError):
        mlp.fit(X, y)
    (path,) = directory.glob("*.npz")
    return path


def sign(parts):
    """Return the parts of a file with the digest that belongs to them."""
    rest = str(parts["rest"])
    arrays = {k: v for k, v in parts.items() if k not in ("rest", "digest")}
    used = {name: a for name, a in arrays.items() if f'"array": "{name}"' in rest}
    return parts | {"digest": np.array(files._digest(rest, used))}


def rewrite(path, change, signed=False):
    """Change the parts of a file."""
    parts = dict(np.load(path))
    change(parts)
    with path.open("wb") as file:
        np.savez(file, **(sign(parts) if signed else parts))


def in_json(change):
    """Return what changes the JSON of a file."""

    def changed(parts):
        found = json.loads(str(parts["rest"]))
        found = change(found) or found
        parts["rest"] = np.array(json.dumps(found))

    return lambda path: rewrite(path, changed, signed=True)


def given(value, *keys):
    """Return what puts a value into the JSON of a file."""

    def change(found):
        for key in keys[:-1]:
            found = found[key]
        found[keys[-1]] = value

    return in_json(change)


def without(*keys):
    """Return what removes an entry of the JSON."""

    def change(found):
        for key in keys[:-1]:
            found = found[key]
        del found[keys[-1]]

    return in_json(change)


def in_array(name, change):
    """Return what changes an array of a file."""

    def changed(parts):
        parts[name] = change(parts[name])

    return lambda path: rewrite(path, changed, signed=True)


def in_archive(change, **options):
    """Return what writes the parts into an archive of another kind."""

    def changed(path):
        parts = zipfile.ZipFile(path)
        content = {name: parts.read(name) for name in parts.namelist()}
        parts.close()
        with zipfile.ZipFile(path, "w", **options) as archive:
            change(archive, content)

    return changed


def as_they_are(archive, content):
    for name, data in content.items():
        archive.writestr(name, data)


def in_directory(offset, value):
    """Return what changes a field of all parts, in the archive's directory too."""

    def changed(path):
        content = bytearray(path.read_bytes())
        for magic, start in ((b"PK\x03\x04", -2), (b"PK\x01\x02", 0)):
            place = content.find(magic)
            while place >= 0:
                content[place + offset + start : place + offset + start + 2] = value
                place = content.find(magic, place + 4)
        path.write_bytes(bytes(content))

    return changed


def header(shape, descr="<f8"):
    """Return what a file of NumPy begins with."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def with_part(name, data):
    """Return what replaces a part by other bytes."""
    return in_archive(lambda a, c: as_they_are(a, c | {f"{name}.npy": data}))


def twice(archive, content):
    as_they_are(archive, content)
    with pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("rest.npy", content["rest.npy"])


def as_pipe(path):
    path.unlink()
    os.mkfifo(path)


def as_directory(path):
    path.unlink()
    path.mkdir()


def as_device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


def as_loop(path):
    path.unlink()
    path.symlink_to(path.name)


DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"text"),
    "half": lambda path: path.write_bytes(b"PK\x03\x04 half"),
    "no archive": lambda path: path.write_bytes(header("(1,)") + bytes(8)),
    "a pipe": as_pipe,
    "a directory": as_directory,
    "a device": as_device,
    "a link to itself": as_loop,
    "compressed": in_archive(as_they_are, compression=zipfile.ZIP_DEFLATED),
    "another compression": in_archive(as_they_are, compression=zipfile.ZIP_LZMA),
    "unknown compression": in_directory(10, b"\x63\x00"),
    "encrypted": in_directory(8, b"\x01\x00"),
    "a name twice": in_archive(twice),
    "petabytes": with_part("parameters", header("(1000000000000000,)")),
    "petabytes of JSON": with_part("rest", header("()", "<U100000000000000")),
    "negative sizes": with_part("parameters", header("(-3, -9)")),
    "a pickle": with_part("order", header("(3,)", "|O") + b"cos\nsystem\n"),
    "nested header": with_part("order", header("(" + "-" * 60 + "1,)")),
    "no header": with_part("order", b""),
    "no digest": lambda path: rewrite(path, lambda parts: parts.pop("digest")),
    "another digest": lambda path: rewrite(
        path, lambda parts: parts.update(digest=np.array("0" * 64))
    ),
    "another number": lambda path: rewrite(
        path, lambda parts: parts["parameters"].__setitem__(0, 0.5)
    ),
    "no JSON": lambda path: rewrite(path, lambda parts: parts.pop("rest")),
    "numbers for JSON": in_array("rest", lambda _: np.arange(9)),
    "bad JSON": in_array("rest", lambda _: np.array("{")),
    "deep JSON": in_array("rest", lambda _: np.array("[" * 10**5 + "]" * 10**5)),
    "a list": in_json(lambda _: [1, 2]),
    "a number": in_json(lambda _: 5),
    "an entry more": given(1, "more"),
    "text for epochs": given("a", "n_epochs"),
    "negative epochs": given(-5, "n_epochs"),
    "endless epochs": given(10**300, "n_epochs"),
    "epochs are a truth": given(True, "n_epochs"),
    "half an epoch": given(2.5, "n_epochs"),
    "epochs that are no number": given(float("nan"), "n_epochs"),
    "more epochs than there are": given(6, "n_epochs"),
    "unknown outcome": given("EVIL", "outcome"),
    "outcome of another kind": given(["CONVERGED"], "outcome"),
    "no draws": given(None, "draws"),
    "draws beyond": given(10**6, "draws", "state", "pos"),
    "draws before": given(-1, "draws", "state", "pos"),
    "draws of another kind": given("PCG64", "draws", "bit_generator"),
    "short draws": in_array("draws.state.key", lambda a: a[:9]),
    "noise from nowhere": given({}, "noise"),
    "no rate": given(None, "learning_rate"),
    "an infinite rate": given(float("inf"), "learning_rate"),
    "averaging in text": given("yes", "is_averaging"),
    "half a plateau": given([1.0], "plateau"),
    "waiting since ever": given([1.0, float("nan")], "plateau"),
    "best without validation": given({"array": "best"}, "best"),
    "another history": given({"a": 1}, "history"),
    "history in text": given("curve", "history", "losses"),
    "texts in history": given(["a"] * 2, "history", "losses"),
    "history too long": given([1.0] * 99, "history", "losses"),
    "rows that are no count": given(float("nan"), "history", "n_rows_seen"),
    "no optimizer": without("state", "optimizer"),
    "no moments": without("state", "optimizer", "first"),
    "moments in text": given("a", "state", "optimizer", "first"),
    "no steps": given(None, "state", "optimizer", "n_steps"),
    "negative steps": given(-1, "state", "optimizer", "n_steps"),
    "steps that are no count": given(float("nan"), "state", "optimizer", "n_steps"),
    "decayed to nothing": given(0.0, "state", "optimizer", "first_decay"),
    "negative decay": given(-1.0, "state", "optimizer", "second_decay"),
    "an average more": given({}, "state", "averaging"),
    "order beyond": in_array("order", lambda a: a + 10**9),
    "order before": in_array("order", lambda a: a - 10**9),
    "order with a row twice": in_array("order", lambda a: np.r_[a[:1], a[:-1]]),
    "longer order": in_array("order", lambda a: np.tile(a, 7)),
    "shorter order": in_array("order", lambda a: a[:3]),
    "order of numbers": in_array("order", lambda a: a.astype(float)),
    "small order": in_array("order", lambda a: a.astype(np.int8)),
    "shorter parameters": in_array("parameters", lambda a: a[:3]),
    "other parameters": in_array("parameters", lambda a: a.astype(np.float32)),
    "swapped parameters": in_array("parameters", lambda a: a.astype(">f8")),
    "parameters in a table": in_array("parameters", lambda a: a[np.newaxis]),
    "parameters in text": in_array("parameters", lambda a: a.astype(str)),
    "parameters that are no number": in_array("parameters", lambda a: a * np.nan),
    "moments that are no number": in_array(
        "state.optimizer.second", lambda a: a * np.nan
    ),
    **{
        f"{name} {what}": in_array(name, change)
        for name in ("parameters", "state.optimizer.first", "state.optimizer.second")
        for what, change in {
            "with NaN": lambda a: np.where(np.arange(a.size) == 1, np.nan, a),
            "with -inf": lambda a: np.where(np.arange(a.size) == 1, -np.inf, a),
        }.items()
    },
    "negative second moments": in_array("state.optimizer.second", lambda a: -a - 1e-9),
    "fewer steps than epochs": given(1, "state", "optimizer", "n_steps"),
    "no step": given(0, "state", "optimizer", "n_steps"),
    "growth for decay": given(1.5, "state", "optimizer", "first_decay"),
    "a negative rate": given(-0.001, "learning_rate"),
    "a rate of 0": given(0, "learning_rate"),
    "a rate above the first": given(1e30, "learning_rate"),
    "a rate that is no number": given(float("nan"), "learning_rate"),
    "a plateau that is no number": given([float("nan"), 0], "plateau"),
    "shorter moments": in_array("state.optimizer.first", lambda a: a[:, :3]),
    "no second moments": in_array("state.optimizer.second", lambda a: a[:, :0]),
    **{
        f"no {name}": without(name)
        for name in ("n_epochs", "outcome", "parameters", "best", "state", "order")
    },
    **{
        f"no {name} at all": without(name)
        for name in ("draws", "noise", "learning_rate", "plateau", "history")
    },
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_of(damage, tmp_path):
    X, y = problem("binary", n_rows=40)
    path = cut_off(tmp_path)
    DAMAGE[damage](path)
    mlp = network(tmp_path)
    with pytest.raises(ValueError, match=r"a checkpoint in .* remove it to") as error:
        mlp.fit(X, y)
    assert str(path) in str(error.value)
    assert not hasattr(mlp, "coefs_")


SPOILED = {
    "velocity": ({"solver": "sgd"}, "state.optimizer.velocity", [np.nan, np.inf]),
    "averages": (
        {"weight_averaging": "ema"},
        "state.averaging.average",
        [np.nan, np.inf],
    ),
    "slow weights": (
        {"solver": rules.Lookahead(rules.SGD())},
        "state.optimizer.slow",
        [np.nan, -np.inf],
    ),
    "squares": ({"solver": "adagrad"}, "state.optimizer.squares", [np.nan, -1.0]),
    "squares within": (
        {"solver": rules.Lookahead(rules.RMSProp())},
        "state.optimizer.inner.squares",
        [np.nan, -1.0],
    ),
    "largest": (
        {"solver": rules.Adam(amsgrad=True)},
        "state.optimizer.largest",
        [np.nan, -1.0],
    ),
    "gains": (
        {"solver": "delta_bar_delta", "batch_size": 40},
        "state.optimizer.gains",
        [np.nan, np.inf, -1.0],
    ),
    "best": ({"early_stopping": True}, "best", [np.nan, np.inf]),
}


@pytest.mark.parametrize("name", SPOILED)
def test_values_out_of_range_are_told_of(name, tmp_path):
    X, y = problem("binary", n_rows=40)
    parameters, part, values = SPOILED[name]
    path = cut_off(tmp_path, **parameters)
    whole = path.read_bytes()
    for value in values:
        path.write_bytes(whole)
        in_array(part, lambda a, value=value: np.full_like(a, value))(path)
        mlp = network(tmp_path, **parameters)
        with pytest.raises(ValueError, match=r"a checkpoint in .* remove it to") as e:
            mlp.fit(X, y)
        assert str(path) in str(e.value)
        assert part in str(e.value)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_fit_that_diverges_comes_out_the_same_again(tmp_path):
    X, y = problem("real", n_rows=40)
    mlp = MLPRegressor(hidden_layer_sizes=(4,), solver="sgd", max_iter=20)
    mlp.set_params(learning_rate_init=1e3, momentum=0.99, early_stopping=True)
    mlp.set_params(activation="relu", n_iter_no_change=30, random_state=0)
    expected = clone(mlp).fit(X, y)
    assert not np.isfinite(expected.validation_scores_[-1])
    for _ in range(2):
        found = clone(mlp).set_callbacks(Checkpoint(tmp_path, 1)).fit(X, y)
        np.testing.assert_array_equal(found.coefs_[0], expected.coefs_[0])
        assert found.n_iter_ == expected.n_iter_


def test_a_file_that_was_written_again_is_taken(tmp_path):
    X, y = problem("binary", n_rows=40)
    path = cut_off(tmp_path)
    rewrite(path, lambda parts: parts.update(more=np.zeros(9)))
    link = path.rename(tmp_path / "elsewhere")
    path.symlink_to(link)
    counter = Count()
    mlp = network().set_callbacks(Checkpoint(tmp_path, 9), counter).fit(X, y)
    assert counter.n_seen == 3
    assert_same(mlp, network().fit(X, y))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_small_file_does_not_fill_the_memory(compression, tmp_path):
    X, y = problem("binary", n_rows=40)
    path = cut_off(tmp_path)

    def add(archive, content):
        as_they_are(archive, content)
        archive.writestr("more.npy", header("(5000000,)") + bytes(40_000_000))

    if compression == zipfile.ZIP_DEFLATED:
        in_archive(add, compression=compression)(path)
    else:
        with_part("state.optimizer.first", header("(5000000,)"))(path)
    tracemalloc.start()
    with pytest.raises(ValueError, match="a checkpoint in"):
        network(tmp_path).fit(X, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5e6


@pytest.mark.parametrize("parameters", [{}, ALL], ids=["few", "all"])
def test_a_file_cut_off_anywhere_is_refused(parameters, tmp_path):
    path = cut_off(tmp_path, **parameters)
    whole = path.read_bytes()
    for length in {*range(0, len(whole), 97), *range(len(whole) - 300, len(whole))}:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=re.escape(str(path))):
            files.read_snapshot(path)


def refusal(call, *arguments):
    """Return what the ValueError of a call says, None if there is none."""
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
    return None


def as_text(snapshot):
    """Return what tells a snapshot from others."""
    return json.dumps(files._take_arrays(snapshot, "", arrays := {})), {
        name: (a.dtype.str, a.tobytes()) for name, a in arrays.items()
    }


@settings(max_examples=150, deadline=None)
@given_by(st.data())
def test_a_file_with_other_bits_is_refused_or_the_same(flipped_file, data):
    path, expected = flipped_file
    content = bytearray((path.parent / "whole").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(content))
    message = refusal(files.read_snapshot, path)
    if message is None:
        assert as_text(files.read_snapshot(path)) == expected
    else:
        assert str(path) in message


@pytest.fixture(scope="module")
def flipped_file(tmp_path_factory):
    path = cut_off(tmp_path_factory.mktemp("flipped"), **ALL)
    shutil.copy(path, path.parent / "whole")
    return path, as_text(files.read_snapshot(path))


def places(value, path=()):
    """Yield where there is anything in JSON."""
    if path:
        yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in items:
            yield from places(part, (*path, key))


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just({"array": "order"}),
    st.just(10**400),
)


@pytest.fixture(scope="module", params=[{}, ALL], ids=["few", "all"])
def edited_file(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp("edited")
    path = cut_off(directory, **request.param)
    shutil.copy(path, directory / "whole")
    return path, request.param


@pytest.mark.parametrize("signed", [False, True])
@settings(max_examples=40, deadline=None)
@given_by(st.data())
def test_edited_json_is_refused_or_trained_on(edited_file, signed, data):
    X, y = problem("binary", n_rows=40)
    path, parameters = edited_file

    def change(parts):
        found = json.loads(str(parts["rest"]))
        for _ in range(data.draw(st.integers(1, 3))):
            place = data.draw(st.sampled_from(list(places(found))))
            entry = found
            for key in place[:-1]:
                entry = entry[key]
            if data.draw(st.booleans()):
                entry[place[-1]] = data.draw(ODD)
            else:
                del entry[place[-1]]
        parts["rest"] = np.array(json.dumps(found))

    whole = shutil.copy(path.parent / "whole", path)
    before = str(np.load(whole)["rest"])
    rewrite(path, change, signed)
    is_same = json.loads(before) == json.loads(str(np.load(path)["rest"]))
    mlp = network(path.parent, **parameters)
    message = refusal(mlp.fit, X, y)
    if message is None:
        assert signed or is_same
        assert np.isfinite(mlp.predict_proba(X)).all()
    else:
        assert str(path) in message or "non-finite" in message


class Memory(FallAfter):
    """Callback that keeps snapshots itself, and changes them when they are wanted."""

    def __init__(self, change, n_epochs=np.inf):
        super().__init__(n_epochs)
        self.change, self.kept = change, {}

    def is_due(self, n_epochs):
        return True

    def load_snapshot(self, key, form):
        return self.change(self.kept[key]) if key in self.kept else None

    def save_snapshot(self, key, snapshot):
        self.kept[key] = copy.deepcopy(snapshot)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("snapshot", lambda snapshot: 5),
        ("snapshot", lambda snapshot: snapshot | {"more": 1}),
        ("order", lambda snapshot: snapshot | {"order": snapshot["order"] + 10**9}),
        ("parameters", lambda snapshot: snapshot | {"parameters": np.zeros(1)}),
        ("state", lambda snapshot: snapshot | {"state": {}}),
        ("draws", lambda snapshot: snapshot | {"draws": None}),
    ],
)
def test_snapshots_of_any_callback_are_checked(name, change):
    X, y = problem("binary", n_rows=40)
    memory = Memory(change, 3)
    mlp = network().set_callbacks(memory)
    with pytest.raises(FallError):
        mlp.fit(X, y)
    with pytest.raises(ValueError, match=f"{name} expects"):
        mlp.fit(X, y)
    memory.change, memory.n_epochs = lambda snapshot: snapshot, np.inf
    assert_same(mlp.fit(X, y), network().fit(X, y))


def test_no_pickle_is_read(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, rest=np.array([{"n_epochs": 1}], dtype=object))
    with pytest.raises(ValueError, match=r"a checkpoint in .*no pickle"):
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
    with pytest.raises(TypeError, match=r"keys are strings, got dict as 'nested'"):
        files.write_snapshot(path, {"nested": {1: 2}})
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
