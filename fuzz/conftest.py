"""Counts of the trials, printed at the end and written where one asks for them."""

import json
import os
from pathlib import Path

from fuzz.trials import COUNTS


def pytest_terminal_summary(terminalreporter):
    """Print how many inputs were tried and what came of them, and keep the counts."""
    if not COUNTS:
        return
    table = {}
    for (kind, outcome), count in sorted(COUNTS.items()):
        table.setdefault(kind, {})[outcome] = count
    total = sum(COUNTS.values())
    terminalreporter.section(f"{total} hostile inputs tried")
    for kind, outcomes in table.items():
        counts = ", ".join(f"{count} {name}" for name, count in outcomes.items())
        terminalreporter.write_line(f"{kind}: {counts}")
    path = os.environ.get("SKREGNET_FUZZ_COUNTS")
    if path:
        Path(path).write_text(json.dumps({"total": total, "by kind": table}, indent=2))
