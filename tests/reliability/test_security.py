"""The package loads no pickles, runs no text as code, and starts no programs."""

import ast
from pathlib import Path

import pytest

import skregnet

FILES = sorted(Path(skregnet.__file__).parent.rglob("*.py"))

# Modules that load pickles or start programs, and what of them does no such thing.
FORBIDDEN_MODULES = {
    "pickle": {"dumps", "PicklingError"},
    "_pickle": set(),
    "cloudpickle": set(),
    "dill": set(),
    "marshal": set(),
    "shelve": set(),
    "subprocess": set(),
    "pty": set(),
}
FORBIDDEN_NAMES = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {
    ("os", "system"),
    ("os", "popen"),
    *(("joblib", name) for name in ("load", "memory")),
    *(("numpy", name) for name in ("fromregex", "DataSource")),
}
STARTS_PROGRAMS = ("spawn", "exec", "posix_spawn", "fork")


def modules_by_name(tree):
    """Return which names stand for which modules or things in them."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.split(".")[0]
                names[local] = alias.name if alias.asname else local
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def full_name(node, names):
    """Return the dotted name of what an expression stands for, if it is a name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        before = full_name(node.value, names)
        return before and f"{before}.{node.attr}"
    return None


def is_forbidden(name):
    """Tell whether a dotted name is one of what must not be used."""
    first, _, rest = name.partition(".")
    if first in FORBIDDEN_MODULES:
        return bool(rest) and rest not in FORBIDDEN_MODULES[first]
    if first == "os" and rest.startswith(STARTS_PROGRAMS):
        return True
    return name in FORBIDDEN_NAMES or (first, rest) in FORBIDDEN_METHODS


def violations(source):
    """Return the lines and what is forbidden there."""
    tree = ast.parse(source)
    names = modules_by_name(tree)
    found = [(0, name) for name in names.values() if is_forbidden(name)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = full_name(node, names)
            if name and is_forbidden(name):
                found.append((node.lineno, name))
        if isinstance(node, ast.Call):
            name = full_name(node.func, names)
            for keyword in node.keywords:
                is_no = getattr(keyword.value, "value", None) is False
                if keyword.arg in ("allow_pickle", "shell") and not is_no:
                    found.append((node.lineno, keyword.arg))
            keywords = {keyword.arg for keyword in node.keywords}
            if name == "numpy.load" and "allow_pickle" not in keywords:
                found.append((node.lineno, "numpy.load without allow_pickle=False"))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_forbidden(path):
    assert not violations(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.loads(b'')",
        "import pickle as p\nload = p.load",
        "from pickle import loads",
        "from joblib import load",
        "import joblib\njoblib.load('file')",
        "import numpy as np\nnp.load('file', allow_pickle=True)",
        "import numpy as np\nnp.load('file')",
        "import numpy as np\nnp.load('file', allow_pickle=flag)",
        "eval('1')",
        "exec('1')",
        "import os\nos.system('ls')",
        "import os\nos.execv('ls', [])",
        "from subprocess import run",
        "import subprocess\nsubprocess.run('ls', shell=True)",
    ],
)
def test_what_is_forbidden_is_found(source):
    assert violations(source)
