"""Shapes, dtypes and indices that do not belong together never reach unchecked code."""

import importlib

import numpy as np
import pytest
from scipy import sparse

from skregnet._kernels import check_indices, check_positions
from skregnet._kernels.numba import loops
from skregnet._kernels.numpy import updates as numpy_updates
from tests.cases import OPTIMIZERS, SPECIAL_OPTIMIZERS, WRAPPERS

# One of each class, and all that is around others.
ALONE = [*{type(rule): rule for rule in (*OPTIMIZERS, *SPECIAL_OPTIMIZERS)}.values()]
RULES = [*ALONE, *WRAPPERS]

N_MEMBERS, LENGTH = 3, 8


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


# Changes of a vector, which cannot be stepped with.
MISFITS = {
    "shorter": lambda a: a[:, :3].copy(),
    "empty": lambda a: a[:, :0].copy(),
    "longer": lambda a: np.tile(a, 500),
    "fewer members": lambda a: a[:1].copy(),
    "more members": lambda a: np.tile(a, (50, 1)),
    "one dimension": lambda a: a.ravel(),
    "text": lambda a: a.astype(str),
}
MISFIT_STATES = MISFITS | {
    "other precision": lambda a: a.astype(np.float32),
    "swapped bytes": lambda a: a.astype(a.dtype.newbyteorder()),
    "integers": lambda a: a.astype(int),
    "objects": lambda a: a.astype(object),
    "read-only": read_only,
    "None": lambda _: None,
}


def change_vectors(state, change):
    """Change all vectors of a state, in place; return how many there were."""
    n_changed = 0
    for key, value in state.items():
        if isinstance(value, dict):
            n_changed += change_vectors(value, change)
        elif isinstance(value, np.ndarray) and value.shape == (N_MEMBERS, LENGTH):
            state[key] = change(value)
            n_changed += 1
    return n_changed


def started(optimizer, dtype=np.float64):
    """Return parameters, gradient and state after a step."""
    parameters = np.ones((N_MEMBERS, LENGTH), dtype)
    gradient = np.linspace(-1, 1, parameters.size, dtype=dtype).reshape(N_MEMBERS, -1)
    state = optimizer.init(parameters)
    optimizer.step(parameters, gradient.copy(), state, 0.1)
    return parameters, gradient, state


@pytest.mark.parametrize("change", MISFIT_STATES)
@pytest.mark.parametrize("optimizer", RULES, ids=repr)
def test_a_state_of_other_parameters_is_refused(optimizer, change):
    parameters, gradient, state = started(optimizer)
    if not change_vectors(state, MISFIT_STATES[change]):
        pytest.skip("the state has no vectors")
    with pytest.raises((ValueError, TypeError)):
        optimizer.step(parameters, gradient, state, 0.1)


@pytest.mark.parametrize("change", MISFITS)
@pytest.mark.parametrize("optimizer", RULES, ids=repr)
def test_a_gradient_of_other_parameters_is_refused(optimizer, change):
    parameters, gradient, state = started(optimizer)
    with pytest.raises((ValueError, TypeError)):
        optimizer.step(parameters, MISFITS[change](gradient), state, 0.1)


@pytest.mark.parametrize(
    "dtype", [int, complex, np.float16, ">f8", object], ids=lambda t: np.dtype(t).str
)
@pytest.mark.parametrize("optimizer", RULES, ids=repr)
def test_parameters_of_other_numbers_are_refused(optimizer, dtype):
    _, gradient, _ = started(optimizer)
    parameters = np.ones((N_MEMBERS, LENGTH), dtype)
    with pytest.raises(TypeError):
        optimizer.step(parameters, gradient, optimizer.init(parameters), 0.1)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ">f8", int])
@pytest.mark.parametrize("optimizer", ALONE, ids=repr)
def test_a_gradient_of_other_numbers_is_read(optimizer, dtype):
    parameters, _, state = started(optimizer)
    expected, _, own = started(optimizer)
    gradient = np.tile(np.array([-2, -1, 0, 1, 2, 3, 4, 5]), (N_MEMBERS, 1))
    optimizer.step(expected, gradient.astype(float), own, 0.1)
    optimizer.step(parameters, gradient.astype(dtype), state, 0.1)
    np.testing.assert_allclose(parameters, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 1), (50, 1), (0, 1), (N_MEMBERS, 2)])
@pytest.mark.parametrize("optimizer", RULES, ids=repr)
def test_rates_of_other_members_are_refused(optimizer, shape):
    parameters, gradient, state = started(optimizer)
    with pytest.raises(ValueError):  # noqa: PT011 - NumPy says some of them
        optimizer.step(parameters, gradient, state, np.full(shape, 0.1))


@pytest.mark.parametrize("length", [8, 9_000])
@pytest.mark.parametrize("optimizer", ALONE, ids=repr)
@pytest.mark.parametrize("kernels", ["numpy", "numba"])
def test_vectors_with_gaps_are_stepped(kernels, optimizer, length, monkeypatch):
    if kernels == "numba":
        pytest.importorskip("numba")
    module = importlib.import_module(f"skregnet._kernels.{kernels}.updates")
    rule = importlib.import_module(type(optimizer).__module__)
    inner = importlib.import_module("skregnet.optimizers._adam")
    for used in (rule, inner):
        for name in [name for name in vars(used) if name.endswith("_update")]:
            monkeypatch.setattr(used, name, getattr(module, name))
    whole, gaps = np.ones((2, length)), np.ones((2, 2 * length))[:, ::2]
    states = [optimizer.init(whole), optimizer.init(whole)]
    for key, value in states[1].items():
        if isinstance(value, np.ndarray):
            states[1][key] = np.repeat(value, 2, axis=1)[:, ::2]
    gradient = np.random.RandomState(0).normal(size=whole.shape)
    for parameters, state in zip((whole, gaps), states, strict=True):
        for _ in range(3):
            optimizer.step(parameters, gradient, state, 0.1)
    assert not (gaps == 1).any()
    np.testing.assert_allclose(gaps, whole, rtol=1e-12, atol=1e-12)


def arrays_of(**shapes):
    """Return arrays by name."""
    return {name: np.ones(shape) for name, shape in shapes.items()}


M, R, U, K = 2, 5, 4, 3
VECTORS, TABLE = (M, 6), (1, 6)
ROWS = {"share": (1, 1, R)}
UNITS = dict.fromkeys(("scale", "shift"), (M, 1, U))
LOSS = {"outputs": (M, K, R), "targets": (M, K, R), "weights": (M, 1, R)}

# The arguments of each loop: the shapes of arrays, or other values.
LOOPS = {
    "adam": dict.fromkeys(["theta", "g", "first", "second"], VECTORS),
    "amsgrad": dict.fromkeys(["theta", "g", "first", "second", "largest"], VECTORS),
    "nadam": dict.fromkeys(["theta", "g", "first", "second"], VECTORS),
    "adagrad": dict.fromkeys(["theta", "g", "squares"], VECTORS),
    "rmsprop": dict.fromkeys(["theta", "g", "squares", "velocity"], VECTORS),
    "centered_rmsprop": dict.fromkeys(
        ["theta", "g", "squares", "means", "velocity"], VECTORS
    ),
    "delta_bar_delta": dict.fromkeys(["theta", "g", "gains", "averages"], VECTORS),
    "momentum": dict.fromkeys(["theta", "g", "velocity"], VECTORS),
    "add_scaled": dict.fromkeys(["target", "source"], VECTORS),
    "add_scaled_squares": dict.fromkeys(["target", "source"], VECTORS)
    | {"squares": (M,)},
    "average": dict.fromkeys(["mean", "theta"], VECTORS),
    "gather": {"source": (7, U), "rows": (M, R), "out": (M, R, U)},
    "add_and_rectify": {"values": (M, R, U), "biases": (M, 1, U)},
    "add_rectify_and_drop": {
        "values": (M, R, U),
        "biases": (M, 1, U),
        "masks": (M, R, U),
    },
    "relu_backward": {"delta": (M, R, U), "outputs": (M, R, U)},
    "dropped_relu_backward": dict.fromkeys(["delta", "outputs", "masks"], (M, R, U)),
    "normalize": dict.fromkeys(["inputs", "outputs", "centered"], (M, R, U))
    | ROWS
    | {"moments": (M, 2, U)}
    | UNITS
    | {"both": (2, M, 1, U)},
    "normalize_backward": dict.fromkeys(["delta", "centered"], (M, R, U))
    | ROWS
    | dict.fromkeys(
        ["inverse", "factor", "scale_gradient", "shift_gradient"], (M, 1, U)
    ),
    "follow": {"statistics": (M, 2, U), "n_batches": (M, 1, 1), "moments": (M, 2, U)},
    "softmax_loss": LOSS | {"space": (2, R), "losses": (M,)},
    "logistic_loss": LOSS | {"space": (2, R), "losses": (M,)},
    "squared_loss": LOSS | {"space": (2, R), "losses": (M,)},
}
UPDATES = list(LOOPS)[:11]
OTHERS = {"moving": True, "nesterov": True, "epsilon": 1e-3, "window": 9, "scale": 0.1}
# What may have any size: losses of one pass need no space, rows of a table may be few,
# and where biases are added nothing else has rows.
FREE = {
    *(("logistic_loss", "space", axis) for axis in (0, 1)),
    *(("squared_loss", "space", axis) for axis in (0, 1)),
    ("gather", "source", 0),
    ("add_and_rectify", "values", 1),
}


def call(name, changed=None):
    """Call a loop, one of its arrays twice as long along its last axis or shorter."""
    compiled = importlib.import_module("skregnet._kernels.numba.compilation").compiled
    code = getattr(loops, name).__code__
    shapes = LOOPS[name] | ({"table": TABLE} if name in UPDATES else {})
    arguments = []
    for argument in code.co_varnames[: code.co_argcount]:
        if argument in shapes and isinstance(shapes[argument], tuple):
            shape = list(shapes[argument])
            if changed is not None and argument == changed[0]:
                shape[changed[1]] = changed[2]
            dtype = np.intp if argument == "rows" else float
            arguments.append(np.ones(shape, dtype))
        else:
            arguments.append(OTHERS[argument])
    compiled(name, np.dtype(float))(*arguments)


WRONG = [
    (name, argument, axis)
    for name, shapes in LOOPS.items()
    for argument, shape in shapes.items()
    for axis in range(len(shape))
    if (name, argument, axis) not in FREE
]


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_takes_arrays_that_belong_together(name):
    pytest.importorskip("numba")
    call(name)


@pytest.mark.parametrize("size", [0, 1, 9])
@pytest.mark.parametrize(("name", "argument", "axis"), WRONG)
def test_a_loop_refuses_arrays_that_do_not(name, argument, axis, size):
    pytest.importorskip("numba")
    right = LOOPS[name][argument][axis]
    allowed = (argument, axis) == ("share", 0)
    if size == right or (allowed and size == 1):
        pytest.skip("that is right")
    with pytest.raises(ValueError, match="a compiled loop expects"):
        call(name, (argument, axis, size))


@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize("n_rates", [0, 3])
def test_a_loop_refuses_rates_of_other_members(name, n_rates):
    pytest.importorskip("numba")
    with pytest.raises(ValueError, match="one rate, or one for each member"):
        call(name, ("table", 0, n_rates))


@pytest.mark.parametrize("rows", [[0, 29], [-1, 30], [-(10**12), 10**12]])
@pytest.mark.parametrize("kernels", ["numpy", "numba"])
def test_gathered_rows_lie_within_the_table(kernels, rows):
    if kernels == "numba":
        pytest.importorskip("numba")
    module = importlib.import_module(f"skregnet._kernels.{kernels}.products")
    source = np.random.RandomState(0).normal(size=(30, 4))
    out = np.empty((1, 2, 4))
    module.gather(source, np.array([rows]), out)
    np.testing.assert_array_equal(out[0], source[[0, 29]])


def test_numpy_updates_are_checked_once_a_call():
    theta, source = np.ones((1, 6)), np.ones((1, 6))
    with pytest.raises(ValueError, match=r"one shape.*\(1, 6\).*\(1, 5\)"):
        numpy_updates.average_update(theta, source[:, :5], 0.1)
    with pytest.raises(ValueError, match="a rate expects"):
        numpy_updates.average_update(theta, source, np.ones((4, 1)))
    assert (theta == 1).all()


def corrupt(container, attribute, change):
    """Return a sparse array of which one attribute is changed."""
    X = container(np.arange(12.0).reshape(3, 4))
    values = getattr(X, attribute).copy()
    change(values)
    setattr(X, attribute, values)
    return X


def put(position, value):
    """Return what puts a value in its place."""

    def change(values):
        values[position] = value

    return change


CORRUPT = {
    "CSR index beyond": (sparse.csr_array, "indices", put(-1, 10**6)),
    "CSR index below": (sparse.csr_matrix, "indices", put(0, -1)),
    "CSR pointer beyond": (sparse.csr_array, "indptr", put(-1, 10**6)),
    "CSR pointers falling": (sparse.csr_array, "indptr", put(1, 9)),
    "CSR start": (sparse.csr_array, "indptr", put(0, 3)),
    "CSC index beyond": (sparse.csc_array, "indices", put(-1, 3)),
    "CSC pointer beyond": (sparse.csc_array, "indptr", put(2, 10**6)),
    "BSR index beyond": (sparse.bsr_array, "indices", put(-1, 10**6)),
    "COO row beyond": (sparse.coo_matrix, "row", put(0, 10**6)),
    "COO column below": (sparse.coo_matrix, "col", put(0, -5)),
    "LIL column beyond": (
        sparse.lil_array,
        "rows",
        put(0, [1, 2, 10**6]),
    ),
    "LIL values missing": (sparse.lil_array, "data", put(0, [1.0])),
}


@pytest.mark.parametrize("kind", CORRUPT)
def test_sparse_indices_beyond_the_array_are_refused(kind):
    X = corrupt(*CORRUPT[kind])
    with pytest.raises(ValueError, match=r"X expects indices within .*\(3, 4\)"):
        check_indices(X)


@pytest.mark.parametrize("layout", ["csr", "csc", "bsr", "coo", "dia", "lil", "dok"])
@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (3, 4), (40, 30)])
def test_whole_sparse_arrays_pass(shape, layout):
    X = sparse.random_array(shape, density=0.3, format=layout)
    check_indices(X)
    check_indices(X.toarray())


def test_a_diagonal_without_values_is_refused():
    X = sparse.dia_array((np.ones((2, 4)), [0, 1]), shape=(4, 4))
    X.offsets = np.arange(9)
    with pytest.raises(ValueError, match="DIA format"):
        check_indices(X)


@pytest.mark.parametrize("position", [-1, 625, 10**9])
def test_a_source_that_stands_beyond_its_numbers_is_refused(position):
    state = np.random.RandomState(0).get_state(legacy=False)
    check_positions(state, "random_state")
    state["state"]["pos"] = position
    with pytest.raises(ValueError, match=r"random_state expects .* whole"):
        check_positions(state, "random_state")
    state = np.random.Philox(0).state
    check_positions(state, "rng")
    state["buffer_pos"] = position
    with pytest.raises(ValueError, match="rng expects"):
        check_positions(state, "rng")


def test_each_loop_is_listed():
    found = {name for name, value in vars(loops).items() if callable(value)} - {"Any"}
    assert found == set(LOOPS)
