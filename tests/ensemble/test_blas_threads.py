"""BLAS has one thread while anything holds it, and its own number afterwards."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from skregnet import BaggingEnsemble, MLPRegressor, StackedSearchCV
from skregnet._fitting import blas_threads
from skregnet._fitting.blocks import one_blas_thread
from skregnet.inspection import bias_variance
from tests.cases import problem
from tests.reliability.faults import InterruptAtLine, run_program

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Library:
    """Number of threads of a process, as threadpoolctl shows that of a library."""

    threading_layer = "pthreads"

    def __init__(self, n_threads):
        self.n_threads = n_threads

    def get_num_threads(self):
        return self.n_threads

    def set_num_threads(self, n_threads):
        self.n_threads = n_threads


class Controlled(Library):
    """Heeds the first thread only that sets the number, as later threadpoolctl does."""

    controller = None

    def set_num_threads(self, n_threads):
        self.controller = self.controller or threading.current_thread()
        if self.controller is threading.current_thread():
            self.n_threads = n_threads

    def clear_controlling_thread(self, force=False):
        if force or self.controller is threading.current_thread():
            self.controller = None


class OfEachThread(threading.local):
    """A number for each thread, as that of OpenMP."""

    threading_layer = "openmp"
    n_threads = 4

    def get_num_threads(self):
        return self.n_threads

    def set_num_threads(self, n_threads):
        self.n_threads = n_threads

    def clear_controlling_thread(self, force=False):
        pass


@pytest.fixture(params=[Library, Controlled])
def libraries(request, monkeypatch):
    """Two libraries, of 4 and 3 threads, in place of those of this process."""
    found = [request.param(4), request.param(3)]
    monkeypatch.setattr(blas_threads, "_libraries", lambda: found)
    return found


def numbers(libraries):
    return [library.get_num_threads() for library in libraries]


def test_nested(libraries):
    with one_blas_thread():
        with one_blas_thread():
            assert numbers(libraries) == [1, 1]
        assert numbers(libraries) == [1, 1]
    assert numbers(libraries) == [4, 3]


def test_an_error_gives_the_threads_back(libraries):
    with pytest.raises(ValueError, match="mine"), one_blas_thread():
        raise ValueError("mine")
    assert numbers(libraries) == [4, 3]


def test_the_last_of_overlapping_threads_restores(libraries):
    with ThreadPoolExecutor(2) as pool:
        barrier = threading.Barrier(2)

        def overlap(is_first):
            with one_blas_thread():
                barrier.wait(60)
                if not is_first:
                    barrier.wait(60)
                    assert numbers(libraries) == [1, 1]
            if is_first:
                barrier.wait(60)

        for future in [pool.submit(overlap, k) for k in (True, False)]:
            future.result()
    assert numbers(libraries) == [4, 3]


def test_many_threads(libraries):
    def hold(_):
        with one_blas_thread(), one_blas_thread():
            return numbers(libraries)

    with ThreadPoolExecutor(8) as pool:
        assert set(map(tuple, pool.map(hold, range(200)))) == {(1, 1)}
    assert numbers(libraries) == [4, 3]


def test_a_limit_set_within_ends_with_the_next_holder(libraries):
    with one_blas_thread():
        libraries[0].n_threads = 2
        with one_blas_thread():
            assert numbers(libraries) == [1, 1]
    assert numbers(libraries) == [4, 3]


def hold_and_interrupt(n_lines):
    """Hold twice, interrupted at some line; tell whether it was interrupted."""
    try:
        with InterruptAtLine(n_lines), one_blas_thread(), one_blas_thread():
            pass
    except KeyboardInterrupt:
        return True
    return False


def test_interrupts_at_any_line_give_the_threads_back(libraries):
    for n_lines in count():
        was_interrupted = hold_and_interrupt(n_lines)
        assert numbers(libraries) == [4, 3], n_lines
        if not was_interrupted:
            break
    assert n_lines > 20


def test_threads_with_a_number_each(monkeypatch):
    library = OfEachThread()
    monkeypatch.setattr(blas_threads, "_libraries", lambda: [library])

    def hold():
        with one_blas_thread():
            within = library.n_threads
        return within, library.n_threads

    with one_blas_thread(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(hold).result() == (1, 4)
        assert library.n_threads == 1
    assert library.n_threads == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@pytest.mark.parametrize("is_own", [True, False])
def test_a_fork_keeps_the_holders_of_its_thread_only(is_own, libraries):
    go, is_held = threading.Event(), threading.Event()

    def hold():
        with one_blas_thread():
            is_held.set()
            go.wait(60)

    def fork():
        child = os.fork()
        if child == 0:
            try:
                expected = [1, 1] if is_own else [4, 3]
                os._exit(numbers(libraries) != expected)
            finally:
                os._exit(2)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    if is_own:
        with one_blas_thread():
            code = fork()
    else:
        thread = threading.Thread(target=hold)
        thread.start()
        is_held.wait(60)
        code = fork()
        go.set()
        thread.join()
    assert code == 0
    assert numbers(libraries) == [4, 3]


OVERLAPPING_FITS = """
import json, threading, warnings
warnings.simplefilter("ignore")
from concurrent.futures import ThreadPoolExecutor
from sklearn.base import clone
from sklearn.datasets import load_iris
from threadpoolctl import threadpool_info
from skregnet import BaggingEnsemble, MLPRegressor, StackedSearchCV, TabularRegressor

X, y = load_iris(return_X_y=True)
network = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0)
models = [
    BaggingEnsemble(network, 2),
    StackedSearchCV(network, {"alpha": [1e-4, 1e-2]}, cv=2),
    TabularRegressor(network=network, n_members=2),
]

def threads():
    return [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"]

before = threads()
with ThreadPoolExecutor(3) as pool:
    list(pool.map(lambda k: clone(models[k % 3]).fit(X, y), range(9)))
print(json.dumps([before, threads()]))
"""


def test_fits_in_threads_give_the_threads_back():
    threads = dict.fromkeys(["OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "2")
    before, after = run_program(OVERLAPPING_FITS, **threads)
    assert before == after


class NotesThreads(MLPRegressor):
    """Notes the numbers of threads while it is fitted, predicts or is scored."""

    seen: set = set()  # noqa: RUF012

    def _note(self):
        self.seen.update(numbers(blas_threads._libraries()))

    def fit(self, X, y):
        self._note()
        return super().fit(X, y)

    def predict(self, X):
        self._note()
        return super().predict(X)


SMALL = {"hidden_layer_sizes": (3,), "max_iter": 1, "random_state": 0}


@pytest.mark.filterwarnings("ignore:.*out-of-bag outputs")
@pytest.mark.parametrize("libraries", [Library], indirect=True)
@pytest.mark.parametrize(
    "call",
    [
        lambda X, y: BaggingEnsemble(NotesThreads(**SMALL), 2, oob_score=True).fit(
            X, y
        ),
        lambda X, y: bias_variance(NotesThreads(**SMALL), X, y, X, y, n_rounds=2),
        lambda X, y: StackedSearchCV(
            MLPRegressor(**SMALL),
            {"alpha": [1.0]},
            refit=False,
            scoring=lambda model, X, y: NotesThreads._note(NotesThreads) or 0.0,
        ).fit(X, y),
    ],
    ids=["ensemble", "bias_variance", "search"],
)
def test_where_results_are_promised_bit_for_bit(call, libraries):
    NotesThreads.seen.clear()
    call(*problem("real"))
    assert NotesThreads.seen == {1}
    assert numbers(libraries) == [4, 3]
