"""Snapshots in files: arrays as NumPy writes them, all else as JSON; no pickles.

A file takes the place of an earlier one in one move, when all of it is on the disk: it
is the old one or the new one, whatever happens in between.

Files may be damaged. Parts of the archive are not compressed, so that none is larger
than the file; shapes and dtypes of arrays are compared with those of training before
the arrays are read; parts that the JSON does not refer to are not read; and a digest of
all that is read tells whether the parts belong together.
"""

import contextlib
import hashlib
import json
import math
import os
import re
import stat
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from skregnet._kernels import Array
from skregnet.optimizers import State

_REST = "rest"
_DIGEST = "digest"
_ARRAY = "array"

# Ends the names of files that are being written, after what `tempfile` makes up.
_PART = ".skregnet-part"
_PART_NAME = re.compile(r".+-[a-z0-9_]{8}\.skregnet-part")

# No file takes so many seconds to be written.
_LONG_AGO = 3600

# What NumPy writes before the numbers of an array, in version 1.0 of its format.
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    r"\{'descr': '([<>|=][a-zA-Z]\d*(?:\[\w+\])?)', 'fortran_order': (False|True), "
    r"'shape': \(([\d, ]*)\), \} *\n"
)
_PLAIN_KINDS = "biufcSUmM"
_MOST_AXES = 32

_CHUNK = 1 << 20


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
    digest = np.array(_digest(rest, arrays))
    descriptor, name = tempfile.mkstemp(_PART, f"{path.stem}-", path.parent)
    try:
        with open(descriptor, "wb") as file:
            texts = {_REST: np.array(rest), _DIGEST: digest}
            np.savez(file, allow_pickle=False, **arrays, **texts)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink(missing_ok=True)
        raise


def remove_leftovers(directory: Path) -> None:
    """Remove what programs that were ended while they wrote have left, long ago.

    Only files of the names that `write_snapshot` makes up are touched.
    """
    for path in directory.glob(f"*{_PART}"):
        if not _PART_NAME.fullmatch(path.name):
            continue
        with contextlib.suppress(OSError):
            found = path.lstat()
            is_old = time.time() - found.st_mtime > _LONG_AGO
            if is_old and stat.S_ISREG(found.st_mode):
                path.unlink()


def read_snapshot(
    path: Path,
    arrays: State | None = None,
    check: Callable[[State], None] | None = None,
) -> State | None:
    """Read a snapshot, or return None where there is no file.

    Parameters
    ----------
    path : Path
        The file.
    arrays : dict or None, default=None
        Arrays, in nested dicts, whose shapes and dtypes those of the file must have.
    check : callable or None, default=None
        Raises a ValueError for a snapshot that is not to be taken.

    Raises
    ------
    ValueError
        If the file is not such a snapshot, whatever else it is.
    """
    expected: dict[str, Array] = {}
    _take_arrays(arrays or {}, "", expected)
    try:
        with _regular(path) as file, zipfile.ZipFile(file) as archive:
            snapshot = _Reader(archive, os.fstat(file.fileno()), expected).snapshot()
        if check is not None:
            check(snapshot)
    except FileNotFoundError:
        return None
    except MemoryError:
        raise
    except Exception as error:  # damage has any form, and other libraries read it
        raise ValueError(
            f"expected a checkpoint in {str(path)!r}, got a file that is none or is "
            f"damaged ({error}); remove it to start anew."
        ) from error
    return snapshot


@contextlib.contextmanager
def _regular(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, unless it is a pipe or a device, which could be read for ever."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is not a regular file")
        yield file


class _Reader:
    """Reads the parts of an archive that its JSON refers to."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        status: os.stat_result,
        expected: dict[str, Array],
    ) -> None:
        self._archive, self._expected = archive, expected
        members = archive.infolist()
        self._members = {member.filename: member for member in members}
        if len(self._members) != len(members):
            raise ValueError("two parts have one name")
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("parts are compressed")
        if sum(member.file_size for member in members) > status.st_size:
            raise ValueError("parts are larger than the file")
        self._arrays: dict[str, Array] = {}

    def snapshot(self) -> State:
        """Return the snapshot."""
        rest, digest = self._text(_REST), self._text(_DIGEST)
        snapshot = self._put_arrays(json.loads(rest), "")
        if not isinstance(snapshot, dict):
            raise ValueError("its JSON is not an object")
        if _digest(rest, self._arrays) != digest:
            raise ValueError("its digest is another than that of its parts")
        return snapshot

    def _text(self, name: str) -> str:
        """Return a part that is a text."""
        text = self._read(name, lambda shape, dtype: shape == () and dtype.kind == "U")
        return str(text)

    def _put_arrays(self, value: Any, name: str) -> Any:
        """Put the arrays back where they were, which their names tell."""
        if isinstance(value, list):
            return [self._put_arrays(v, f"{name}.{k}") for k, v in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if value == {_ARRAY: name}:
            self._arrays[name] = self._read(name, self._is_expected(name))
            return self._arrays[name][()]
        return {
            key: self._put_arrays(part, f"{name}.{key}".lstrip("."))
            for key, part in value.items()
        }

    def _is_expected(self, name: str) -> Callable[[tuple[int, ...], np.dtype], bool]:
        """Return what tells whether an array may have a shape and a dtype."""
        like = self._expected.get(name)
        if like is not None:
            return lambda shape, dtype: (shape, dtype) == (like.shape, like.dtype)
        # Optimizers of users may keep arrays of any size; elsewhere there are numbers.
        if not self._expected or name.startswith(("state.", "draws.", "noise.")):
            return lambda *_: True
        return lambda shape, _: shape == ()

    def _read(
        self, name: str, is_expected: Callable[[tuple[int, ...], np.dtype], bool]
    ) -> Array:
        """Return an array, after a look at its shape and its dtype."""
        member = self._members.get(f"{name}.npy")
        if member is None:
            raise ValueError(f"{name} is missing")
        with self._archive.open(member) as file:
            shape, dtype, is_fortran, n_header = _read_header(file, name)
            if not is_expected(shape, dtype):
                raise ValueError(f"{name} has shape {shape} and dtype {dtype}")
            n_bytes = math.prod(shape) * dtype.itemsize
            if n_bytes != member.file_size - n_header:
                raise ValueError(f"{name} is not as long as its shape says")
            values = np.empty(n_bytes, np.uint8)
            _fill(values, file, name)
        order = shape[::-1] if is_fortran else shape
        array: Array = values.view(dtype).reshape(order)
        return array.T if is_fortran else array


def _read_header(
    file: IO[bytes], name: str
) -> tuple[tuple[int, ...], np.dtype, bool, int]:
    """Return shape, dtype, memory order and the length of what comes before an array.

    NumPy's own reader evaluates the header as an expression of Python, which may be
    nested deeper than the parser can take.
    """
    start = file.read(len(_MAGIC) + 2)
    length = int.from_bytes(start[len(_MAGIC) :], "little")
    text = file.read(length).decode("latin1")
    parts = _HEADER.fullmatch(text)
    if not start.startswith(_MAGIC) or parts is None:
        raise ValueError(
            f"{name} is not an array of numbers or text; no pickle is read"
        )
    dtype = np.dtype(parts[1])
    shape = tuple(int(size) for size in parts[3].split(",") if size.strip())
    if dtype.kind not in _PLAIN_KINDS or len(shape) > _MOST_AXES or not dtype.itemsize:
        raise ValueError(
            f"{name} is not an array of numbers or text; no pickle is read"
        )
    return shape, dtype, parts[2] == "True", len(start) + length


def _fill(values: Array, file: IO[bytes], name: str) -> None:
    """Read bytes, all that there are to be and no more; the archive checks them."""
    start = 0
    while start < len(values):
        chunk = file.read(min(_CHUNK, len(values) - start))
        if not chunk:
            raise ValueError(f"{name} ends too early")
        values[start : start + len(chunk)] = np.frombuffer(chunk, np.uint8)
        start += len(chunk)
    if file.read(1):
        raise ValueError(f"{name} goes on behind its end")


def _digest(rest: str, arrays: dict[str, Array]) -> str:
    """Return a digest of a snapshot, by which edited files are told from whole ones."""
    digest = hashlib.sha256(rest.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _take_arrays(value: Any, name: str, arrays: dict[str, Array]) -> Any:
    """Return a value as JSON has it, its arrays moved to a dict of their own."""
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {
            key: _take_arrays(part, f"{name}.{key}".lstrip("."), arrays)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_take_arrays(v, f"{name}.{k}", arrays) for k, v in enumerate(value)]
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in _PLAIN_KINDS:
        arrays[name] = np.asarray(value)
        return {_ARRAY: name}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(
        "a checkpoint can hold numbers, strings, None, arrays of these, lists, and "
        f"dicts whose keys are strings, got {type(value).__name__} as {name!r}; keep "
        "no others in an optimizer's state."
    )
