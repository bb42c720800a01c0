"""What a fitted model, or a way of fitting one, can be asked about itself."""

from skregnet.inspection._bias_variance import BiasVariance, bias_variance
from skregnet.inspection._ensemble_diversity import (
    EnsembleDiversity,
    ensemble_diversity,
)
from skregnet.inspection._ensemble_diversity_display import EnsembleDiversityDisplay
from skregnet.inspection._hessian_spectrum import HessianSpectrumDisplay
from skregnet.inspection._loss_surface import LossSurfaceDisplay
from skregnet.inspection._optimizer_path import OptimizerPathDisplay
from skregnet.inspection._regularizer_usage import RegularizerUsageDisplay
from skregnet.inspection._search_scores import SearchScoreDisplay
from skregnet.inspection._training_curve import TrainingCurveDisplay
from skregnet.inspection._weight_distribution import WeightDistributionDisplay

__all__ = [
    "BiasVariance",
    "EnsembleDiversity",
    "EnsembleDiversityDisplay",
    "HessianSpectrumDisplay",
    "LossSurfaceDisplay",
    "OptimizerPathDisplay",
    "RegularizerUsageDisplay",
    "SearchScoreDisplay",
    "TrainingCurveDisplay",
    "WeightDistributionDisplay",
    "bias_variance",
    "ensemble_diversity",
]
