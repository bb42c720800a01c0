"""What `import skregnet` gives access to."""

import json
import subprocess
import sys
from importlib import import_module

import pytest

import skregnet
from tests.test_docstrings import PUBLIC_MODULES

SUBPACKAGES = sorted(
    name.split(".")[1] for name in PUBLIC_MODULES if name != "skregnet"
)


def run(code):
    """Run code in a fresh interpreter, and return what it prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", "import json, sys\nimport skregnet\n" + code],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_subpackages_need_no_import_of_their_own():
    available = [name for name in SUBPACKAGES if name in dir(skregnet)]
    code = f"print(json.dumps([getattr(skregnet, n).__name__ for n in {available}]))"
    assert run(code) == [f"skregnet.{name}" for name in available]


def test_import_does_not_load_what_is_not_asked_for():
    loaded = set(run("print(json.dumps(list(sys.modules)))"))
    unasked = {
        "skregnet.inspection",
        "skregnet.onnx",
        "numba",
        "matplotlib",
        "skl2onnx",
    }
    assert not unasked & loaded


def test_dir_lists_public_names_only():
    pytest.importorskip("skl2onnx")
    assert dir(skregnet) == sorted({*skregnet.__all__, *SUBPACKAGES, "__version__"})


def test_unknown_names():
    with pytest.raises(AttributeError, match="'skregnet' has no attribute 'nothing'"):
        skregnet.nothing  # noqa: B018
    assert not hasattr(skregnet, "nothing")


def test_a_subpackage_whose_requirements_are_missing(monkeypatch):
    for name in [n for n in sys.modules if n.startswith("skregnet.onnx")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(skregnet, "onnx", raising=False)
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match="skl2onnx"):
        skregnet.onnx  # noqa: B018
    assert "onnx" not in dir(skregnet)


@pytest.mark.parametrize("name", SUBPACKAGES)
def test_the_imported_module_is_the_attribute(name):
    if name == "onnx":
        pytest.importorskip("skl2onnx")
    assert getattr(skregnet, name) is import_module(f"skregnet.{name}")
