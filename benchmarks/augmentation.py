"""Augmenters: what it costs to change a minibatch, on one core.

Each augmenter changes 256 float32 images of 28 x 28 pixels, with their targets, as it
does for a step of training with `augmenter=`. Shown are

- medians of the times of a call,
- step cost: that time over the time of a step without an augmenter, on such images, of
  the medium network of peers.py; as the median over repetitions.

Candidates take turns within each repetition.

    python benchmarks/augmentation.py --augmenters ImageShift ImageZoom --repeats 9
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import harness
from harness import TASKS

# isort: split
import numpy as np
import steps

from skregnet import MLPClassifier, augmentation

SIDE = 28
TASK = replace(TASKS["medium"], n_features=SIDE**2)
AUGMENTERS = {
    type(augmenter).__name__: augmenter
    for augmenter in (
        augmentation.GaussianNoise(),
        augmentation.FeatureMasking(),
        augmentation.Mixup(),
        augmentation.ImageShift(max_shift=2),
        augmentation.ImageRotation(),
        augmentation.ImageZoom(),
        augmentation.ImageElastic(),
    )
}
REPEATS = 9
QUICK_REPEATS = 3


def call_timer(augmenter: Any) -> Callable[[], float]:
    """Return a function that measures a call of an augmenter."""
    X, y = TASK.data(TASK.batch_size)
    targets = np.eye(TASK.n_classes, dtype=X.dtype)[y]
    rng = np.random.Generator(np.random.SFC64(0))
    augmenter.fit(X, targets)

    def call() -> None:
        augmenter.augment(X, targets, rng)

    n_calls = harness.calls_lasting(call, 0.1)
    return lambda: harness.seconds(call, n_calls)


def time_augmenters(names: list[str], n_repeats: int) -> list[dict[str, Any]]:
    """Compare the times of calls with that of a step."""
    timers = {"step": steps.step_timer(MLPClassifier, TASK)}
    timers |= {name: call_timer(AUGMENTERS[name]) for name in names}
    times = harness.interleave(timers, n_repeats)
    return [
        {
            "augmenter": name,
            **harness.summary({"call": times[name], "step": times["step"]}),
            "step cost": harness.median_ratio(times[name], times["step"]),
        }
        for name in names
    ]


def main() -> None:
    """Measure what is asked for and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--augmenters", nargs="+", choices=AUGMENTERS, default=list(AUGMENTERS)
    )
    parser.add_argument("--repeats", type=int, help="repetitions")
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--json", help="file to write the table to")
    options = parser.parse_args()
    harness.hold_to_one_core()
    repeats = QUICK_REPEATS if options.quick else REPEATS
    rows = time_augmenters(options.augmenters, options.repeats or repeats)
    harness.print_table("Changing a minibatch of 256 images of 28 x 28 pixels", rows)
    harness.write_json(options.json, {"augmenters": rows})


if __name__ == "__main__":
    main()
