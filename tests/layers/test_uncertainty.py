"""Learned weights of tasks: rows behind the outputs, in training only."""

import numpy as np
import pytest

from skregnet._networks.layers import Pass, TaskUncertainty

FLOAT64 = np.dtype(np.float64)
N_ROWS, N_BELOW, N_TASKS = 5, 4, 2
LAYER = TaskUncertainty(N_BELOW + N_TASKS, N_TASKS)
TRAINING = Pass(True, 1 / N_ROWS)


def draw(n_members):
    """Return parameters, inputs and a gradient by the outputs."""
    random_state = np.random.RandomState(0)
    parameters = {"log_variances": random_state.normal(size=(n_members, 1, N_TASKS))}
    inputs = random_state.normal(size=(n_members, N_BELOW, N_ROWS))
    delta = random_state.normal(size=(n_members, LAYER.n_outputs, N_ROWS))
    return parameters, inputs, delta


def test_one_number_a_task():
    assert LAYER.parameter_shapes == (("log_variances", (1, N_TASKS)),)


@pytest.mark.parametrize("n_members", [1, 3])
def test_training(n_members):
    parameters, inputs, delta = draw(n_members)
    workspace = LAYER.workspace(n_members, N_ROWS, FLOAT64, True)
    outputs = LAYER.forward(inputs, parameters, workspace, TRAINING)
    assert outputs.shape == (n_members, N_BELOW + N_TASKS, N_ROWS)
    np.testing.assert_array_equal(outputs[:, :N_BELOW], inputs)
    for k in range(n_members):
        for task in range(N_TASKS):
            row = np.full(N_ROWS, parameters["log_variances"][k, 0, task])
            np.testing.assert_array_equal(outputs[k, N_BELOW + task], row)
    gradient = {"log_variances": np.full((n_members, 1, N_TASKS), 9.0)}
    below = LAYER.backward(delta.copy(), parameters, gradient, workspace, TRAINING)
    np.testing.assert_array_equal(below, delta[:, :N_BELOW])
    for k in range(n_members):
        for task in range(N_TASKS):
            # One number stands in all rows: its gradient is the sum over them.
            found = gradient["log_variances"][k, 0, task]
            assert found == pytest.approx(sum(delta[k, N_BELOW + task]), rel=1e-12)


def test_at_test_time_nothing_is_added():
    parameters, inputs, delta = draw(2)
    workspace = LAYER.workspace(2, N_ROWS, FLOAT64, True)
    outputs = LAYER.forward(inputs, parameters, workspace, Pass())
    np.testing.assert_array_equal(outputs, inputs)
    gradient = {"log_variances": np.full((2, 1, N_TASKS), 9.0)}
    delta = delta[:, :N_BELOW].copy()
    below = LAYER.backward(delta.copy(), parameters, gradient, workspace, Pass())
    np.testing.assert_array_equal(below, delta)
    np.testing.assert_array_equal(gradient["log_variances"], 0)
