"""The inner split of early stopping: stratified and grouped."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

__all__ = ["inner_split"]


def inner_split(codes, groups, validation_fraction, seed):
    """Set a part of the training data aside, with no group on both sides.

    The fraction determines the number of folds, but the rarer class has at least as
    many groups, so that each fold can hold one: of 4 malignant patients, one is set
    aside with a quarter of the benign patients. Groups differ in size. Of the folds
    that leave every class on both sides, the fold whose size is nearest to the fraction
    is set aside.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,), dtype int64
        Class of each row.

    groups : ndarray of shape (n_samples,), dtype int64
        Group of each row, which is on one side of the split.

    validation_fraction : float
        Share of the rows to set aside, in (0, 0.5].

    seed : int
        Controls the split.

    Returns
    -------
    train, valid : ndarray of int
        Rows on each side.

    Raises
    ------
    ValueError
        If a class has too few groups for both sides, or no fold leaves every class on
        both sides.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.neural_network._inner_split import inner_split
    >>> codes, groups = np.tile([0, 1], 20), np.repeat(np.arange(20), 2)
    >>> train, valid = inner_split(codes, groups, 0.1, seed=0)
    >>> len(valid), set(groups[train]) & set(groups[valid])
    (4, set())
    """
    fewest = min(len(np.unique(groups[codes == code])) for code in np.unique(codes))
    n_splits = max(2, round(1 / validation_fraction))
    if fewest < 2:
        raise ValueError(
            "early_stopping=True sets groups aside, and needs at least 2 groups of "
            f"each class. Got {fewest} of the rarest class. Set early_stopping=False, "
            "or train on more patients."
        )
    splitter = StratifiedGroupKFold(
        min(n_splits, fewest), shuffle=True, random_state=seed
    )
    splits = splitter.split(codes, codes, groups)
    sound = [split for split in splits if _holds_every_class(codes, split)]
    if not sound:
        raise ValueError(
            "early_stopping=True sets groups aside, and no fold leaves every class on "
            "both sides: few groups hold the rarest class, or one group holds nearly "
            "all of it. Set early_stopping=False, or train on more patients."
        )
    n_wanted = validation_fraction * len(codes)
    return min(sound, key=lambda split: abs(len(split[1]) - n_wanted))


def _holds_every_class(codes, split):
    n_classes = len(np.unique(codes))
    return all(len(np.unique(codes[side])) == n_classes for side in split)
