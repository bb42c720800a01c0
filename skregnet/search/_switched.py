"""A distribution of what may be off."""

from typing import Any

from sklearn.utils import check_random_state


class Switched:
    """Distribution of a strength that is off as often as not.

    A regularizer that is off is another network than one that is very weak: it has no
    dropout layer, for example. So a search over strengths alone never tries it.

    Parameters
    ----------
    distribution : distribution
        Of the strength while it is on: with a method `rvs`, such as those of
        :mod:`scipy.stats`.
    off : object, default=0.0
        The value that stands for off.
    probability : float, default=0.5
        How often it is on.

    Raises
    ------
    TypeError
        If `distribution` has no method `rvs`.
    ValueError
        If `probability` is not in [0, 1].

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from skregnet.search import Switched
    >>> dropout = Switched(uniform(0.1, 0.4))
    >>> [round(float(dropout.rvs(random_state=seed)), 2) for seed in range(4)]
    [0.0, 0.39, 0.11, 0.0]
    """

    def __init__(
        self, distribution: Any, off: Any = 0.0, probability: float = 0.5
    ) -> None:
        if not hasattr(distribution, "rvs"):
            raise TypeError(
                "distribution expects an object with a method rvs, such as those of "
                f"scipy.stats, got {distribution!r}."
            )
        if not 0 <= probability <= 1:
            raise ValueError(f"probability expects a share, got {probability!r}.")
        self.distribution = distribution
        self.off = off
        self.probability = probability

    def rvs(self, *, random_state: Any = None) -> Any:
        """Draw a value.

        Parameters
        ----------
        random_state : int, RandomState instance or None, default=None
            Source of the draw.

        Returns
        -------
        value : object
            A strength, or what stands for off.
        """
        rng = check_random_state(random_state)
        if rng.uniform() >= self.probability:
            return self.off
        return self.distribution.rvs(random_state=rng)
