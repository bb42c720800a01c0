"""What a fitted model, or a way of fitting one, can be asked about itself."""

from skregnet.inspection.bias_variance import BiasVariance, bias_variance

__all__ = ["BiasVariance", "bias_variance"]
