"""What a fitted model, or a way of fitting one, can be asked about itself."""

from skregnet.inspection.bias_variance import BiasVariance, bias_variance
from skregnet.inspection.ensemble_diversity import (
    EnsembleDiversity,
    ensemble_diversity,
)
from skregnet.inspection.ensemble_diversity_display import EnsembleDiversityDisplay
from skregnet.inspection.hessian_spectrum import HessianSpectrumDisplay
from skregnet.inspection.loss_surface import LossSurfaceDisplay
from skregnet.inspection.optimizer_path import OptimizerPathDisplay
from skregnet.inspection.regularizer_usage import RegularizerUsageDisplay
from skregnet.inspection.search_scores import SearchScoreDisplay
from skregnet.inspection.training_curve import TrainingCurveDisplay
from skregnet.inspection.weight_distribution import WeightDistributionDisplay

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
