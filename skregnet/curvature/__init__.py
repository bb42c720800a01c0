"""First and second derivatives of a fitted network's loss, and what follows from them.

All functions take a fitted estimator of skregnet or one of scikit-learn's multilayer
perceptrons, with the data on which its loss is meant, and see its parameters as one
vector: all weights of `coefs_`, layer by layer, row by row, then all of `intercepts_`.
Batch normalization has been folded into these; between the heads of several tasks there
are weights of 0, which count as parameters too. A `Network` takes the place of an
estimator where its parameters are given.

The loss is what `fit` minimises on these data, without noise such as dropout: the
weighted mean over rows, class weights and label smoothing included, penalties on
request. Tasks count by the weights that they were given, or that were learned; the term
by which they are learned is left out. Derivatives are exact, and all arithmetic is in
float64.
"""

from skregnet.curvature._condition import condition_number, directional_curvature
from skregnet.curvature._density import SpectralDensity, spectral_density
from skregnet.curvature._derivatives import gradient, hessian
from skregnet.curvature._operators import GaussNewtonOperator, HessianOperator
from skregnet.curvature._spectrum import eigenvalues
from skregnet.curvature._steps import axis_step_sizes, step_sizes
from skregnet.curvature._taylor import TaylorEstimate, taylor_estimate
from skregnet.curvature._trace import trace

__all__ = [
    "GaussNewtonOperator",
    "HessianOperator",
    "SpectralDensity",
    "TaylorEstimate",
    "axis_step_sizes",
    "condition_number",
    "directional_curvature",
    "eigenvalues",
    "gradient",
    "hessian",
    "spectral_density",
    "step_sizes",
    "taylor_estimate",
    "trace",
]
