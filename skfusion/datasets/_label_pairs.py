"""Pairs of a mammogram and an ultrasound image of women who share a label only."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state

from .._validation._blanks import warn_of_blanks_in_groups
from .._validation._columns import GROUP, IMAGE, LATERALITY, MODALITY, REGION
from .._validation._groups import find_groups
from .._validation._pair_warning import BY_LABEL, PAIR_WARNING, PAIRED_BY
from .._validation._private import Interval, validate_params
from ..exceptions import DataQualityWarning, warn_user

__all__ = ["make_label_pairs"]

# A block is not a patient, and a pair is not a breast: X must not suggest them.
_NOT_IN_X = ("target", "mammogram_group", "ultrasound_group", "view", "laterality")


@validate_params(
    {
        "mammography": [Bunch],
        "ultrasound": [Bunch],
        "n_blocks": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_label_pairs(mammography, ultrasound, *, n_blocks=40, random_state=None):
    """Pair mammograms and ultrasound images of two data sets by their label.

    The groups of each data set are distributed to blocks, separately for each class.
    Inside a block, images of one class are paired at random, each image at most once.
    The block is the group of its pairs, so that a grouped split keeps every image, and
    every patient, on one side.

    **Such a pair shares a label, not a woman.** Two independent looks at one label
    raise accuracy by arithmetic alone.

    Read more in the :ref:`User Guide <fusion>`.

    Parameters
    ----------
    mammography, ultrasound : Bunch
        Results of the loaders or of :func:`concat_datasets`: tables of paths, the
        first of mammography only, the second of ultrasound only, of different patients.

    n_blocks : int, default=40
        Number of blocks. With more blocks, each has fewer images of a class, and more
        images have no partner (with a warning if fewer than half of the possible pairs
        are made). With fewer blocks, fewer groups can be split.

    random_state : int, RandomState instance or None, default=None
        Determines blocks and pairs.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_pairs, n_columns)
            The columns ``mammogram`` and ``ultrasound`` (paths), ``group`` (the
            block, which is not a patient), ``paired_by`` (always "label";
            :func:`~skfusion.model_selection.compare_models` and
            :func:`~skfusion.model_selection.fusion_gain` warn where they find it),
            and columns such as ``mammogram_region`` and ``mammogram_inverted`` where
            a data set has boxes of lesions, or images of wrong polarity.
        target : ndarray of shape (n_pairs,), int64
            1 for malignant.
        target_names : list of str
            Names of the classes in the two data sets.
        groups : ndarray of shape (n_pairs,), object
            The block of each pair.
        frame : DataFrame of n_pairs rows
            `data`, ``target``, the groups of both images, and ``view`` and
            ``laterality`` of the mammogram.
        DESCR : str
            A warning of what such pairs cannot show, and both descriptions.

    Raises
    ------
    TypeError
        If a data set holds pixels instead of paths.

    ValueError
        If a data set has images of another modality, or no block has images of one
        class in both.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.datasets import make_breast_images, make_label_pairs
    >>> folder = tempfile.mkdtemp()
    >>> both = [
    ...     make_breast_images(
    ...         20, modality=name, folder=f"{folder}/{name}", random_state=0
    ...     )
    ...     for name in ("mammography", "ultrasound")
    ... ]
    >>> pairs = make_label_pairs(*both, n_blocks=4, random_state=0)
    >>> pairs.data.columns.tolist()
    ['mammogram', 'ultrasound', 'group', 'paired_by', 'mammogram_region',
     'ultrasound_region']
    >>> len(pairs.target), sorted(set(pairs.groups))
    (20, ['block1', 'block2', 'block3', 'block4'])
    """
    random_state = check_random_state(random_state)
    sides = [mammography, ultrasound]
    for side, modality in zip(sides, ("mammography", "ultrasound"), strict=True):
        _check_modality(side.data, modality)
    blocks = [_deal_blocks(side, n_blocks, random_state) for side in sides]
    rows = _draw_pairs(sides, blocks, random_state)
    _warn_of_few_pairs(rows.shape[1], sides, n_blocks)
    frame = _pair_frames(mammography, ultrasound, rows, blocks[0])
    data = frame[[column for column in frame if column not in _NOT_IN_X]].copy()
    names = zip(mammography.target_names, ultrasound.target_names, strict=True)
    return Bunch(
        data=data,
        target=frame["target"].to_numpy(dtype=np.int64, copy=True),
        target_names=[" / ".join(dict.fromkeys(pair)) for pair in names],
        groups=frame[GROUP].to_numpy(dtype=object, copy=True),
        frame=frame,
        DESCR="\n\n".join([PAIR_WARNING, mammography.DESCR, ultrasound.DESCR]),
    )


def _check_modality(data, modality):
    if not isinstance(data, pd.DataFrame):
        raise TypeError(
            f"Expected a DataFrame of paths as the data of {modality!r}. Got "
            f"{type(data).__name__}. Load the data set as files (make_breast_images: "
            "pass folder=...)."
        )
    others = sorted(set(data[MODALITY].astype(str)) - {modality})
    if others:
        raise ValueError(
            f"Expected images of {modality!r} only in the data set {modality!r}. Got "
            f"{others!r}, too, in the column 'modality' of its data. Leave them out, "
            "or pass the data sets in this order: mammography, ultrasound."
        )


def _warn_of_few_pairs(n_pairs, sides, n_blocks):
    """Warn where most images that could have a partner have none in their block."""
    counts = [np.bincount(side.target, minlength=2)[:2] for side in sides]
    n_possible = int(np.minimum(*counts).sum())
    if 2 * n_pairs < n_possible:
        warn_user(
            f"Only {n_pairs} of {n_possible} possible pairs were made: there are too "
            f"few groups for n_blocks={n_blocks}. Lower n_blocks.",
            DataQualityWarning,
        )


def _deal_blocks(bunch, n_blocks, random_state):
    """Return the block of each row; groups with a cancer are distributed separately."""
    groups = find_groups(bunch.data, bunch.groups)
    warn_of_blanks_in_groups(groups)
    codes, names = pd.factorize(groups)
    is_malignant = pd.Series(bunch.target).groupby(codes).max().to_numpy() == 1
    block = np.empty(len(names), dtype=np.int64)
    for part in (np.flatnonzero(is_malignant), np.flatnonzero(~is_malignant)):
        block[random_state.permutation(part)] = np.arange(len(part)) % n_blocks
    return block[codes]


def _draw_pairs(sides, blocks, random_state):
    """Return the rows of both data sets that become pairs, one array row for each."""
    pairs = []
    for block in range(max(map(np.max, blocks)) + 1):
        for label in (0, 1):
            rows = [
                random_state.permutation(
                    np.flatnonzero((block_of == block) & (side.target == label))
                )
                for side, block_of in zip(sides, blocks, strict=True)
            ]
            n_pairs = min(map(len, rows))
            pairs.append(np.stack([side_rows[:n_pairs] for side_rows in rows]))
    pairs = np.concatenate(pairs, axis=1)
    if not pairs.shape[1]:
        raise ValueError(
            "Expected images of one class in both data sets in some block. Got none: "
            "lower n_blocks."
        )
    return pairs


def _pair_frames(mammography, ultrasound, rows, blocks):
    """Return one table with both images of each pair."""
    left = mammography.data.iloc[rows[0]].reset_index(drop=True)
    right = ultrasound.data.iloc[rows[1]].reset_index(drop=True)
    frame = pd.DataFrame(
        {
            "mammogram": left[IMAGE],
            "ultrasound": right[IMAGE],
            GROUP: [f"block{block + 1}" for block in blocks[rows[0]]],
            PAIRED_BY: BY_LABEL,
        }
    )
    for name, side in (("mammogram", left), ("ultrasound", right)):
        for how_to_read in (REGION, "inverted"):
            if how_to_read in side:
                frame[f"{name}_{how_to_read}"] = side[how_to_read]
    return frame.assign(
        target=mammography.target[rows[0]],
        mammogram_group=left[GROUP],
        ultrasound_group=right[GROUP],
        view=left["view"],
        laterality=left[LATERALITY],
    )
