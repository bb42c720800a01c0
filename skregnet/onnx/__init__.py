"""Fitted networks in the Open Neural Network Exchange format, by skl2onnx.

skl2onnx converts what has a converter; this module has those of the networks of
skregnet. A converted network is affine maps and activations out of basic operations,
of which runtimes have versions for single and for double precision.
"""

from skl2onnx import update_registered_converter
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes

from skregnet.estimators import MLPClassifier, MLPRegressor
from skregnet.onnx._networks import (
    convert_classifier,
    convert_regressor,
    set_regressor_type,
)
from skregnet.onnx._tables import (
    convert_table_classifier,
    convert_table_regressor,
    set_classifier_types,
    set_regressor_types,
)
from skregnet.tabular import TabularClassifier, TabularRegressor

__all__ = ["register_converters"]

_CLASSIFIER_OPTIONS = {
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [True, False],
}


def register_converters() -> None:
    """Tell skl2onnx how to convert networks, and estimators of tables.

    They are `MLPClassifier`, `MLPRegressor`, `TabularClassifier`, `TabularRegressor`.
    After that its `to_onnx` and `convert_sklearn` take them, alone and within
    pipelines and other estimators that skl2onnx knows. All activations are converted;
    regularizers act in training only. Features that are not float64 are computed with
    in float32.

    Raises
    ------
    ImportError
        From the import of this module, if skl2onnx is not installed: it comes with the
        extra ``onnx``.

    Notes
    -----
    As with scikit-learn's own estimators, numbers come out as a column, (n_samples, 1),
    where there is one target. `BaggingEnsemble` and `MultiTaskMLP` are not converted.

    Estimators of tables take an array, or a column an input: numbers, booleans and
    strings, an empty one for a missing category. Integers are compared with categories
    as integers, however long. Columns of dates are refused.

    Examples
    --------
    >>> import numpy as np
    >>> import onnxruntime
    >>> import skl2onnx
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skregnet import MLPClassifier
    >>> from skregnet.onnx import register_converters
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X.astype(np.float32)
    >>> mlp = MLPClassifier(activation="mish", learning_rate_init=0.01, random_state=0)
    >>> model = make_pipeline(StandardScaler(), mlp).fit(X, y)
    >>> register_converters()
    >>> converted = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    >>> session = onnxruntime.InferenceSession(converted.SerializeToString())
    >>> labels, probabilities = session.run(None, {"X": X})
    >>> bool((labels == model.predict(X)).all())
    True
    >>> float(abs(probabilities - model.predict_proba(X)).max()) < 1e-5
    True
    """
    update_registered_converter(
        MLPClassifier,
        "SkregnetMLPClassifier",
        calculate_linear_classifier_output_shapes,
        convert_classifier,
        options=_CLASSIFIER_OPTIONS,
    )
    update_registered_converter(
        MLPRegressor, "SkregnetMLPRegressor", set_regressor_type, convert_regressor
    )
    update_registered_converter(
        TabularClassifier,
        "SkregnetTabularClassifier",
        set_classifier_types,
        convert_table_classifier,
        options=_CLASSIFIER_OPTIONS,
    )
    update_registered_converter(
        TabularRegressor,
        "SkregnetTabularRegressor",
        set_regressor_types,
        convert_table_regressor,
    )
