"""How the scores of several images become one score of a breast or a patient."""

import numpy as np
import pandas as pd

__all__ = ["METHODS", "combine_scores"]

METHODS = ("mean", "max", "noisy_or")


def combine_scores(y_score, codes, method="mean"):
    """Combine the scores of the images that have the same code.

    Parameters
    ----------
    y_score : array-like of shape (n_samples,)
        Probability of the positive class of each image, in [0, 1].

    codes : ndarray of shape (n_samples,), dtype int64
        Number of the breast or patient of each image, from 0 without gaps, as
        :func:`pandas.factorize` returns it.

    method : {"mean", "max", "noisy_or"}, default="mean"
        "mean" is the mean of the images; "max" is the most suspicious image;
        "noisy_or" is the probability that at least one image is positive if all were
        independent.

    Returns
    -------
    y_score : ndarray of shape (n_codes,), dtype float64
        One score for each code, in the order of the codes.

    Examples
    --------
    >>> from skfusion.metrics._aggregation import combine_scores
    >>> combine_scores([0.5, 0.5, 0.25], [0, 0, 1], "noisy_or").tolist()
    [0.75, 0.25]
    """
    y_score = pd.Series(np.asarray(y_score, dtype=np.float64))
    if method == "noisy_or":
        return 1 - (1 - y_score).groupby(codes).prod().to_numpy()
    return y_score.groupby(codes).agg(method).to_numpy()
