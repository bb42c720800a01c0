"""Second derivatives: products, eigenvalues and memory, on one core, in float64.

Three tables:

- products: the time of a product of the Hessian with a direction over that of a
  gradient, of a product of the Gauss-Newton matrix (GN) too; of 16 directions at once
  over one; counted is what the ratios would be if only multiplications in products of
  matrices took time. Where torch is installed it makes the same products by two
  backward passes, by a forward pass through the backward one (`torch.func`), and the
  latter for 16 directions at once (`vmap`): vs is torch's time over ours, above 1 where
  skregnet is the faster. Random data, all rows, relu and tanh, softmax cross-entropy.
- eigenvalues: the ten of largest magnitude of a network of about 100,000 parameters on
  10,000 rows of enlarged digits, in products and in gradients' worth of time.
- memory: the largest amount allocated within a product, by numbers of rows.

Candidates take turns within each repetition; times are medians, ratios medians over
those within repetitions.

    python benchmarks/curvature.py --parts products memory --repeats 9
"""

import argparse
import statistics
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import harness
from harness import TASKS, Task

# isort: split
import numpy as np
from scipy.sparse.linalg import LinearOperator
from sklearn.datasets import load_digits

import skregnet
from skregnet._networks.problem import problem_of
from skregnet.curvature import HessianOperator, eigenvalues

try:
    import torch
except ImportError:
    torch = None

NETWORKS = {
    task.name: task
    for task in (
        TASKS["tiny"],
        TASKS["small"],
        Task("digits", 1_797, 64, (100,), 200, 10),
        Task("medium", 5_000, 100, (256, 256), 200, 10),
        Task("large", 10_000, 784, (120,), 200, 10),
    )
}
ACTIVATIONS = ("relu", "tanh")
N_DIRECTIONS = 16

# The digits are enlarged as many times in either direction, and repeated with noise.
ENLARGED = 4
N_ROWS = 10_000
NOISE = 1.0
EPOCHS = 10
N_EIGENVALUES = 10
TOLERANCES = (0.0, 1e-3)

MEMORY_NETWORKS = ("digits", "medium")
MEMORY_ROWS = (1_000, 10_000, 100_000)

REPEATS = 9
QUICK_REPEATS = 3
# Seconds that one measurement lasts.
AT_LEAST = 0.1


def fitted(
    X: np.ndarray,
    y: np.ndarray,
    hidden: tuple[int, ...],
    activation: str,
    n_epochs: int = 1,
) -> Any:
    """Return a network after some epochs of Adam."""
    return skregnet.MLPClassifier(
        hidden,
        activation=activation,
        max_iter=n_epochs,
        random_state=0,
        tol=0.0,
        n_iter_no_change=np.inf,
    ).fit(X, y)


def timer(call: Callable[[], object]) -> Callable[[], float]:
    """Return what measures a call, over as many as last long enough."""
    n_calls = harness.calls_lasting(call, AT_LEAST)
    return lambda: harness.seconds(call, n_calls)


def multiplications(units: Sequence[int], n_directions: int) -> int:
    """Return how many a row takes for products of the Hessian, or 0 for a gradient."""
    sizes = [below * above for below, above in pairwise(units)]
    from_second = sum(sizes[1:])
    if not n_directions:
        return 2 * sum(sizes) + from_second
    shared = sum(sizes) + from_second
    return shared + n_directions * (2 * sizes[0] + 6 * from_second)


def time_products(task: Task, activation: str, n_repeats: int) -> dict[str, Any]:
    """Compare the times of products, and of a gradient."""
    X, y = task.data()
    X = X.astype(np.float64)
    loss, vector = problem_of(fitted(X, y, task.hidden, activation), X, y)
    directions = np.random.default_rng(0).standard_normal((N_DIRECTIONS, len(vector)))
    one = directions[:1]
    calls = {
        "gradient": lambda: loss.value_and_gradient(vector),
        "product": lambda: loss.products(vector, one),
        "Gauss-Newton": lambda: loss.products(vector, one, gauss_newton=True),
        "many": lambda: loss.products(vector, directions),
    }
    peers: dict[str, Callable[[], Any]] = {}
    if torch is not None:
        peers = torch_products(task.units, activation, X, y, vector, directions)
        check(peers, loss.products(vector, directions))
    timers = {name: timer(call) for name, call in (calls | peers).items()}
    times = harness.interleave(timers, n_repeats)
    counts = {n: multiplications(task.units, n) for n in (0, 1, N_DIRECTIONS)}
    row = {
        "activation": activation,
        "parameters": len(vector),
        "rows": len(X),
        "gradient us": statistics.median(times["gradient"]) * harness.MICROSECONDS,
        "product us": statistics.median(times["product"]) * harness.MICROSECONDS,
        "cost": harness.median_ratio(times["product"], times["gradient"]),
        "counted cost": counts[1] / counts[0],
        "GN cost": harness.median_ratio(times["Gauss-Newton"], times["gradient"]),
        f"{N_DIRECTIONS} cost": harness.median_ratio(times["many"], times["product"]),
        f"counted {N_DIRECTIONS} cost": counts[N_DIRECTIONS] / counts[1],
    }
    for name in peers:
        ours = times["many" if name == "vmap" else "product"]
        row[f"vs {name}"] = harness.median_ratio(times[name], ours)
    return row


def torch_products(
    units: Sequence[int],
    activation: str,
    X: np.ndarray,
    y: np.ndarray,
    vector: np.ndarray,
    directions: np.ndarray,
) -> dict[str, Callable[[], Any]]:
    """Return torch's ways to a product, by name."""
    torch.set_num_threads(1)
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    point, along = torch.from_numpy(vector), torch.from_numpy(directions)
    act = getattr(torch, activation)
    shapes = list(pairwise(units))
    sizes = [below * above for below, above in shapes] + list(units[1:])

    def loss_of(parameters: Any) -> Any:
        parts = parameters.split(sizes)
        hidden = inputs
        for k, shape in enumerate(shapes):
            hidden = hidden if k == 0 else act(hidden)
            hidden = torch.addmm(
                parts[len(shapes) + k], hidden, parts[k].reshape(shape)
            )
        return torch.nn.functional.cross_entropy(hidden, labels)

    def double_backward() -> Any:
        parameters = point.clone().requires_grad_()
        (slope,) = torch.autograd.grad(
            loss_of(parameters), parameters, create_graph=True
        )
        return torch.autograd.grad(slope @ along[0], parameters)[0]

    def along_one(direction: Any) -> Any:
        return torch.func.jvp(torch.func.grad(loss_of), (point,), (direction,))[1]

    return {
        "double backward": double_backward,
        "jvp": lambda: along_one(along[0]),
        "vmap": lambda: torch.func.vmap(along_one)(along),
    }


def check(peers: dict[str, Callable[[], Any]], products: np.ndarray) -> None:
    """Make sure that all compute the same."""
    for call in peers.values():
        found = np.atleast_2d(call().numpy())
        np.testing.assert_allclose(found, products[: len(found)], rtol=1e-6, atol=1e-12)


def enlarged_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return digits of 32 by 32 pixels, repeated with noise."""
    images, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    rows = np.arange(N_ROWS) % len(images)
    images = images[rows].reshape(-1, 8, 8)
    images = images + NOISE * rng.standard_normal(images.shape)
    images = images.repeat(ENLARGED, axis=1).repeat(ENLARGED, axis=2) / 16
    return images.reshape(N_ROWS, -1), labels[rows]


class Counted(LinearOperator):
    """An operator that counts its products."""

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__(operator.dtype, operator.shape)
        self._operator = operator
        self.n_products = 0

    def _matvec(self, x: np.ndarray) -> np.ndarray:
        self.n_products += 1
        return self._operator.matvec(x)


def time_eigenvalues(activation: str, n_repeats: int) -> list[dict[str, Any]]:
    """Count the products that eigenvalues take, and the gradients these are worth."""
    X, y = enlarged_digits()
    mlp = fitted(X, y, (100,), activation, EPOCHS)
    loss, vector = problem_of(mlp, X, y)
    counted = {tol: Counted(HessianOperator(mlp, X, y)) for tol in TOLERANCES}
    calls = {
        tol: lambda tol=tol: eigenvalues(counted[tol], N_EIGENVALUES, tol=tol)
        for tol in TOLERANCES
    }
    values = {tol: call() for tol, call in calls.items()}
    n_products = {tol: operator.n_products for tol, operator in counted.items()}
    timers = {
        tol: lambda call=call: harness.seconds(call) for tol, call in calls.items()
    }
    timers["gradient"] = timer(lambda: loss.value_and_gradient(vector))
    times = harness.interleave(timers, n_repeats)
    return [
        {
            "activation": activation,
            "parameters": len(vector),
            "rows": len(X),
            "training loss": loss.value(vector),
            "largest": float(values[tol].max()),
            "smallest": float(values[tol].min()),
            "tol": f"{tol:g}",
            "seconds": statistics.median(times[tol]),
            "products": n_products[tol],
            "products/value": n_products[tol] / N_EIGENVALUES,
            "gradients/value": harness.median_ratio(times[tol], times["gradient"])
            / N_EIGENVALUES,
        }
        for tol in TOLERANCES
    ]


def peak_memory(task: Task, n_rows: int) -> dict[str, Any]:
    """Return the largest amount that is allocated within a first product."""
    X, y = task.data(n_rows)
    X = X.astype(np.float64)
    mlp = fitted(X[:1_000], y[:1_000], task.hidden, "relu")
    row: dict[str, Any] = {"rows": n_rows, "data MB": X.nbytes / 1e6}
    for n_directions in (1, N_DIRECTIONS):
        loss, vector = problem_of(mlp, X, y)
        directions = np.ones((n_directions, len(vector)))
        tracemalloc.start()
        loss.products(vector, directions)
        row[f"{n_directions} MB"] = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    return row


def main() -> None:
    """Measure what is asked for and print a table for each part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ("products", "eigenvalues", "memory")
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument(
        "--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS)
    )
    parser.add_argument("--repeats", type=int, help="repetitions of every measurement")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the tables to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    repeats = options.repeats or (QUICK_REPEATS if options.quick else REPEATS)
    tables: dict[str, list[dict[str, Any]]] = {}
    if "products" in options.parts:
        tables["products"] = [
            {"network": name, **time_products(NETWORKS[name], activation, repeats)}
            for name in options.networks
            for activation in ACTIVATIONS
        ]
        harness.print_table("Products with directions", tables["products"])
    if "eigenvalues" in options.parts:
        few = min(repeats, QUICK_REPEATS)
        found = [time_eigenvalues(activation, few) for activation in ACTIVATIONS]
        tables["eigenvalues"] = [row for rows in found for row in rows]
        harness.print_table("Ten largest eigenvalues", tables["eigenvalues"])
    if "memory" in options.parts:
        tables["memory"] = [
            {"network": name, **peak_memory(NETWORKS[name], n_rows)}
            for name in MEMORY_NETWORKS
            for n_rows in MEMORY_ROWS
        ]
        harness.print_table(
            f"Memory within a product, of 1 and {N_DIRECTIONS} directions",
            tables["memory"],
        )
    harness.write_json(options.json, tables)


if __name__ == "__main__":
    main()
