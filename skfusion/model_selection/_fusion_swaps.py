"""Rings of patients who pass images on, for the controls of a gain of fusion."""

import numpy as np
import pandas as pd

__all__ = ["draw_donors", "draw_rings"]


def draw_rings(patients, pools, cells, random_state):
    """Put the patients of each pool into rings, most of which are pairs.

    Each patient takes the images of the next one of her ring, so that two swap. Pairs
    are drawn at random among those who have images of the same columns. Somebody who is
    left over joins the ring of another.

    Parameters
    ----------
    patients : ndarray of shape (n_rows,), dtype int64
        Patient of each row, numbered from 0.

    pools : ndarray of shape (n_rows,)
        Only patients of one pool share a ring.

    cells : ndarray of shape (n_rows, n_columns), dtype int64
        What the row gives and needs from another, in each column; -1 is nothing.

    random_state : RandomState
        Decides the rings.

    Returns
    -------
    ring, place : ndarray of shape (n_rows,), dtype int64
        Ring of the patient of each row, and her place there.

    Raises
    ------
    ValueError
        If nobody else of a pool has what a patient needs.

    Notes
    -----
    A patient is never her own partner, so that the partner of a malignant one is drawn
    from a pool with one malignant patient fewer. In a pool of n patients, the labels of
    two partners therefore correlate by -1 / (n - 1).
    """
    table = _describe_patients(patients, pools, cells)
    rings = []
    for _, pool in table.groupby("pool"):
        drawn = []
        for _, alike in pool.groupby("cells", sort=False):
            drawn += _pair(random_state.permutation(alike.index).tolist())
        rings += _join_lonely(drawn, pool["cells"])
    found = np.argsort(np.concatenate(rings))[patients]
    ring = np.repeat(np.arange(len(rings)), [len(one) for one in rings])
    place = np.concatenate([np.arange(len(one)) for one in rings])
    return ring[found], place[found]


def _describe_patients(patients, pools, cells):
    """Pool of each patient, and her set of cells."""
    rows = pd.DataFrame({"pool": pools}).groupby(patients)
    sets = {
        patient: frozenset(cells[own].ravel().tolist()) - {-1}
        for patient, own in rows.indices.items()
    }
    table = rows.agg({"pool": "first"})
    return table.assign(cells=table.index.map(sets))


def _pair(order):
    """Pair patients as they come; an odd one joins the last pair."""
    rings = [order[start : start + 2] for start in range(0, len(order), 2)]
    if len(rings) > 1 and len(rings[-1]) == 1:
        odd = rings.pop()
        rings[-1] += odd
    return rings


def _join_lonely(rings, cells):
    """Join rings of one pool until everybody finds there what she needs."""
    for one in [ring[0] for ring in rings if len(ring) == 1]:
        own = next(ring for ring in rings if one in ring)
        while lacking := cells[one] - _cells_of(own, cells, without=one):
            others = [ring for ring in rings if ring is not own]
            found = [len(lacking & _cells_of(ring, cells)) for ring in others]
            if not any(found):
                raise ValueError(
                    "Expected images of at least two patients (or blocks of label-made "
                    "pairs) to swap in each fold, of each class where pairs are "
                    "shuffled within it. Got those of one. Use fewer folds."
                )
            best = others[int(np.argmax(found))]
            best[:0] = own
            rings.remove(own)
            own = best
    return rings


def _cells_of(ring, cells, without=None):
    return frozenset().union(*(cells[one] for one in ring if one != without))


def draw_donors(keys, ring, place, order):
    """Row from which each row gets its image: one of the next patient of its ring.

    Parameters
    ----------
    keys : ndarray of shape (n_rows,)
        Rows that get and give images have a key of 0 or more, and only those of one key
        do so among each other. -1 is a row without an image.

    ring, place : ndarray of shape (n_rows,)
        Ring of the patient of each row, and her place there.

    order : ndarray of shape (n_rows,)
        In which the rows of a patient are numbered: row i gets row i modulo n of the n
        rows of the next one.

    Returns
    -------
    donors : ndarray of shape (n_rows,), dtype int64
    """
    rows = np.flatnonzero(keys >= 0)
    rows = rows[np.lexsort((order[rows], place[rows], ring[rows], keys[rows]))]
    table = pd.DataFrame({"key": keys, "ring": ring, "place": place}).iloc[rows]
    # Patients as they come: those who pass images on to each other side by side.
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
