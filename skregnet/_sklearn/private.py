"""The names taken from private parts of scikit-learn.

They stand in one module so that a release of scikit-learn that moves them breaks one
file.
"""

from sklearn.base import _clone_parametrized, _fit_context
from sklearn.callback._callback_support import callback_management_context
from sklearn.ensemble._forest import ForestClassifier, ForestRegressor
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import (
    _fit_and_score,
    _insert_error_scores,
    _score,
    _warn_or_raise_about_fit_failures,
)
from sklearn.pipeline import _name_estimators
from sklearn.utils import _param_validation, _safe_indexing
from sklearn.utils._dataframe import (
    is_pandas_df,
    is_pandas_df_or_series,
    is_polars_df,
    is_polars_df_or_series,
)
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    Options,
    RealNotInt,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils._plotting import _validate_style_kwargs
from sklearn.utils._set_output import _get_adapter_from_container
from sklearn.utils.metadata_routing import _raise_for_params, _routing_enabled
from sklearn.utils.metaestimators import _BaseComposition, _safe_split
from sklearn.utils.optimize import _check_optimize_result
from sklearn.utils.validation import (
    _check_feature_names,
    _check_method_params,
    _check_sample_weight,
    _check_y,
    _estimator_has,
    _get_feature_names,
    _num_samples,
)

__all__ = [
    "BaseSearchCV",
    "ForestClassifier",
    "ForestRegressor",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "Options",
    "RealNotInt",
    "StrOptions",
    "_BaseComposition",
    "_MultimetricScorer",
    "_check_feature_names",
    "_check_method_params",
    "_check_optimize_result",
    "_check_sample_weight",
    "_check_y",
    "_clone_parametrized",
    "_estimator_has",
    "_fit_and_score",
    "_fit_context",
    "_get_adapter_from_container",
    "_get_feature_names",
    "_insert_error_scores",
    "_name_estimators",
    "_num_samples",
    "_param_validation",
    "_raise_for_params",
    "_routing_enabled",
    "_safe_indexing",
    "_safe_split",
    "_score",
    "_validate_style_kwargs",
    "_warn_or_raise_about_fit_failures",
    "callback_management_context",
    "check_matplotlib_support",
    "is_pandas_df",
    "is_pandas_df_or_series",
    "is_pandas_na",
    "is_polars_df",
    "is_polars_df_or_series",
    "validate_parameter_constraints",
    "validate_params",
]
