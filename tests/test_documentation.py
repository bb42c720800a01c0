"""The pages of the documentation: complete, and linked from where they are needed."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from skregnet import BaggingEnsemble, MLPClassifier, MultiTaskMLP
from skregnet.augmentation import AugmentedEstimator, GaussianNoise
from tests.test_docstrings import PUBLIC_MODULES

ROOT = Path(__file__).parents[1]
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("plot_*.py"))


def documented(module):
    """Return the names that the API page lists under a module."""
    (section,) = re.findall(rf"^## {module}$(.*?)(?=^## |\Z)", API, re.DOTALL | re.M)
    return set(re.findall(r"^ +(\w+)$|^`(\w+)`", section, re.M))


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_the_api_page_has_every_name(module):
    names = {first or second for first, second in documented(module)}
    public = set(import_module(module).__all__)
    modules = {name for name in public if f"{module}.{name}" in PUBLIC_MODULES}
    assert names == {name for name in public - modules if not name.startswith("__")}


@pytest.mark.parametrize("name", ["persistence", "tabular"])
def test_a_page_runs(name):
    path = ROOT / "docs" / f"{name}.md"
    blocks = re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    exec(compile("\n".join(blocks), str(path), "exec"), {})


@pytest.mark.parametrize(
    ("estimator", "page"),
    [
        (MLPClassifier(), "skregnet.MLPClassifier"),
        (MultiTaskMLP(), "skregnet.MultiTaskMLP"),
        (BaggingEnsemble(), "skregnet.BaggingEnsemble"),
        (GaussianNoise(), "skregnet.augmentation.GaussianNoise"),
        (
            AugmentedEstimator(MLPClassifier(), GaussianNoise()),
            "skregnet.augmentation.AugmentedEstimator",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_diagrams_link_to_the_page(estimator, page):
    link = f"/generated/{page}.html"
    assert estimator._get_doc_link().endswith(link)
    assert link in estimator._repr_html_()


def test_an_estimator_of_ones_own_links_to_none():
    class Own(MLPClassifier):
        pass

    assert Own()._get_doc_link() == ""


def test_the_gallery_has_every_example():
    path = ROOT / "docs" / "_extensions" / "lecture_order.py"
    scope = {}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), scope)
    assert sorted(f"plot_{name}" for name in scope["ORDER"]) == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_names_no_file_of_its_own_place(name):
    text = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    # The gallery runs it in another folder than `python examples/...` does.
    assert 'Path("' not in text
