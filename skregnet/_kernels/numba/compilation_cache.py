"""Numba's cache of compiled functions on disk, checked before it is used.

Numba neither checks the files nor handles errors: a file that is half written after a
crash, a full disk or a directory of another user ends the fit, and machine code that
has been altered is run. Here the digest of a file stands at its end, and a function
that cannot be loaded is compiled and written again.

A file holds the function of one signature, under a number. Two processes that fill the
cache at once may give two signatures one number, so that each is kept with its own.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile

_DIGEST_SIZE = sha256().digest_size

# Warnings of this process, of which there is only one.
_WARNED: list[str] = []


class CheckedCache(FunctionCache):
    """The cache of one function; its errors become a warning."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        # Files without a digest, which Numba writes, have other names.
        self._cache_file: Any = _CheckedFiles(
            self._cache_path,
            f"{self._impl.filename_base}.checked",
            self._impl.locator.get_source_stamp(),
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the function of a signature, None if it cannot be loaded."""
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:
            warn_of_cache(self._cache_path, error)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write the function of a signature, if possible."""
        try:
            super().save_overload(sig, data)
        except Exception as error:
            warn_of_cache(self._cache_path, error)


class _CheckedFiles(IndexDataCacheFile):
    """The index of a function's signatures, and a file for each signature."""

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        of_key, data = super().load(key) or (None, None)
        return data if of_key == key else None

    def _load_index(self) -> Any:
        return super()._load_index() if self._is_whole(self._index_path) else {}

    def _load_data(self, name: str) -> Any:
        path = os.path.join(self._cache_path, name)
        return super()._load_data(name) if self._is_whole(path) else None

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[BytesIO]:
        """Write a file with its digest; pickles ignore what follows them."""
        content = BytesIO()
        with super()._open_for_write(filepath) as file:
            yield content
            written = content.getvalue()
            file.write(written + sha256(written).digest())

    def _is_whole(self, path: str) -> bool:
        """Tell whether a file can be read and has its digest; warn if it has not."""
        try:
            with open(path, "rb") as file:
                found = file.read()
        except FileNotFoundError:
            return False
        except OSError as error:
            warn_of_cache(path, error)
            return False
        is_whole = sha256(found[:-_DIGEST_SIZE]).digest() == found[-_DIGEST_SIZE:]
        if not is_whole:
            warn_of_cache(path, "the file is damaged")
        return is_whole


def warn_of_cache(path: str, reason: object) -> None:
    """Warn of a file or a directory of the cache; once in a process."""
    if _WARNED:
        return
    _WARNED.append(path)
    warnings.warn(
        f"Numba's cache {path!r} cannot be used ({reason}). Kernels are compiled, in "
        "some seconds, and written to the cache again if possible. If this warning "
        "comes back, delete the file, or set NUMBA_CACHE_DIR to a directory that can "
        "be written to.",
        RuntimeWarning,
        stacklevel=2,
    )
