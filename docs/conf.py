"""Settings of the documentation; `make docs` builds it."""

import inspect
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "skregnet"
author = "the skregnet developers"
copyright = "the skregnet developers"
release = version = metadata.version("skregnet")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "auto_examples/*.ipynb"]
templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = "skregnet"
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "show_prev_next": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "api": []}

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

EXAMPLES = Path(__file__).parents[1] / "examples"
sphinx_gallery_conf = {
    "examples_dirs": [str(EXAMPLES)],
    "gallery_dirs": ["auto_examples"],
    "within_subsection_order": "lecture_order.LectureOrder",
    "filename_pattern": r"plot_",
    "ignore_pattern": r"output",
    "abort_on_example_error": True,
    "parallel": 2,
    "download_all_examples": False,
    "show_memory": False,
    "remove_config_comments": True,
    "min_reported_time": 1e9,
    "write_computation_times": False,
}


def skip_scikit_learns(
    app: Any, kind: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out methods that come from scikit-learn, which documents them."""
    if isinstance(member, property):
        member = member.fget
    if not callable(member):
        return None
    module = getattr(inspect.unwrap(member), "__module__", None) or ""
    return True if module.startswith("sklearn") else None


def setup(app: Any) -> None:
    """Connect what is defined here."""
    app.connect("autodoc-skip-member", skip_scikit_learns)
