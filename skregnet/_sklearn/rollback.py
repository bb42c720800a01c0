"""A fit succeeds or leaves no trace."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# What scikit-learn keeps on an estimator while its callbacks run; it clears them up
# itself, after a failed fit too.
_CALLBACK_ATTRIBUTES = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


@contextmanager
def all_or_nothing(estimator: Any) -> Iterator[Callable[[], None]]:
    """Restore the estimator's attributes if what follows fails, or when called."""
    before = dict(vars(estimator))

    def restore() -> None:
        now = vars(estimator)
        kept = {name: now[name] for name in _CALLBACK_ATTRIBUTES if name in now}
        # In one move: users press Ctrl-C again while the first is attended to.
        estimator.__dict__ = before | kept

    try:
        yield restore
    except GeneratorExit:
        # The block was over, and Ctrl-C was pressed before it was left: what it did
        # stays, rather than go when the generator is cleared away.
        raise
    except BaseException:
        try:
            restore()
        except KeyboardInterrupt:
            restore()
        raise
