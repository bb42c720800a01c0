"""All benchmarks, one after another: tables, figures, and a page of the documentation.

Each benchmark runs in a process of its own and prints its tables. All of them are then
written to ``docs/benchmarks/``: as they are (``tables.json``), as bars and curves, and
as a page. Full runs take the better part of an hour, quick ones, with few repetitions
and sizes, twelve minutes. With ``--only`` some are measured anew, and the rest of the
page stays as it is.

    python benchmarks/report.py
    python benchmarks/report.py --quick --only peers limit --directory report
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import harness

# isort: split
import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

HERE = Path(__file__).parent
DIRECTORY = HERE.parent / "docs" / "benchmarks"

# Titles of the page, with what each benchmark is about.
BENCHMARKS = {
    "peers": "Training: steps and whole fits, against scikit-learn, torch and jax",
    "limit": "Distance to the matrix products alone",
    "stacks": "Networks that train together",
    "ensemble": "Ensembles",
    "search": "Searches over hyperparameters",
    "regularizers": "What regularizers add to a step",
    "optimizers": "Optimizers",
    "augmentation": "Augmentation",
    "curvature": "Products with the Hessian, and eigenvalues",
    "predict": "Prediction: latency, throughput, memory",
    "imports": "Imports and first fits",
    "scaling": "Growth with rows, width and members",
    "out_of_core": "Training on a file",
}
# What a script takes besides --json, in full and in quick runs.
OPTIONS = {"out_of_core": (["--gigabytes", "1"], ["--gigabytes", "0.2"])}

_COLORS = {
    "skregnet": "#1f6f8b",
    "scikit-learn": "#f2a65a",
    "torch": "#8c8c8c",
    "jax": "#7d5ba6",
}


def run(name: str, quick: bool) -> dict[str, list[dict[str, Any]]]:
    """Run one benchmark and return its tables by title."""
    full_options, quick_options = OPTIONS.get(name, ([], ["--quick"]))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "tables.json"
        command = [sys.executable, str(HERE / f"{name}.py"), "--json", str(path)]
        command += quick_options if quick else full_options
        subprocess.run(command, check=True)
        tables = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(tables, list):
        return {BENCHMARKS[name]: tables}
    return {title: rows for title, rows in tables.items() if isinstance(rows, list)}


def draw_bars(steps: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw how many times faster a step is than those of the peers."""
    peers = [name for name in _COLORS if f"vs {name}" in steps[0]]
    figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    width = 0.8 / len(peers)
    for k, peer in enumerate(peers):
        places = [i + (k - (len(peers) - 1) / 2) * width for i in range(len(steps))]
        ratios = [row[f"vs {peer}"] for row in steps]
        bars = ax.bar(places, ratios, width, label=peer, color=_COLORS[peer])
        ax.bar_label(bars, [f"{ratio:.1f}" for ratio in ratios], padding=2)
    ax.axhline(1, color="black", linewidth=0.8)
    ax.set_xticks(range(len(steps)), [row["task"] for row in steps])
    ax.set_ylabel("times as fast")
    ax.set_title("skregnet's training step against its peers', one core")
    ax.margins(y=0.15)
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_curves(tables: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Draw time and memory against sizes."""
    units = {"s": "seconds an epoch", "MB": "megabytes"}
    figure, axes = plt.subplots(
        len(units), len(tables), figsize=(9, 5.5), layout="constrained", squeeze=False
    )
    for column, (title, rows) in enumerate(tables.items()):
        size = next(iter(rows[0]))
        for row_of_axes, (unit, label) in zip(axes, units.items(), strict=True):
            ax = row_of_axes[column]
            for library in ("skregnet", "scikit-learn"):
                ax.plot(
                    [row[size] for row in rows],
                    [row[f"{library} {unit}"] for row in rows],
                    "o-",
                    color=_COLORS[library],
                    label=library,
                )
            ax.set(xscale="log", yscale="log", xlabel=size)
            sizes = [row[size] for row in rows]
            ax.set_xticks(sizes, [f"{value:,}" for value in sizes])
            ax.tick_params(axis="x", labelsize="small")
            ax.minorticks_off()
            ax.spines[["top", "right"]].set_visible(False)
            if column == 0:
                ax.set_ylabel(label)
        axes[0][column].set_title(title)
    axes[0][0].legend(frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Return a table of the page."""
    columns, cells = harness.table_cells(rows)
    lines = [columns, ["---:"] * len(columns), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(found: dict[str, dict[str, list[dict[str, Any]]]], versions: str) -> str:
    """Return the page with all tables."""
    parts = [
        "# Benchmarks",
        f"Measured by `make bench` on {platform.system()}, {platform.machine()}, one "
        f"core unless said otherwise: {versions}; {harness.blas()}. Times are medians "
        "of CPU times, in which candidates take turns; `vs` is the median of the "
        "ratios within turns, above 1 where skregnet is the faster; `cost` is a ratio "
        "to what is least possible, or to what it is compared with; `asked` what it is "
        "to stay below.",
    ]
    if "peers" in found:
        parts.append("![Bars: steps against peers](peers.png)")
    for name, tables in found.items():
        parts.append(f"## {BENCHMARKS[name]}")
        if name == "scaling":
            parts.append("![Curves: growth of time and memory](scaling.png)")
        for title, rows in tables.items():
            parts += [f"### {title}", markdown(rows)]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Run what is asked for, and write tables, figures and page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS)
    )
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--directory", type=Path, default=DIRECTORY)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    tables = options.directory / "tables.json"
    known = json.loads(tables.read_text(encoding="utf-8")) if tables.exists() else {}
    known.update({name: run(name, options.quick) for name in options.only})
    found = {name: known[name] for name in BENCHMARKS if name in known}
    if "peers" in found:
        steps = next(iter(found["peers"].values()))
        draw_bars(steps, options.directory / "peers.png")
    if "scaling" in found:
        draw_curves(found["scaling"], options.directory / "scaling.png")
    versions = ", ".join(harness.versions())
    harness.write_json(str(tables), found)
    text = page(found, versions)
    (options.directory / "README.md").write_text(text, encoding="utf-8")
    print(f"\nWritten to {options.directory}")


if __name__ == "__main__":
    main()
