"""Fitted networks in the Open Neural Network Exchange format, by skl2onnx.

skl2onnx converts what has a converter; this module has those of the networks of
skregnet. A converted network is affine maps and activations out of basic operations,
of which runtimes have versions for single and for double precision.
"""

from collections.abc import Callable, Iterator
from typing import Any

from skl2onnx import update_registered_converter

from skregnet.augmentation import AugmentedEstimator, Augmenter, AugmentingSampler
from skregnet.ensemble import BaggingEnsemble
from skregnet.estimators import (
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
)
from skregnet.onnx._ensembles import (
    convert_ensemble,
    parse_ensemble,
    set_ensemble_types,
)
from skregnet.onnx._networks import (
    convert_classifier,
    convert_regressor,
    set_classifier_types,
    set_regressor_type,
)
from skregnet.onnx._parts import CLASSIFIER_OPTIONS, RAW_SCORES, parse_classifier
from skregnet.onnx._several_tasks import convert_tasks, parse_tasks, set_task_types
from skregnet.onnx._tables import (
    convert_table_classifier,
    convert_table_regressor,
    set_table_classifier_types,
    set_table_regressor_type,
)
from skregnet.onnx._transformers import (
    convert_encoder,
    convert_identity,
    set_encoder_type,
    set_identity_type,
)
from skregnet.onnx._wrappers import convert_wrapper, parse_wrapper, set_wrapper_types
from skregnet.search import StackedSearchCV
from skregnet.tabular import TableEncoder, TabularClassifier, TabularRegressor

__all__ = ["register_converters"]


def register_converters() -> None:
    """Tell skl2onnx how to convert the estimators of skregnet.

    After that its `to_onnx` and `convert_sklearn` take all that predict, alone and
    within pipelines and other estimators that skl2onnx knows: networks, with one task
    or several; ensembles, searches and augmented estimators, of whatever estimators
    skl2onnx converts; estimators of tables. Augmenters, which change nothing in
    prediction, and :class:`~skregnet.TableEncoder` are converted as steps of pipelines.
    All activations are converted; regularizers act in training only. Features that are
    not float64 are computed with in float32.

    Raises
    ------
    ImportError
        From the import of this module, if skl2onnx is not installed: it comes with the
        extra ``onnx``.

    Notes
    -----
    As with scikit-learn's own estimators, numbers come out as a column, (n_samples, 1),
    where there is one target.

    Several tasks come out as those of scikit-learn's estimators of several outputs:
    regressions as the columns of one output; classifications as labels, (n_samples,
    n_tasks), and a sequence of probabilities. Where there are both, or labels of
    several types, each task has outputs of its own: ``variable_<name>``, or
    ``label_<name>`` and ``probabilities_<name>``.

    Estimators of tables take an array, or a column an input: numbers, booleans and
    strings. An empty string is a missing value where some were missing in `fit`, unless
    it is itself a category: a missing value cannot be given as a string then. Integers
    are compared with categories as integers, however long. Columns of dates are
    refused.

    Converting raises NotImplementedError, which names the estimator, where a part of it
    has no converter, where labels are neither strings nor integers, or where another
    estimator has no place for all outputs. Augmenters of one's own are converted if
    they are defined before the call.

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
    one = CLASSIFIER_OPTIONS
    both = {**CLASSIFIER_OPTIONS, **RAW_SCORES}
    _register(
        MLPClassifier, set_classifier_types, convert_classifier, one, parse_classifier
    )
    _register(MLPRegressor, set_regressor_type, convert_regressor)
    _register(
        TabularClassifier,
        set_table_classifier_types,
        convert_table_classifier,
        one,
        parse_classifier,
    )
    _register(TabularRegressor, set_table_regressor_type, convert_table_regressor)
    _register(MultiTaskMLP, set_task_types, convert_tasks, one, parse_tasks)
    _register(MultiTaskMLPClassifier, set_task_types, convert_tasks, one, parse_tasks)
    _register(MultiTaskMLPRegressor, set_task_types, convert_tasks, one, parse_tasks)
    _register(
        BaggingEnsemble, set_ensemble_types, convert_ensemble, both, parse_ensemble
    )
    _register(StackedSearchCV, set_wrapper_types, convert_wrapper, both, parse_wrapper)
    _register(
        AugmentedEstimator, set_wrapper_types, convert_wrapper, both, parse_wrapper
    )
    for augmenter in (*_all_below(Augmenter), AugmentingSampler):
        _register(augmenter, set_identity_type, convert_identity)
    _register(TableEncoder, set_encoder_type, convert_encoder)


def _register(
    model: Any,
    set_types: Callable[[Any], None],
    convert: Callable[[Any, Any, Any], None],
    options: dict[str, list[Any]] | None = None,
    parse: Callable[..., Any] | None = None,
) -> None:
    """Tell skl2onnx of a model, under its name."""
    update_registered_converter(
        model,
        f"Skregnet{model.__name__}",
        set_types,
        convert,
        parser=parse,
        options=options,
    )


def _all_below(base: Any) -> Iterator[Any]:
    """Yield all subclasses of a class that there are."""
    for derived in base.__subclasses__():
        yield derived
        yield from _all_below(derived)
