"""Targets such as "sensitivity>=0.95", and the threshold that reaches one."""

import re
from dataclasses import dataclass

import numpy as np

__all__ = ["OperatingPoint", "Target", "parse_target"]

_FORM = re.compile(r"\s*(sensitivity|specificity)\s*>?=\s*([0-9.eE+-]+)\s*")


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold, and what it reaches on the scores that it was learnt from.

    Attributes
    ----------
    threshold : float
        Samples with this score or a greater one are predicted as positive. It is
        infinite where only one class is predicted.

    sensitivity, specificity : float
        Shares of the positive and of the negative samples that are predicted right.
    """

    threshold: float
    sensitivity: float
    specificity: float


@dataclass(frozen=True)
class Target:
    """The least value that a measure has to reach.

    Attributes
    ----------
    measure : {"sensitivity", "specificity"}

    least : float
        In (0, 1].
    """

    measure: str
    least: float

    def find(self, scores, is_positive):
        """Find the threshold that reaches the target with the best other measure.

        Thresholds lie halfway between two scores. Of several that reach the same other
        measure, the one with the greatest measure of the target is returned.

        Parameters
        ----------
        scores : ndarray of shape (n_samples,), dtype float64
            Scores of the positive class, in any units, all of them finite.

        is_positive : ndarray of shape (n_samples,), dtype bool
            Samples of both classes.

        Returns
        -------
        point : OperatingPoint

        Examples
        --------
        >>> import numpy as np
        >>> from skfusion.model_selection._target import parse_target
        >>> scores, is_positive = np.array([1, 2, 3, 4]), np.array([0, 1, 0, 1]) == 1
        >>> parse_target("sensitivity>=0.9").find(scores, is_positive)
        OperatingPoint(threshold=1.5, sensitivity=1.0, specificity=0.5)
        """
        values = np.unique(scores)
        low, high = values[:-1], values[1:]
        halfway = low / 2 + high / 2  # the sum of both may be infinite
        # Nothing lies between two neighbouring numbers.
        halfway = np.where(low < halfway, halfway, high)
        thresholds = np.r_[-np.inf, halfway, np.inf]
        positive, negative = (np.sort(scores[is_positive == k]) for k in (True, False))
        missed = np.searchsorted(positive, thresholds)
        # Not 1 minus a share: the rounding of a difference may lie below the target.
        sensitivity = (len(positive) - missed) / len(positive)
        specificity = np.searchsorted(negative, thresholds) / len(negative)
        wanted, other = sensitivity, specificity
        if self.measure == "specificity":
            wanted, other = other, wanted
        reached = np.flatnonzero(wanted >= self.least)
        best = reached[np.lexsort((wanted[reached], other[reached]))[-1]]
        found = (float(x[best]) for x in (thresholds, sensitivity, specificity))
        return OperatingPoint(*found)

    def __str__(self):
        return f"{self.measure}>={self.least:g}"


def parse_target(text, name="target"):
    """Read a target.

    Parameters
    ----------
    text : str
        Such as "sensitivity>=0.95" or "specificity=0.9". Both signs mean at least.

    name : str, default="target"
        Name of the parameter, for the error.

    Returns
    -------
    target : Target

    Raises
    ------
    ValueError
        If the text has another form, or the number is not in (0, 1].
    """
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    try:
        target = Target(match[1], float(match[2]))
    except (TypeError, ValueError):
        target = None
    if target is None or not 0 < target.least <= 1:
        raise ValueError(
            f"Expected {name} to be 'sensitivity>=...' or 'specificity>=...' with a "
            f"number in (0, 1], such as 'sensitivity>=0.95'. Got {text!r}."
        )
    return target
