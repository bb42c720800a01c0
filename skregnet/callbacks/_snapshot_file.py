"""Snapshots in files: arrays as NumPy writes them, all else as JSON; no pickles.

A file takes the place of an earlier one in one move, when all of it is on the disk: it
is the old one or the new one, whatever happens in between.
"""

import contextlib
import json
import os
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from skregnet.kernels import Array
from skregnet.optimizers import State

_REST = "rest"
_ARRAY = "array"
_PART = ".part"

# No file takes so many seconds to be written.
_LONG_AGO = 3600


def write_snapshot(path: Path, snapshot: State) -> None:
    """Write a snapshot in place of what the file holds.

    Raises
    ------
    OSError
        If it cannot be written; the file is as it was.
    TypeError
        If the snapshot holds something else than numbers, strings, None, arrays, lists
        and dicts.
    """
    arrays: dict[str, Array] = {}
    rest = json.dumps(_take_arrays(snapshot, "", arrays))
    descriptor, name = tempfile.mkstemp(_PART, f"{path.stem}-", path.parent)
    try:
        with open(descriptor, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays, **{_REST: np.array(rest)})
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink(missing_ok=True)
        raise


def remove_leftovers(directory: Path) -> None:
    """Remove what programs that were ended while they wrote have left, long ago."""
    for path in directory.glob(f"*{_PART}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _LONG_AGO:
                path.unlink()


def read_snapshot(path: Path) -> State | None:
    """Read a snapshot, or return None where there is no file.

    Raises
    ------
    ValueError
        If the file is not a snapshot.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as parts:
            arrays = {name: parts[name] for name in parts.files}
        snapshot: State = _put_arrays(json.loads(str(arrays[_REST])), arrays)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"expected a checkpoint in {str(path)!r}, got a file that is none or is "
            f"damaged ({error}); remove it to start anew."
        ) from error
    return snapshot


def _take_arrays(value: Any, name: str, arrays: dict[str, Array]) -> Any:
    """Return a value as JSON has it, its arrays moved to a dict of their own."""
    if isinstance(value, dict):
        return {
            key: _take_arrays(part, f"{name}.{key}".lstrip("."), arrays)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_take_arrays(v, f"{name}.{k}", arrays) for k, v in enumerate(value)]
    if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        arrays[name] = np.asarray(value)
        return {_ARRAY: name}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(
        "a checkpoint can hold numbers, strings, None, arrays, lists and dicts, got "
        f"{type(value).__name__} as {name!r}; keep no others in an optimizer's state."
    )


def _put_arrays(value: Any, arrays: dict[str, Array]) -> Any:
    """Put the arrays back where they were."""
    if isinstance(value, list):
        return [_put_arrays(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_ARRAY}:
        return arrays[value[_ARRAY]][()]
    return {key: _put_arrays(part, arrays) for key, part in value.items()}
