"""Counts of the trials and faults, printed at the end, from all workers of xdist."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.reliability.faults import FAULTS
from tests.reliability.trials import COUNTS

TABLES = {"hostile inputs tried": COUNTS, "faults survived": FAULTS}


def pytest_sessionfinish(session):
    """Hand a worker's counts to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["reliability"] = [list(counts.items()) for counts in TABLES.values()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Add up what a worker has counted."""
    rows = getattr(node, "workeroutput", {}).get("reliability", [])
    for counts, found in zip(TABLES.values(), rows, strict=False):
        counts.update(Counter({tuple(key): count for key, count in found}))


def by_kind(counts):
    """Return the outcomes of each kind, and how often there were."""
    table = {}
    for (kind, outcome), count in sorted(counts.items()):
        table.setdefault(kind, {})[outcome] = count
    return table


def pytest_terminal_summary(terminalreporter):
    """Print what was tried and what came of it; keep the counts if asked to."""
    for title, counts in TABLES.items():
        if not counts:
            continue
        terminalreporter.section(f"{sum(counts.values()):,} {title}")
        for kind, outcomes in by_kind(counts).items():
            row = ", ".join(f"{count:,} {name}" for name, count in outcomes.items())
            terminalreporter.write_line(f"{kind}: {row}")
    path = os.environ.get("SKREGNET_FUZZ_COUNTS")
    if path:
        kept = {title: by_kind(counts) for title, counts in TABLES.items()}
        Path(path).write_text(json.dumps(kept, indent=2), encoding="utf-8")
