"""Faults to put a fit through: interrupts at any line, and programs of their own."""

import dis
import json
import linecache
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np

import skregnet

# How many times longer the loops are that a longer variant is asked of.
IS_LONG = os.environ.get("SKREGNET_FUZZ") == "long"
LONGER = 10 if IS_LONG else 1

FAULTS = Counter()
"""How often what came of which fault."""

ROOT = Path(skregnet.__file__).parent.parent
OURS = str(ROOT / "skregnet") + os.sep


class InterruptAtLine:
    """Context in which a line of skregnet's code is interrupted, as by Ctrl-C.

    Parameters
    ----------
    n_lines : int or inf
        Lines that run before, whichever they are.
    """

    def __init__(self, n_lines=np.inf):
        self.n_lines = n_lines
        self.n_run = 0
        self.place = None

    def __enter__(self):
        self._before = sys.gettrace()
        sys.settrace(self._enter_frame)
        return self

    def __exit__(self, *exception):
        sys.settrace(self._before)

    def _enter_frame(self, frame, event, argument):
        return self._on_line if frame.f_code.co_filename.startswith(OURS) else None

    def _on_line(self, frame, event, argument):
        if event == "line" and not ends_with_block(frame):
            self.n_run += 1
            if self.place is None and self.n_run > self.n_lines:
                self.place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                raise KeyboardInterrupt
        return self._on_line


def ends_with_block(frame):
    """Tell whether a line is that of a `with` whose block is over.

    No signal is heeded there before the lock is released, or `__exit__` entered.
    """
    if frame.f_code.co_code[frame.f_lasti] != dis.opmap["LOAD_CONST"]:
        return False
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    return line.lstrip().startswith("with ")


def run_program(code, *arguments, **variables):
    """Run a program in a Python of its own, and return what it prints as JSON."""
    process = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        start_new_session=True,
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=300 * LONGER,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    # Workers of loky that are still on their way when the program ends say so here.
    answers = [line for line in process.stdout.split("\n") if line[:1] in ("{", "[")]
    return json.loads(answers[-1])


def count(kind, outcomes):
    """Count how often a fault had which outcome."""
    for outcome, n_times in outcomes.items():
        FAULTS[kind, outcome] += n_times


def is_as_before(estimator, before):
    """Tell whether an estimator has the attributes it had, the very same objects."""
    now = vars(estimator)
    return now.keys() == before.keys() and all(now[k] is before[k] for k in before)
