"""Training on a file larger than memory: what it adds to resident memory.

A file of float32 features is gone through once, each way in a process of its own:

- map a chunk: `partial_fit` on chunks, each a memory map of its own that is closed
  before the next;
- read a chunk: `partial_fit` on chunks read into memory;
- one map: `partial_fit` on slices of one memory map;
- one map, released: the same, with the map's pages given back after each chunk;
- fit: `fit` on one memory map, for one epoch.

Resident memory is that of Linux, above what it was before the first row: the total, by
the high-water mark; its anonymous part, which the process has allocated, by samples;
and the rest at the end. The rest is pages of files. Those of a map stay until it is
closed, they are released, or the system needs the memory, which it may take at any
time; but whoever counts the memory of a process counts them.

    python benchmarks/out_of_core.py --gigabytes 0.2 --rows 1000 --ways "one map" fit
"""

import argparse
import contextlib
import json
import mmap
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import harness

# isort: split
import numpy as np
from memory import MEGABYTE, clear_peak, is_known, resident

from skregnet import MLPClassifier

GIGABYTE = 1e9
BLOCK_ROWS = 10_000
N_TESTED = 1_000
SECONDS_BETWEEN_SAMPLES = 0.005

Chunks = Iterator[np.ndarray]


def write_data(directory: Path, n_bytes: float, n_features: int) -> None:
    """Write features, one block of random rows over and over, and their labels."""
    rng = np.random.default_rng(0)
    block = rng.standard_normal((BLOCK_ROWS, n_features), dtype=np.float32)
    labels = block @ rng.standard_normal(n_features, dtype=np.float32) > 0
    n_blocks = max(1, round(n_bytes / block.nbytes))
    with (directory / "X").open("wb") as file:
        for _ in range(n_blocks):
            block.tofile(file)
    np.save(directory / "y.npy", np.tile(labels, n_blocks))


def map_a_chunk(path: Path, shape: tuple[int, int], n_rows: int) -> Chunks:
    """Yield a new memory map for each chunk."""
    for start in range(0, shape[0], n_rows):
        yield mapped(path, shape)[start : start + n_rows]


def read_a_chunk(path: Path, shape: tuple[int, int], n_rows: int) -> Chunks:
    """Yield chunks that are read into memory."""
    with path.open("rb") as file:
        for start in range(0, shape[0], n_rows):
            size = min(n_rows, shape[0] - start) * shape[1]
            yield np.fromfile(file, np.float32, size).reshape(-1, shape[1])


def one_map(path: Path, shape: tuple[int, int], n_rows: int) -> Chunks:
    """Yield slices of one memory map."""
    X = mapped(path, shape)
    for start in range(0, shape[0], n_rows):
        yield X[start : start + n_rows]


def one_map_released(path: Path, shape: tuple[int, int], n_rows: int) -> Chunks:
    """Yield slices of one memory map and give their pages back."""
    with path.open("rb") as file:
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    X = np.frombuffer(pages, np.float32).reshape(shape)
    for start in range(0, shape[0], n_rows):
        yield X[start : start + n_rows]
        pages.madvise(mmap.MADV_DONTNEED)


CHUNKS: dict[str, Callable[[Path, tuple[int, int], int], Chunks]] = {
    "map a chunk": map_a_chunk,
    "read a chunk": read_a_chunk,
    "one map": one_map,
    "one map, released": one_map_released,
}
WAYS = [*CHUNKS, "fit"]


def mapped(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Return all features as a memory map."""
    return np.memmap(path, np.float32, "r", shape=shape)


def go_through(
    model: Any, way: str, path: Path, shape: tuple[int, int], n_rows: int, y: Any
) -> None:
    """Train on each row once."""
    if way == "fit":
        model.fit(mapped(path, shape), y)
        return
    start = 0
    for chunk in CHUNKS[way](path, shape, n_rows):
        stop = start + len(chunk)
        model.partial_fit(chunk, y[start:stop], classes=[False, True])
        start = stop


def measure(way: str, directory: Path, n_rows: int) -> dict[str, Any]:
    """Train one way; return megabytes of memory, seconds, and what was learned."""
    path = directory / "X"
    y = np.load(directory / "y.npy")
    shape = (len(y), path.stat().st_size // len(y) // np.dtype(np.float32).itemsize)
    model = MLPClassifier((100,), max_iter=1, random_state=0)
    clear_peak()
    total, anonymous = resident("VmRSS"), resident("RssAnon")
    start = time.process_time()
    with peak_of("RssAnon") as peak:
        go_through(model, way, path, shape, n_rows, y)
    return {
        "way": way,
        "total MB": (resident("VmHWM") - total) / MEGABYTE,
        "anonymous MB": (peak[0] - anonymous) / MEGABYTE,
        "files at end MB": (resident("RssFile") - total + anonymous) / MEGABYTE,
        "CPU s": time.process_time() - start,
        "accuracy": model.score(mapped(path, shape)[:N_TESTED], y[:N_TESTED]),
    }


@contextlib.contextmanager
def peak_of(field: str) -> Iterator[list[float]]:
    """Sample resident memory; the list's only element is the most there was."""
    peak, done = [resident(field)], threading.Event()

    def sample() -> None:
        while not done.wait(SECONDS_BETWEEN_SAMPLES):
            peak[0] = max(peak[0], resident(field))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield peak
    finally:
        done.set()
        sampler.join()


def measure_apart(way: str, directory: Path, n_rows: int) -> dict[str, Any]:
    """Measure in a fresh process."""
    command = [sys.executable, __file__, "--rows", str(n_rows)]
    command += ["--measure", way, str(directory)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print, or measure one way for the parent."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=4.0, help="size of the file")
    parser.add_argument("--features", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=10_000, help="rows of a chunk")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--directory", help="where the file is written, and deleted")
    parser.add_argument("--json", help="file to write the table to")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not is_known():
        parser.error("resident memory is read from Linux's /proc, which is not there")
    harness.hold_to_one_core()
    if options.measure is not None:
        way, directory = options.measure
        print(json.dumps(measure(way, Path(directory), options.rows)))
        return
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        directory = Path(name)
        write_data(directory, options.gigabytes * GIGABYTE, options.features)
        rows = [measure_apart(way, directory, options.rows) for way in options.ways]
        size = (directory / "X").stat().st_size / GIGABYTE
    title = f"One pass over {size:.3g} GB, {options.rows:,} rows a chunk"
    harness.print_table(title, rows)
    harness.write_json(options.json, {title: rows})


if __name__ == "__main__":
    main()
