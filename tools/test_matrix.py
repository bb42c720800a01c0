"""Runs the tests on the oldest and the newest releases of what skregnet stands on.

For each of several Pythons there are two environments below `.venvs/`: "oldest" has the
lower bounds of pyproject.toml, read from there, or the first release that has a wheel
for this Python where that came later; "newest" has the newest releases there are. A
Python that is not there is named, and left out.

    python tools/test_matrix.py [--python 3.11 3.12 ...] [--set oldest newest]
                                [-- arguments of pytest]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
SETS = ("oldest", "newest")

# What users may install with skregnet, and packages whose objects it takes or makes.
EXTRAS = ("fast", "plot", "onnx", "distributed", "optuna")
OTHERS = {"imbalanced-learn", "pandas", "polars", "skops"}

# What the tests themselves are run by: always the newest.
TOOLS = {"hypothesis", "import-linter", "numpydoc", "pytest"}

# The first releases with wheels for a Python, where that is later than the bound.
FIRST_WHEELS = {
    "3.13": {
        "numpy": "2.1.0",
        "pandas": "2.2.3",
        "scipy": "1.14.1",
    },
}

# The packages whose versions are reported.
REPORTED = ("numpy", "scipy", "scikit-learn", "joblib", "narwhals", "threadpoolctl")
REPORTED += ("numba", "matplotlib", "pandas", "polars", "onnxruntime", "dask")


def requirements():
    """Return the requirements of each extra, and of the package itself as ""."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    return {"": project["dependencies"], **project["optional-dependencies"]}


def name_of(requirement):
    """Return the name of a requirement's package, without extras."""
    return re.match(r"[\w.-]+", requirement)[0]


def tested():
    """Return the requirements whose lower bounds are tested."""
    groups = requirements()
    bounded = [line for extra in ("", *EXTRAS) for line in groups[extra]]
    return bounded + [line for line in groups["dev"] if name_of(line) in OTHERS]


def lower_bounds(python):
    """Return constraints to the lower bounds, as far as they have wheels."""
    constraints = {}
    for line in tested():
        name, bound = re.fullmatch(r"([\w.-]+)(?:\[.*\])?>=([\d.]+)", line).groups()
        constraints[name] = FIRST_WHEELS.get(python, {}).get(name, bound)
    return [f"{name}=={version}" for name, version in sorted(constraints.items())]


def interpreter(python):
    """Return a Python of this version, if there is one that runs."""
    found = [shutil.which(f"python{python}")]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += sorted(versions.glob(f"{python}.*/bin/python{python}"))
    for path in filter(None, found):
        if not subprocess.run(
            [path, "-c", ""], capture_output=True, check=False
        ).returncode:
            return str(path)
    return None


def environment(python, which):
    """Make an environment, or bring one up to date, and return its directory."""
    directory = ROOT / ".venvs" / f"{python}-{which}"
    if not (directory / "bin" / "python").exists():
        subprocess.run([interpreter(python), "-m", "venv", directory], check=True)
    command = [
        directory / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--quiet",
    ]
    lines = requirements()["dev"]
    packages = [line for line in lines if name_of(line) in TOOLS | OTHERS]
    if which == "oldest":
        constraints = directory / "constraints.txt"
        constraints.write_text("\n".join(lower_bounds(python)) + "\n")
        command += ["--constraint", constraints]
    else:
        command += ["--upgrade", "--upgrade-strategy", "eager"]
    editable = ["--editable", f"{ROOT}[{','.join(EXTRAS)}]"]
    # Where there is no wheel, a package would be built from its source, at length.
    binary = ["--only-binary", ":all:", "--no-binary", "skregnet"]
    subprocess.run([*command, *binary, *editable, *packages], check=True)
    return directory


def installed(directory):
    """Return the versions of what is installed there that matters."""
    code = (
        "import importlib.metadata as m, sys; "
        "print('Python', sys.version.split()[0]); "
        f"[print(name, m.version(name)) for name in {REPORTED}]"
    )
    found = subprocess.run(
        [directory / "bin" / "python", "-c", code],
        check=True,
        capture_output=True,
        text=True,
    )
    return ", ".join(found.stdout.split("\n")[:-1])


def run(python, which, arguments):
    """Test one environment; return what came of it, and whether all is well."""
    try:
        directory = environment(python, which)
    except subprocess.CalledProcessError:
        return f"{python} {which}: could not be installed", False
    versions = installed(directory)
    print(f"{python} {which}: {versions}", flush=True)
    variables = os.environ | {"NUMBA_CACHE_DIR": str(directory / "numba")}
    command = [directory / "bin" / "python", "-m", "pytest", "-q", *arguments]
    if which == "oldest":
        # Old releases call what newer ones around them are about to remove.
        command += ["-W", "ignore::DeprecationWarning"]
    result = subprocess.run(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, check=False
    )
    (directory / "pytest.log").write_text(result.stdout)
    is_well = not result.returncode
    if not is_well:
        print(result.stdout)
    summary = result.stdout.strip().split("\n")[-1].strip("= ")
    return f"{python} {which}: {summary} ({versions})", is_well


def main():
    """Test all environments asked for, and say what came of each."""
    parser = argparse.ArgumentParser(description="Test old and new releases.")
    parser.add_argument("--python", nargs="+", default=PYTHONS)
    parser.add_argument("--set", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("arguments", nargs="*", help="arguments of pytest")
    options = parser.parse_args()
    lines, all_well = [], True
    for python in options.python:
        if interpreter(python) is None:
            lines.append(f"{python}: this Python is not there, and is left out")
            print(lines[-1], flush=True)
            continue
        for which in options.set:
            line, is_well = run(python, which, options.arguments)
            lines.append(line)
            all_well = all_well and is_well
            print(line, flush=True)
    print("\n".join(["", "Summary", *lines]))
    sys.exit(not all_well)


if __name__ == "__main__":
    main()
