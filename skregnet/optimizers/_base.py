"""What an optimizer is.

Two methods make one: `init` and `step`. Whatever has them works as ``solver=`` of the
estimators, in `minimize` and within the wrappers. Those of this package have besides a
`learning_rate` of their own, `get_params` and `set_params`, and tell their step sizes.

Its hyperparameters are set by the constructor and never change; each is a number, or
an array of shape (n_members, 1) where members of a stack differ. What changes is the
state: a dict of arrays and numbers that `init` makes and `step` updates in place.
Arrays of the state whose first axis is that of the parameters belong to members, one
row each; all else is shared. An entry `n_decayed` says how many parameters, from the
head of the vector, a decay of weights concerns: `init` makes it all of them, training
makes it the weights.
"""

from typing import Any, Protocol

from skregnet._kernels import Array, Rate

State = dict[str, Any]


class Optimizer(Protocol):
    """A rule for steps in parameter space.

    Examples
    --------
    An optimizer of one's own, in an estimator:

    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MLPClassifier
    >>> class SignDescent:
    ...     learning_rate = 0.003
    ...     def init(self, parameters):
    ...         return {}
    ...     def step(self, parameters, gradient, state, learning_rate):
    ...         parameters -= learning_rate * np.sign(gradient)
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(solver=SignDescent(), batch_size=30, random_state=0)
    >>> mlp.fit(X, y).score(X, y) > 0.9
    True
    """

    def init(self, parameters: Array) -> State:
        """Return the state before the first step.

        Parameters
        ----------
        parameters : ndarray of shape (n_members, n_parameters)
            Where the steps will start; only its shape and dtype matter.
        """
        ...

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Move the parameters and update the state, both in place.

        Parameters
        ----------
        parameters, gradient : ndarray of shape (n_members, n_parameters)
            The parameters, and the gradient of the loss there.
        state : dict
            What `init` made.
        learning_rate : float or ndarray of shape (n_members, 1)
            Length scale of the step.
        """
        ...

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write how far a constant unit gradient would move each parameter in a step.

        Momentum counts with all it gathers in the long run: the step along a gradient
        is this times the gradient. Proximal steps, such as that of an L1 penalty, take
        their size from it. It is called once after each `step`, and only where there
        are such.

        Parameters
        ----------
        out : ndarray of shape (n_members, n_weights)
            What to write to, for the first `n_weights` parameters.
        state : dict
            What `step` has left.
        learning_rate : float or ndarray of shape (n_members, 1)
            That of the step.
        """
        ...
