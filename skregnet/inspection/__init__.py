"""What a fitted model, or a way of fitting one, can be asked about itself."""

from skregnet.inspection.bias_variance import BiasVariance, bias_variance
from skregnet.inspection.optimizer_path import OptimizerPathDisplay

__all__ = ["BiasVariance", "OptimizerPathDisplay", "bias_variance"]
