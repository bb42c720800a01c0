"""Optimizers: the time of a step for one long vector, ours and torch's, on one core.

Every optimizer steps a float32 vector along a fixed random gradient; where torch has
the same rule it does so too, fused where it can be. Candidates take turns within each
repetition. Shown are

- medians of the times of a step, ours and torch's, and ours per element,
- vs torch: torch's over our time, above 1 where skregnet is the faster,
- Adam cost: our time over that of torch's fused Adam,

ratios as medians over those within repetitions. Optimizers around others stand around
gradient descent with momentum, so that what they add is the difference to that.

    python benchmarks/optimizers.py --optimizers Adam NAdam --repeats 25
"""

import argparse
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import harness

# isort: split
import numpy as np

from skregnet import optimizers

try:
    import torch
except ImportError:
    torch = None

LENGTH = 1_000_000
REPEATS = 25
QUICK_REPEATS = 5

# Seconds that one measurement lasts.
AT_LEAST = 0.03

LEARNING_RATE = 1e-3
ADAM = "Adam"

STANDARD = optimizers.SGD(nesterov=False)


@dataclass(frozen=True)
class Pair:
    """An optimizer of ours, and the name and parameters of the same rule in torch."""

    ours: Any
    rule: str | None = None
    parameters: tuple[tuple[str, Any], ...] = ()


MOMENTUM = (("momentum", 0.9),)
PAIRS = {
    "SGD plain": Pair(optimizers.SGD(momentum=0.0, nesterov=False), "SGD"),
    "SGD standard": Pair(STANDARD, "SGD", MOMENTUM),
    "SGD Nesterov": Pair(optimizers.SGD(), "SGD", (*MOMENTUM, ("nesterov", True))),
    "AdaGrad": Pair(optimizers.AdaGrad(), "Adagrad"),
    "RMSProp": Pair(optimizers.RMSProp(), "RMSprop"),
    "RMSProp momentum": Pair(optimizers.RMSProp(momentum=0.9), "RMSprop", MOMENTUM),
    "RMSProp centered": Pair(
        optimizers.RMSProp(centered=True), "RMSprop", (("centered", True),)
    ),
    ADAM: Pair(optimizers.Adam(), "Adam"),
    "Adam amsgrad": Pair(optimizers.Adam(amsgrad=True), "Adam", (("amsgrad", True),)),
    "AdamW": Pair(optimizers.AdamW(), "AdamW"),
    "NAdam": Pair(optimizers.NAdam(), "NAdam"),
    "DeltaBarDelta": Pair(optimizers.DeltaBarDelta()),
    "Averaged": Pair(optimizers.Averaged(STANDARD)),
    "GradientClipping": Pair(optimizers.GradientClipping(STANDARD)),
    "Lookahead": Pair(optimizers.Lookahead(STANDARD)),
    "Scheduled": Pair(optimizers.Scheduled(STANDARD, "cosine", 10_000)),
    "WeightDecay": Pair(optimizers.WeightDecay(STANDARD)),
}

# What torch can do in one pass on a CPU.
FUSED = {"SGD", "Adagrad", "Adam", "AdamW"}


def vectors(length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return parameters and a gradient, the same in every call."""
    rng = np.random.default_rng(0)
    shape = (1, length)
    parameters = rng.standard_normal(shape, dtype=np.float32)
    return parameters, 0.01 * rng.standard_normal(shape, dtype=np.float32)


def our_step(pair: Pair, length: int) -> Callable[[], object]:
    """Return a step of skregnet."""
    parameters, gradient = vectors(length)
    state = pair.ours.init(parameters)
    return lambda: pair.ours.step(parameters, gradient, state, LEARNING_RATE)


def torch_step(pair: Pair, length: int) -> Callable[[], object]:
    """Return a step of torch."""
    parameters, gradient = map(torch.from_numpy, vectors(length))
    parameters.grad = gradient
    rule = getattr(torch.optim, pair.rule)
    options = dict(pair.parameters)
    if pair.rule in FUSED:
        options["fused"] = True
    return rule([parameters], lr=LEARNING_RATE, **options).step


def timer(step: Callable[[], object]) -> Callable[[], float]:
    """Return what measures a step, over as many as last long enough."""
    n_calls = harness.calls_lasting(step, AT_LEAST)
    return lambda: harness.seconds(step, n_calls)


def time_optimizers(
    names: list[str], length: int, n_repeats: int
) -> list[dict[str, Any]]:
    """Compare the times of a step of all optimizers, all in turns."""
    timers = {name: timer(our_step(PAIRS[name], length)) for name in names}
    if torch is not None:
        torch.set_num_threads(1)
        # Adam is the yardstick of all, whatever is asked for.
        for name in {ADAM: None} | dict.fromkeys(names):
            if PAIRS[name].rule is not None:
                timers[f"torch {name}"] = timer(torch_step(PAIRS[name], length))
    times = harness.interleave(timers, n_repeats)
    return [row_of(name, times, length) for name in names]


def row_of(name: str, times: dict[str, list[float]], length: int) -> dict[str, Any]:
    """Return the medians and ratios of one optimizer."""
    ours, theirs = times[name], times.get(f"torch {name}")
    step = statistics.median(ours)
    row: dict[str, Any] = {
        "optimizer": name,
        "skregnet us": step * harness.MICROSECONDS,
        "ns/element": step / length * 1e9,
    }
    if theirs is not None:
        row["torch us"] = statistics.median(theirs) * harness.MICROSECONDS
        row["torch fused"] = "yes" if PAIRS[name].rule in FUSED else "no"
        row["vs torch"] = harness.median_ratio(theirs, ours)
    if torch is not None:
        row["Adam cost"] = harness.median_ratio(ours, times[f"torch {ADAM}"])
    return row


def main() -> None:
    """Measure what is asked for and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--optimizers", nargs="+", choices=PAIRS, default=list(PAIRS))
    parser.add_argument("--length", type=int, default=LENGTH, help="of the vector")
    parser.add_argument("--repeats", type=int, help="repetitions, of every optimizer")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the table to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    repeats = options.repeats or (QUICK_REPEATS if options.quick else REPEATS)
    rows = time_optimizers(options.optimizers, options.length, repeats)
    harness.print_table(f"Time per step, {options.length:,} parameters", rows)
    harness.write_json(options.json, {"optimizers": rows})


if __name__ == "__main__":
    main()
