"""The guide's Python runs, and prints what the guide shows."""

import importlib
import re
from pathlib import Path

import pytest

plt = pytest.importorskip("matplotlib.pyplot")

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
PAGES = sorted(GUIDE.glob("*.md"))

# A block of Python and, where a block of text follows at once, its output.
BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```$(?:\s*^```text\n(?P<output>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)
FENCE = re.compile(r"^```(\w+)$", re.MULTILINE)
ROLE = re.compile(r"\{(class|func)\}`([^`]*)`")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def text_of(page):
    return page.read_text(encoding="utf-8")


def code_of(text, block):
    """Return the code of a block, whose lines keep their numbers on the page."""
    return "\n" * text.count("\n", 0, block.start("code")) + block["code"]


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Let blocks write files, and draw to no screen."""
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("agg")
    yield
    plt.close("all")


@each_page
@pytest.mark.usefixtures("scratch")
def test_blocks_run_and_print_what_is_shown(page, capsys):
    text = text_of(page)
    namespace = {"__name__": "__main__"}
    for block in BLOCK.finditer(text):
        exec(compile(code_of(text, block), str(page), "exec"), namespace)
        printed = capsys.readouterr().out
        if block["output"] is not None:
            assert printed == block["output"]


@each_page
def test_each_block_is_found(page):
    """Each output follows the code that prints it, so that none is left unchecked."""
    text = text_of(page)
    blocks = list(BLOCK.finditer(text))
    names = FENCE.findall(text)
    assert names.count("python") == len(blocks)
    assert names.count("text") == sum(block["output"] is not None for block in blocks)


@each_page
def test_roles_name_what_is_public(page):
    for _, target in ROLE.findall(text_of(page)):
        if not target.startswith("skregnet."):
            continue
        module, _, name = target.rpartition(".")
        assert name in importlib.import_module(module).__all__, target


def test_index_lists_all_pages():
    toctree = re.search(
        r"^```\{toctree\}\n(?P<lines>.*?)^```$",
        text_of(GUIDE / "index.md"),
        re.DOTALL | re.MULTILINE,
    )
    listed = re.findall(r"^\w+$", toctree["lines"], re.MULTILINE)
    assert sorted(listed) == [page.stem for page in PAGES if page.stem != "index"]
