"""Rings of patients who swap images, for the controls of a gain of fusion."""

import numpy as np
import pandas as pd

__all__ = ["draw_donors", "draw_rings"]


def draw_rings(patients, pools, cells, random_state):
    """Put the patients of each pool into rings, most of which are pairs.

    Each patient takes the images of the next patient in her ring, so that two patients
    swap. Pairs are drawn at random among patients who have images of the same columns.
    A patient who is left over joins another ring.

    Parameters
    ----------
    patients : ndarray of shape (n_rows,), dtype int64
        Patient of each row, numbered from 0.

    pools : ndarray of shape (n_rows,)
        Only patients of one pool share a ring.

    cells : ndarray of shape (n_rows, n_columns), dtype int64
        Number of the images that the row gives and receives, in each column; -1 is no
        image.

    random_state : RandomState
        Determines the rings.

    Returns
    -------
    ring, place : ndarray of shape (n_rows,), dtype int64
        Ring of the patient of each row, and her place in it.

    Raises
    ------
    ValueError
        If no other patient of a pool has the images that a patient must receive.

    Notes
    -----
    A patient is never her own partner, so that the partner of a malignant patient is
    drawn from a pool with one malignant patient fewer. In a pool of n patients, the
    labels of two partners therefore correlate by -1 / (n - 1).
    """
    table = _describe_patients(patients, pools, cells)
    rings = []
    for _, pool in table.groupby("pool"):
        drawn = []
        for _, alike in pool.groupby("cells", sort=False):
            drawn += _pair(random_state.permutation(alike.index).tolist())
        rings += _join_lonely(drawn, pool["cells"])
    found = np.argsort(np.concatenate(rings))[patients]
    sizes = [len(members) for members in rings]
    ring = np.repeat(np.arange(len(rings)), sizes)
    place = np.concatenate([np.arange(size) for size in sizes])
    return ring[found], place[found]


def _describe_patients(patients, pools, cells):
    """Pool of each patient, and her set of cells."""
    rows = pd.DataFrame({"pool": pools}).groupby(patients)
    sets = {
        patient: frozenset(cells[patient_rows].ravel().tolist()) - {-1}
        for patient, patient_rows in rows.indices.items()
    }
    table = rows.agg({"pool": "first"})
    return table.assign(cells=table.index.map(sets))


def _pair(order):
    """Pair patients in their order; an odd one joins the last pair."""
    rings = [order[start : start + 2] for start in range(0, len(order), 2)]
    if len(rings) > 1 and len(rings[-1]) == 1:
        odd = rings.pop()
        rings[-1] += odd
    return rings


def _join_lonely(rings, cells):
    """Join rings of one pool until every patient finds her images in her ring."""
    for patient in [ring[0] for ring in rings if len(ring) == 1]:
        joined = next(ring for ring in rings if patient in ring)
        while lacking := cells[patient] - _cells_of(joined, cells, without=patient):
            others = [ring for ring in rings if ring is not joined]
            found = [len(lacking & _cells_of(ring, cells)) for ring in others]
            if not any(found):
                raise ValueError(
                    "Expected images of at least two patients (or blocks of label-made "
                    "pairs) to swap in each fold, and in each class where pairs are "
                    "shuffled within it. Got images of one. Use fewer folds."
                )
            best = others[int(np.argmax(found))]
            best[:0] = joined
            rings.remove(joined)
            joined = best
    return rings


def _cells_of(ring, cells, without=None):
    """All cells of a ring, without those of one patient."""
    return frozenset().union(*(cells[one] for one in ring if one != without))


def draw_donors(keys, ring, place, order):
    """Return the row, of the next patient in the ring, that gives each row its image.

    Parameters
    ----------
    keys : ndarray of shape (n_rows,)
        Rows with a key of 0 or more swap images with rows of the same key. A row
        without an image has the key -1.

    ring, place : ndarray of shape (n_rows,)
        Ring of the patient of each row, and her place in it.

    order : ndarray of shape (n_rows,)
        Order in which the rows of a patient are numbered: row i gets its image from row
        i modulo n of the n rows of the next patient.

    Returns
    -------
    donors : ndarray of shape (n_rows,), dtype int64
    """
    rows = np.flatnonzero(keys >= 0)
    rows = rows[np.lexsort((order[rows], place[rows], ring[rows], keys[rows]))]
    table = pd.DataFrame({"key": keys, "ring": ring, "place": place}).iloc[rows]
    # Numbered so that patients who swap images have consecutive numbers.
    patient = table.groupby(["key", "ring", "place"]).ngroup().to_numpy()
    _, start, size = np.unique(patient, return_index=True, return_counts=True)
    circle = table.groupby(["key", "ring"]).ngroup().to_numpy()[start]
    following = np.arange(1, len(start) + 1)
    is_last = np.append(circle[1:] != circle[:-1], True)
    following[is_last] = np.searchsorted(circle, circle[is_last])
    number, following = np.arange(len(rows)) - start[patient], following[patient]
    donors = np.arange(len(keys))
    donors[rows] = rows[start[following] + number % size[following]]
    return donors
