"""Synthetic pairs: a mammogram and an ultrasound image of one lesion."""

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ._descr import read_descr
from ._lesions import draw_images, draw_lesions, draw_patients, draw_views, write_images
from ._phantoms import draw_outlines

__all__ = ["draw_pairs"]

_SIDES = {"mammogram": "mammography", "ultrasound": "ultrasound"}


def draw_pairs(
    n_samples,
    image_size,
    class_sep,
    prevalence,
    complementarity,
    folder,
    random_state,
):
    """Draw a mammogram and an ultrasound image of each patient's lesion.

    Parameters
    ----------
    n_samples, image_size, class_sep, prevalence, complementarity, folder, random_state
        As in :func:`make_breast_images`; `folder` is a Path, `random_state` a
        RandomState.

    Returns
    -------
    dataset : Bunch
        As of :func:`make_breast_images`.
    """
    patients = draw_patients(n_samples, "mammography", prevalence, 0, random_state)
    patients = patients[["group", "laterality", "target"]]
    target = patients["target"].to_numpy()
    visible_in = _draw_visibility(target, complementarity, random_state)
    rows, shown = _pair_rows(patients, visible_in)
    images = _draw_rows(rows, class_sep * shown, image_size, random_state)
    paths = np.reshape(write_images(images, folder), (2, n_samples))
    data = patients[["group", "laterality"]].assign(dataset="synthetic")
    for position, (column, its_paths) in enumerate(zip(_SIDES, paths, strict=True)):
        data.insert(position, column, its_paths)
    return Bunch(
        data=data,
        target=target,
        target_names=["benign", "malignant"],
        groups=data["group"].to_numpy(dtype=object),
        frame=data.assign(target=target, visible_in=visible_in),
        images=images.reshape(2, n_samples, image_size, image_size).swapaxes(0, 1),
        DESCR=read_descr("synthetic"),
    )


def _draw_visibility(target, complementarity, random_state):
    """Draw in which modality each lesion shows its class; of each class alike."""
    visible_in = np.full(len(target), "both", dtype=object)
    for label in np.unique(target):
        rows = random_state.permutation(np.flatnonzero(target == label))
        rows = rows[: round(complementarity * len(rows))]
        visible_in[rows[::2]], visible_in[rows[1::2]] = _SIDES
    return visible_in


def _pair_rows(patients, visible_in):
    """Two rows a patient, all mammograms first, and whether each shows the class."""
    sides = [patients.assign(modality=modality) for modality in _SIDES.values()]
    shown = [(visible_in == "both") | (visible_in == side) for side in _SIDES]
    return pd.concat(sides, ignore_index=True), np.concatenate(shown)


def _draw_rows(rows, class_sep, image_size, random_state):
    """Draw the image of each row, whose class is as far apart as `class_sep` says."""
    sign = class_sep * (2 * rows["target"].to_numpy() - 1)
    is_ultrasound = (rows["modality"] == "ultrasound").to_numpy()
    rows = rows.assign(**draw_lesions(sign, is_ultrasound, random_state))
    outlines = draw_outlines(rows["irregularity"].to_numpy(), random_state)
    return draw_images(
        draw_views(rows, 1, random_state), outlines, image_size, random_state
    )
