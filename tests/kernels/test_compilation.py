"""Kernels where Numba, or its cache on disk, is damaged or missing."""

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import config
from numba.core.caching import CacheImpl, IndexDataCacheFile

from skregnet._kernels import selection
from skregnet._kernels.numba import compilation, compilation_cache, loops
from skregnet._kernels.numba import updates as numba_updates
from skregnet._kernels.numpy import updates as numpy_updates

RATE = np.array([[0.25]])


@pytest.fixture(autouse=True)
def _nothing_warned_of(monkeypatch):
    monkeypatch.setattr(compilation_cache, "_WARNED", [])


def average(dtype=np.float64, read_only=False):
    """Compile a loop, or load it, and run it; return where it is from."""
    loop = compilation.compiled.__wrapped__("average", np.dtype(np.float64))
    mean, theta = np.zeros((1, 3), dtype), np.ones((1, 3), dtype)
    theta.flags.writeable = not read_only
    loop(mean, theta, RATE)
    np.testing.assert_array_equal(mean, 0.25)
    return "cache" if sum(loop.stats.cache_hits.values()) else "compiler"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Return a directory with a cache of one loop, for two signatures."""
    directory = tmp_path_factory.mktemp("filled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "CACHE_DIR", str(directory))
        assert average() == "compiler"
        assert average(np.float32) == "compiler"
        assert average() == average(np.float32) == "cache"
    return directory


@pytest.fixture
def cache(filled, tmp_path, monkeypatch):
    """Return a copy of it, which is Numba's cache now."""
    shutil.copytree(filled, tmp_path / "cache")
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def warned_of(caught):
    """Return the only message of what was warned of."""
    (warning,) = caught
    return str(warning.message)


def cut_in_half(content):
    return content[: len(content) // 2]


def flip_a_bit(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


DAMAGES = {
    "empty": lambda content: b"",
    "short": lambda content: content[:20],
    "half": cut_in_half,
    "one bit": flip_a_bit,
    "zeros": lambda content: bytes(len(content)),
    "noise": lambda content: np.random.RandomState(0).bytes(len(content)),
    "longer": lambda content: content + b"\0",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_damaged_files_are_named_and_mended(suffix, damage, cache):
    paths = sorted(cache.rglob(f"*{suffix}"))
    for path in paths:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.warns(RuntimeWarning) as caught:
        assert average() == average(np.float32) == "compiler"
    assert any(str(path) in warned_of(caught) for path in paths)
    assert average() == average(np.float32) == "cache"


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_files_that_cannot_be_read(suffix, cache):
    for path in cache.rglob(f"*{suffix}"):
        path.unlink()
        path.mkdir()  # as those of another user, for any user
    with pytest.warns(RuntimeWarning) as caught:
        assert average() == "compiler"
    assert str(cache) in warned_of(caught)


def test_missing_files_are_written_again(cache):
    for path in cache.rglob("*.nbc"):
        path.unlink()
    assert average() == "compiler"
    assert average() == "cache"


def test_a_function_of_another_signature_is_not_run(cache):
    # As two processes leave them that fill a cache at once.
    first, second = sorted(cache.rglob("*.nbc"))
    shutil.copy(first, second)
    assert {average(), average(np.float32)} == {"cache", "compiler"}
    assert average() == average(np.float32) == "cache"


def test_a_full_disk(tmp_path, monkeypatch):
    def full(self, filepath):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(IndexDataCacheFile, "_open_for_write", full)
    with pytest.warns(RuntimeWarning) as caught:
        assert average() == average() == "compiler"
    assert "No space left" in warned_of(caught)
    assert str(tmp_path) in warned_of(caught)


def test_no_place_for_a_cache(monkeypatch):
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    with pytest.warns(RuntimeWarning) as caught:
        assert average() == "compiler"
    assert "no locator available" in warned_of(caught)


def test_caches_are_those_of_the_source(cache, monkeypatch):
    stamp = "skregnet._kernels.numba.compilation_cache.FunctionCache._impl_class"
    assert average() == "cache"
    monkeypatch.setattr(
        "numba.core.caching.UserProvidedCacheLocator.get_source_stamp",
        lambda self: stamp,
    )
    assert average() == "compiler"
    assert average() == "cache"


ERRORS = [
    ImportError("Numba needs NumPy 2.3 or less"),
    AttributeError("module 'numpy' has no attribute 'no_such'"),
    SystemError("initialization of _internal failed"),
    OSError("could not load libllvmlite.so"),
]


@pytest.fixture(params=ERRORS, ids=lambda error: type(error).__name__)
def broken(request, monkeypatch):
    """Let the import of Numba fail; return the error."""

    def import_module(name):
        raise request.param

    own = compilation.compiled.__wrapped__
    monkeypatch.setattr(compilation, "import_module", import_module)
    monkeypatch.setattr(numba_updates, "compiled", own)
    monkeypatch.setattr(numba_updates, "_loop", numba_updates._loop.__wrapped__)
    for remembers in (compilation._import_numba, compilation._warn_of_numba):
        remembers.cache_clear()
    yield request.param
    compilation._import_numba.cache_clear()


def adam(module):
    """Return what two steps make of parameters."""
    theta, g, first, second = np.random.RandomState(0).uniform(size=(4, 3, 9))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            module.adam_update(theta, g, first, second, 0.9, 1.3, 0.01, 1e-3)
    return theta, [str(warning.message) for warning in caught]


def test_numpy_takes_over_where_numba_cannot_be_imported(broken, monkeypatch):
    monkeypatch.delenv(selection.VARIABLE, raising=False)
    found, messages = adam(numba_updates)
    np.testing.assert_array_equal(found, adam(numpy_updates)[0])
    (message,) = messages
    assert str(broken) in message


def test_numba_that_is_asked_for_must_work(broken, monkeypatch):
    monkeypatch.setenv(selection.VARIABLE, "numba")
    with pytest.raises(ImportError, match="SKREGNET_KERNELS=numba, but Numba cannot"):
        adam(numba_updates)


FIT = """
import warnings
import numpy as np
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", RuntimeWarning)
    import skregnet
    X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    network = skregnet.MLPClassifier(
        (8,), max_iter=2, dropout=0.2, batch_norm="before", n_iter_no_change=1, tol=9
    )
    network.fit(X, X[:, 0] > 0)
(message,) = [str(w.message) for w in caught if w.category is RuntimeWarning]
assert "no LLVM" in message
skregnet.show_versions()
"""


def test_a_fit_beside_a_numba_that_cannot_be_imported(tmp_path, monkeypatch):
    package = tmp_path / "numba"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('no LLVM')\n")
    monkeypatch.delenv(selection.VARIABLE, raising=False)
    root = Path(loops.__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{root}")
    told = subprocess.run(
        [sys.executable, "-c", FIT], check=True, capture_output=True, text=True
    ).stdout
    assert "version: numpy" in told
    assert "cannot be imported (RuntimeError: no LLVM)" in told
