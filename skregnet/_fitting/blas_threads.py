"""BLAS held to one thread, by any number of holders.

The number of its threads is one number for the whole process, and fits in several
threads overlap: the first holder saves the number, and the last one restores it. Where
BLAS is built on OpenMP each thread has a number of its own, and the same holds of the
holders in each thread.
"""

import os
from functools import cache
from threading import RLock, get_ident
from types import TracebackType
from typing import Any, Self
from weakref import ref

from threadpoolctl import ThreadpoolController

# Reentrant: a holder may be deleted while its thread has the lock.
_LOCK = RLock()

# The thread of each holder, by the holder's id, and a weak reference, whose callback
# drops the holder if it is deleted while it is here.
_HOLDERS: dict[int, tuple[int, "ref[BlasHolder]"]] = {}

# The number to restore for each library, and thread if it has one for each thread.
_SAVED: dict[tuple[int, int | None], int] = {}


class BlasHolder:
    """Context manager, used once, within which BLAS has one thread.

    Ctrl-C at any line leaves nothing held for longer than the holder lives.
    """

    def __enter__(self) -> Self:
        key = id(self)
        try:
            with _LOCK:
                _HOLDERS[key] = get_ident(), ref(self, lambda _: _drop(key))
                _settle()
        except BaseException:
            _drop(key)
            raise
        # Nothing is called from here on, so that Ctrl-C cannot come in between.
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            _drop(id(self))
        except BaseException:
            _drop(id(self))
            raise


def _drop(key: int) -> None:
    """Let a holder go; harmless when repeated."""
    with _LOCK:
        _HOLDERS.pop(key, None)
        _settle()


def _settle() -> None:
    """Set the numbers of threads to what the holders ask for.

    If Ctrl-C interrupts it anywhere, the next call comes to the same result.
    """
    own = get_ident()
    for k, blas in enumerate(_libraries()):
        scope = own if _has_threads_of_each(blas) else None
        is_held = any(scope in (None, thread) for thread, _ in _HOLDERS.values())
        if is_held:
            _SAVED.setdefault((k, scope), blas.get_num_threads())
            _set(blas, 1)
        elif (k, scope) in _SAVED:
            _set(blas, _SAVED[k, scope])
            _give_up_control(blas)
            del _SAVED[k, scope]


def _set(blas: Any, n_threads: int) -> None:
    """Set the number of threads, whichever thread has set it before."""
    _give_up_control(blas)
    blas.set_num_threads(n_threads)


def _give_up_control(blas: Any) -> None:
    """Let another thread set the number.

    From some version on threadpoolctl ignores, without a word, all threads but the one
    that was the first to set it.
    """
    if hasattr(blas, "clear_controlling_thread"):
        blas.clear_controlling_thread(force=True)


def _has_threads_of_each(blas: Any) -> bool:
    """Tell whether threadpoolctl sets the number for the calling thread only."""
    is_per_thread = hasattr(blas, "clear_controlling_thread")
    return is_per_thread and blas.threading_layer == "openmp"


@cache
def _libraries() -> list[Any]:
    """Return the controllers of the BLAS libraries loaded, found once; it is slow."""
    controllers: list[Any] = (
        ThreadpoolController().select(user_api="blas").lib_controllers
    )
    return controllers


def _keep_own_holders() -> None:
    """Drop, in a forked process, the holders of threads that it does not have."""
    own = get_ident()
    for holder in [key for key, (thread, _) in _HOLDERS.items() if thread != own]:
        del _HOLDERS[holder]
    try:
        if not _HOLDERS:
            _settle()
    finally:
        _LOCK.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_LOCK.acquire,
        after_in_parent=_LOCK.release,
        after_in_child=_keep_own_holders,
    )
