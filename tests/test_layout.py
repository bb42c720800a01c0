"""The layout of the package: public apart from private, and who imports whom."""

import ast
import pickle
import re
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from skregnet import BaggingEnsemble, MLPClassifier, MultiTaskMLP
from skregnet._sklearn.old_paths import OLD_PATHS
from skregnet.augmentation import GaussianNoise
from skregnet.optimizers import Adam, GradientClipping

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skregnet"
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
PERSISTENCE = (ROOT / "docs" / "persistence.md").read_text(encoding="utf-8")
MODULES = sorted(PACKAGE.rglob("*.py"))
PRIVATE = Path("_sklearn", "private.py")


def package_of(path):
    """Return the name of the package below the root that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    """Return the modules that a module imports from, with the names imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found.append((node.module, [alias.name for alias in node.names]))
        elif isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
    return found


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def test_public_packages_are_those_of_the_api_page():
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    public = {name for name in packages if not is_private(name)}
    assert public == set(re.findall(r"skregnet\.([a-z]\w*)", API))


def test_all_else_is_underscored():
    """But modules of estimators whose types files name, as documented."""
    within = [path.relative_to(PACKAGE) for path in MODULES]
    exposed = {
        ".".join(path.with_suffix("").parts)
        for path in within
        if path.name != "__init__.py"
        and not any(is_private(part) for part in path.parts)
    }
    assert exposed == {
        "ensemble.bagging",
        "estimators.classifier",
        "estimators.multi_task",
        "estimators.regressor",
    }
    assert all(f"`skregnet.{module}." in PERSISTENCE for module in exposed)


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_imports(path):
    """Private modules of public packages, and of scikit-learn, stay behind a door."""
    own = package_of(path)
    for module, names in imports_of(path):
        root, *parts = module.split(".")
        if root == "skregnet" and parts and parts[0] != own:
            assert is_private(parts[0]) or not any(map(is_private, parts)), module
        if root == "sklearn" and path.relative_to(PACKAGE) != PRIVATE:
            assert not any(map(is_private, [*parts, *names])), (module, names)


def test_types_are_announced():
    assert files("skregnet").joinpath("py.typed").is_file()


@pytest.mark.parametrize("old", OLD_PATHS)
def test_old_paths_are_found(old):
    new = import_module(OLD_PATHS[old])
    classes = {
        name: value
        for name, value in vars(new).items()
        if isinstance(value, type) and value.__module__ == new.__name__
    }
    found = vars(import_module(old))
    assert classes
    assert {name: found[name] for name in classes} == classes


def test_other_paths_are_not_found():
    with pytest.raises(ModuleNotFoundError):
        import_module("skregnet.estimators.unknown")


X = np.random.RandomState(0).normal(size=(40, 3))
NETWORK = MLPClassifier((3,), max_iter=2, random_state=0, solver=Adam())


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize(
    "model",
    [
        NETWORK,
        BaggingEnsemble(NETWORK, 2, random_state=0),
        MultiTaskMLP(hidden_layer_sizes=(3,), max_iter=2, random_state=0),
        GaussianNoise(),
        GradientClipping(Adam()),
    ],
)
def test_pickles_with_old_paths_are_read(model):
    if hasattr(model, "fit"):
        model = model.fit(X, X[:, 0] > 0)
    written = pickle.dumps(model, protocol=2)
    for old, new in OLD_PATHS.items():
        written = written.replace(f"c{new}\n".encode(), f"c{old}\n".encode())
    assert any(f"c{old}\n".encode() in written for old in OLD_PATHS)
    read = pickle.loads(written)
    assert type(read) is type(model)
    if hasattr(model, "predict"):
        np.testing.assert_array_equal(read.predict(X), model.predict(X))
