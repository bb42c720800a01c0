"""Columns in ONNX: inputs of every type, against the estimator on the same values."""

import numpy as np
import pandas as pd
import pytest

skl2onnx = pytest.importorskip("skl2onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from skl2onnx.common import data_types  # noqa: E402

from skregnet import MLPClassifier, TabularClassifier  # noqa: E402
from skregnet.onnx import register_converters  # noqa: E402

LEARNED = {
    "Booleans": [True, False],
    "Booleans, some missing": [True, False, None],
    "0 and 1": pd.Categorical([0, 1]),
    "integers": pd.Categorical([0, 1, 2, -1]),
    "long integers": pd.Categorical([2**53, 2**53 + 1, 2**53 + 2, 2**63 - 1]),
    "floats": pd.Categorical([0.1, 0.5, 2.0]),
    "floats of 32 bits": pd.Categorical(np.array([0.1, 0.5, 2], np.float32)),
    "floats of 32 bits as floats": pd.Categorical([float(np.float32(0.1)), 0.5, 2]),
    "floats of 16 bits as floats": pd.Categorical([float(np.float16(0.1)), 0.5, 2]),
    "text": ["a", "b", "c"],
    "text, some missing": ["a", "b", None],
    "text, some empty": ["a", "b", ""],
    "text, some empty, some missing": ["a", "b", "", None],
    "text of numbers": ["0", "1.0", "2.5", "0.1"],
    "text of Booleans": ["True", "False", "1"],
    "nothing": [np.nan],
}
GIVEN = {
    "Float": np.array([0, -0.0, 1, 0.1, 0.5, 2, 3, np.nan, 2**53], np.float32),
    "Double": np.array(
        [0, -0.0, 1, 0.1, np.float32(0.1), 2, np.nan, 2.0**53 + 2, np.float16(0.1)]
    ),
    "Float16": np.array([0, 1, 0.1, 0.5, np.nan], np.float16),
    "Int64": np.array([0, 1, 2, -1, 2**53, 2**53 + 1, 2**63 - 2, 2**63 - 1]),
    "UInt64": np.array([0, 1, 2**53 + 1, 2**63 - 1, 2**64 - 1], np.uint64),
    "Int32": np.array([0, 1, 2, -1, 7], np.int32),
    "UInt8": np.array([0, 1, 2, 255], np.uint8),
    "Boolean": np.array([True, False]),
    "String": np.array(["a", "c", "0", "1", "1.0", "True", "x", ""], object),
}


@pytest.mark.filterwarnings("ignore:column 'k' of X holds")
@pytest.mark.parametrize("learned", LEARNED)
def test_inputs_of_every_type(learned):
    register_converters()
    rng = np.random.RandomState(0)
    values = pd.Series(LEARNED[learned])
    codes = np.arange(48) % len(values)
    X = pd.DataFrame({"n": rng.normal(size=48), "k": values[codes].array})
    network = MLPClassifier((6,), max_iter=10, solver="sgd", learning_rate_init=0.1)
    model = TabularClassifier(network=network, n_members=1, random_state=0)
    model.fit(X, (codes == 0) ^ (X["n"] > 0))
    for name, given in GIVEN.items():
        kind = getattr(data_types, f"{name}TensorType")
        converted = skl2onnx.convert_sklearn(
            model,
            initial_types=[
                ("n", data_types.DoubleTensorType([None, 1])),
                ("k", kind([None, 1])),
            ],
            options={id(model): {"zipmap": False}},
        )
        session = onnxruntime.InferenceSession(converted.SerializeToString())
        n = rng.normal(size=(len(given), 1))
        _, found = session.run(None, {"n": n, "k": given[:, np.newaxis]})
        own = pd.Series(given)
        if name == "String" and values.isna().any() and "" not in set(values):
            own = own.replace("", None)
        expected = model.predict_proba(pd.DataFrame({"n": n[:, 0], "k": own}))
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=name)
        assert learned == "nothing" or np.ptp(expected[:, 0]) > 1e-3
