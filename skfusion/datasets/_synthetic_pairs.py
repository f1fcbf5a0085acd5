"""Synthetic pairs: a mammogram and an ultrasound image of one lesion."""

from numbers import Integral, Real
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from .._validation._columns import GROUP, LATERALITY, MODALITY
from .._validation._private import Interval, validate_params
from ._base import make_synthetic_bunch
from ._lesions import draw_images, draw_lesions, draw_patients, draw_views, write_images
from ._phantoms import draw_outlines

__all__ = ["make_breast_pairs"]

_SIDES = {"mammogram": "mammography", "ultrasound": "ultrasound"}


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "folder": [str, PathLike],
        "image_size": [Interval(Integral, 16, None, closed="left")],
        "class_sep": [Interval(Real, 0, None, closed="left")],
        "prevalence": [Interval(Real, 0, 1, closed="both")],
        "complementarity": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_breast_pairs(
    n_samples=100,
    *,
    folder,
    image_size=64,
    class_sep=1.0,
    prevalence=0.5,
    complementarity=0.0,
    random_state=None,
    return_X_y=False,
):
    """Draw synthetic pairs: a mammogram and an ultrasound image of each lesion.

    Each sample is a patient with one lesion, drawn the same as in
    :func:`make_breast_images`. `complementarity` determines how much a fusion of both
    images can gain.

    The images are **synthetic**: they test software, and do not show how well a
    model does on patients.

    Read more in the :ref:`User Guide <fusion>`.

    Parameters
    ----------
    n_samples : int, default=100
        Number of pairs, each of another patient.

    folder : str or path-like
        Where to write the images as PNG files. The folder is created if it does not
        exist.

    image_size : int, default=64
        Height and width of the images in pixels, at least 16.

    class_sep : float, default=1.0
        How far apart the classes are. 0 gives labels that no model can learn.

    prevalence : float, default=0.5
        Share of the patients whose lesion is malignant.

    complementarity : float, default=0.0
        Share of the lesions whose class is visible in one of the two images only, in
        the mammogram for half of them. The other image could show either class.

    random_state : int, RandomState instance or None, default=None
        Determines the images and labels. Pass an int for the same data in each call.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_samples, 5)
            The columns ``mammogram`` and ``ultrasound`` (paths), ``group``,
            ``laterality`` and ``dataset``.
        target : ndarray of shape (n_samples,), int64
            1 for malignant, 0 for benign.
        target_names : list of str
            ``["benign", "malignant"]``.
        groups : ndarray of shape (n_samples,), object
            The patient of each pair.
        frame : DataFrame of n_samples rows
            The columns of `data`, ``target`` and ``visible_in``: "both", or the column
            whose image alone shows the class.
        images : ndarray of shape (n_samples, 2, image_size, image_size), uint8
            The mammogram and the ultrasound image of each pair.
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    See Also
    --------
    make_breast_images : Images of one modality, or of both without pairs.
    make_label_pairs : Pairs of real images that share a label only.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.datasets import make_breast_pairs
    >>> pairs = make_breast_pairs(
    ...     4, complementarity=0.5, folder=tempfile.mkdtemp(), random_state=0
    ... )
    >>> pairs.data.columns.tolist()
    ['mammogram', 'ultrasound', 'group', 'laterality', 'dataset']
    >>> pairs.images.shape
    (4, 2, 64, 64)
    """
    random_state = check_random_state(random_state)
    patients = draw_patients(n_samples, "mammography", prevalence, 0, random_state)
    patients = patients[[GROUP, LATERALITY, "target"]]
    target = patients["target"].to_numpy()
    visible_in = _draw_visibility(target, complementarity, random_state)
    rows, shown = _pair_rows(patients, visible_in)
    images = _draw_rows(rows, class_sep * shown, image_size, random_state)
    paths = np.reshape(write_images(images, Path(folder)), (2, n_samples))
    data = patients[[GROUP, LATERALITY]].assign(dataset="synthetic")
    for position, (column, values) in enumerate(zip(_SIDES, paths, strict=True)):
        data.insert(position, column, values)
    frame = data.assign(target=target, visible_in=visible_in)
    images = images.reshape(2, n_samples, image_size, image_size).swapaxes(0, 1)
    return make_synthetic_bunch(data, frame, images, return_X_y=return_X_y)


def _draw_visibility(target, complementarity, random_state):
    """Draw in which image each lesion shows its class, equally for both classes."""
    visible_in = np.full(len(target), "both", dtype=object)
    for label in np.unique(target):
        rows = random_state.permutation(np.flatnonzero(target == label))
        rows = rows[: round(complementarity * len(rows))]
        visible_in[rows[::2]], visible_in[rows[1::2]] = _SIDES
    return visible_in


def _pair_rows(patients, visible_in):
    """Make two rows per patient, mammograms first; mark those with a visible class."""
    sides = [patients.assign(modality=modality) for modality in _SIDES.values()]
    shown = [(visible_in == "both") | (visible_in == side) for side in _SIDES]
    return pd.concat(sides, ignore_index=True), np.concatenate(shown)


def _draw_rows(rows, class_sep, image_size, random_state):
    """Draw the image of each row with its own class separation."""
    sign = class_sep * (2 * rows["target"].to_numpy() - 1)
    is_ultrasound = (rows[MODALITY] == "ultrasound").to_numpy()
    rows = rows.assign(**draw_lesions(sign, is_ultrasound, random_state))
    outlines = draw_outlines(rows["irregularity"].to_numpy(), random_state)
    return draw_images(
        draw_views(rows, 1, random_state), outlines, image_size, random_state
    )
