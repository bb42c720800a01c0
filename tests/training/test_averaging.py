"""Averages of the weights against loops, and noise on the targets by its moments."""

import numpy as np
import pytest

from skregnet._kernels import axpy
from skregnet._training import EpochAverage, MovingAverage, TargetNoise


def sequence(n_members, length, n_steps=60, dtype=np.float64):
    """Return vectors of a stack along training."""
    shape = (n_steps, n_members, length)
    return np.random.RandomState(0).normal(size=shape).astype(dtype)


def follow(average, vectors):
    """Return the moving average after the first vector, the start, and the others."""
    state = average.init(vectors[0])
    for parameters in vectors[1:]:
        before = parameters.copy()
        average.after_step(parameters, state)
        np.testing.assert_array_equal(parameters, before)
    return average.shown(vectors[-1], state)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("decay", [0.5, 0.9, 0.999])
def test_moving_average(decay, n_members, dtype):
    vectors = sequence(n_members, 5, dtype=dtype)
    for n_steps in (1, 2, 8, 59):
        expected = vectors[0].astype(float)
        for t in range(1, n_steps + 1):
            kept = min(decay, (1 + t) / (10 + t))
            expected = kept * expected + (1 - kept) * vectors[t]
        found = follow(MovingAverage(decay), vectors[: n_steps + 1])
        assert found.dtype == dtype
        rtol = 1e-4 if dtype == np.float32 else 1e-11
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol / 10)


def test_moving_average_starts_with_a_copy():
    vectors = sequence(2, 5)
    state = MovingAverage().init(vectors[0])
    found = MovingAverage().shown(vectors[0], state)
    np.testing.assert_array_equal(found, vectors[0])
    assert not np.shares_memory(found, vectors)


@pytest.mark.parametrize("n_members", [1, 3])
def test_blocks_change_nothing(n_members, monkeypatch):
    vectors = sequence(n_members, 101)
    whole = follow(MovingAverage(), vectors)
    monkeypatch.setattr(axpy, "BLOCK", 24)
    np.testing.assert_array_equal(follow(MovingAverage(), vectors), whole)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_epoch_average(dtype):
    # Members join at epochs of their own, and the last one never does.
    starts = [0, 7, 59, 60]
    vectors = sequence(4, 5, dtype=dtype)
    average = EpochAverage()
    state = average.init(vectors[0])
    for epoch, parameters in enumerate(vectors):
        before = parameters.copy()
        average.after_step(parameters, state)
        average.after_epoch(parameters, state, [epoch >= start for start in starts])
        np.testing.assert_array_equal(parameters, before)
        shown = average.shown(parameters, state)
        assert shown.dtype == dtype
        for k, start in enumerate(starts):
            expected = parameters[k]
            if epoch >= start:
                expected = np.mean(vectors[start : epoch + 1, k], axis=0)
            tolerance = 1e-5 if dtype == np.float32 else 1e-13
            np.testing.assert_allclose(shown[k], expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(shown[3], vectors[-1, 3])


def noise_of(noise, seeds, n_outputs=3, n_rows=40_000, dtype=np.float64):
    """Return what is added to targets."""
    targets = np.random.RandomState(0).rand(len(seeds), n_outputs, n_rows).astype(dtype)
    before = targets.copy()
    noise.apply(targets, [np.random.default_rng(seed) for seed in seeds])
    assert targets.dtype == dtype
    return targets - before


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_outputs", [2, 3, 10])
@pytest.mark.parametrize("keeps_sum", [False, True])
def test_moments_of_the_noise(keeps_sum, n_outputs, dtype):
    (noise,) = noise_of(TargetNoise(0.2, keeps_sum), [0], n_outputs, dtype=dtype)
    # Five standard errors of a mean, and of a standard deviation.
    error = 0.2 / np.sqrt(noise.shape[1])
    np.testing.assert_allclose(noise.mean(axis=1), 0, atol=5 * error)
    np.testing.assert_allclose(noise.std(axis=1), 0.2, atol=5 * error / np.sqrt(2))
    sums = noise.sum(axis=0)
    if keeps_sum:
        np.testing.assert_allclose(sums, 0, atol=1e-5 if dtype == np.float32 else 1e-13)
    else:
        total = 0.2 * np.sqrt(n_outputs)
        error = total / np.sqrt(2 * noise.shape[1])
        np.testing.assert_allclose(sums.std(), total, atol=5 * error)
    # What remains between outputs is what the constraint imposes.
    expected = -1 / (n_outputs - 1) if keeps_sum else 0
    np.testing.assert_allclose(np.corrcoef(noise)[0, 1], expected, atol=0.03)
    assert abs(np.corrcoef(noise[0, 1:], noise[0, :-1])[0, 1]) < 0.03


def test_one_output_has_noise():
    noise = noise_of(TargetNoise(0.2, keeps_sum=False), [0], 1)
    np.testing.assert_allclose(noise.std(), 0.2, rtol=0.02)


@pytest.mark.parametrize("keeps_sum", [False, True])
def test_members_have_noise_of_their_own(keeps_sum):
    stds = np.array([[0.1], [0.0], [0.5]])
    noise = noise_of(TargetNoise(stds, keeps_sum), [1, 2, 3])
    np.testing.assert_allclose(noise.std(axis=(1, 2)), stds[:, 0], rtol=0.02)
    assert not noise[1].any()
    assert abs(np.corrcoef(noise[0, 0], noise[2, 0])[0, 1]) < 0.03
    for k, std in enumerate(stds[:, 0].tolist()):
        targets = np.random.RandomState(0).rand(3, 3, 40_000)[k : k + 1]
        before = targets.copy()
        TargetNoise(std, keeps_sum).apply(targets, [np.random.default_rng(1 + k)])
        np.testing.assert_array_equal(targets[0] - before[0], noise[k])


def test_noise_is_fresh_each_time():
    targets = np.zeros((1, 3, 50))
    sources = [np.random.default_rng(0)]
    noise = TargetNoise(0.2, keeps_sum=False)
    noise.apply(targets, sources)
    first = targets.copy()
    noise.apply(targets, sources)
    second = targets - first
    assert (first != second).all()
