"""Rings of patients who pass images on, for the controls of a gain of fusion."""

import numpy as np
import pandas as pd

__all__ = ["draw_donors", "draw_rings"]


def draw_rings(owners, pools, cells, y, random_state, may_keep=False):
    """Put the patients of each pool into rings, most of which are pairs.

    Each patient takes the images of the next one of her ring, so that a ring of two
    swaps. Pairs are drawn at random among those who have the same to give. Somebody who
    is left over joins the ring of another.

    Two of one pool are never quite independent: beside one malignant patient there is
    one fewer. What is missing is made up by stand-ins, about one in each pool, who join
    the ring of somebody with their own share of malignant images and take from her.
    The label of a patient and that of the one she takes from are then uncorrelated over
    all pools.

    Parameters
    ----------
    owners : ndarray of shape (n_rows,), dtype int64
        Patient of each row, numbered from 0.

    pools : ndarray of shape (n_rows,)
        Only patients of one pool share a ring.

    cells : ndarray of shape (n_rows, n_columns), dtype int64
        What the row gives and needs from another, in each column; -1 is nothing.

    y : ndarray of shape (n_rows,), dtype int64
        Whether the row is malignant; 0 where labels play no role.

    random_state : RandomState
        Decides the rings.

    may_keep : bool, default=False
        Whether a patient may keep her own images where nobody else has the like.

    Returns
    -------
    ring, place : ndarray of shape (n_rows,), dtype int64
        Ring of the patient of each row, and her place there.

    Raises
    ------
    ValueError
        If nobody else of a pool has what a patient needs.
    """
    patients = _describe_patients(owners, pools, cells, y)
    rates = {
        cells: _rate_of_stand_ins(alike)
        for cells, alike in patients.groupby("cells", sort=False)
    }
    rings = []
    for _, pool in patients.groupby("pool"):
        drawn = []
        for cells, alike in pool.groupby("cells", sort=False):
            drawn += _pair(alike["share"], rates[cells], random_state)
        rings += _join_lonely(drawn, pool["cells"], may_keep)
    found = np.argsort(np.concatenate(rings))[owners]
    ring = np.repeat(np.arange(len(rings)), [len(one) for one in rings])
    place = np.concatenate([np.arange(len(one)) for one in rings])
    return ring[found], place[found]


def _describe_patients(owners, pools, cells, y):
    """Pool of each patient, share of malignant rows, and set of cells."""
    rows = pd.DataFrame({"pool": pools, "share": y}).groupby(owners)
    sets = {
        owner: frozenset(cells[own].ravel().tolist()) - {-1}
        for owner, own in rows.indices.items()
    }
    patients = rows.agg({"pool": "first", "share": "mean"})
    return patients.assign(cells=patients.index.map(sets))


def _rate_of_stand_ins(alike):
    """Expected number of stand-ins of a pool: 1, or fewer where pools differ.

    Random pairs inside pools have, between the shares of both, the covariance of the
    means of the pools less the variance inside them; a stand-in gives the latter back.
    """
    pools = alike.groupby("pool")["share"].agg(["size", "mean", "var"])
    between = (pools["size"] * (pools["mean"] - alike["share"].mean()) ** 2).sum()
    inside = pools["var"].sum()
    return max(0, 1 - between / inside) if inside > 0 else 0


def _pair(share, rate, random_state):
    """Pair patients at random; an odd one, or two stand-ins, join one of the pairs."""
    order = random_state.permutation(share.index)
    n_left = len(order) % 2
    if len(order) > 2 and not n_left and random_state.random_sample() < rate / 2:
        n_left = 2
    rings = order[n_left:].reshape(-1, 2).tolist()
    for one in order[:n_left].tolist():
        is_stand_in = n_left == 2 or random_state.random_sample() < rate
        _join_pair(one, rings, share if is_stand_in else 0 * share)
    return rings


def _join_pair(one, rings, share):
    """Put a patient before somebody with her share; alone where there is no ring."""
    if not rings:
        rings.append([one])
        return
    places = [(ring, place) for ring in rings for place in range(len(ring))]
    ring, place = min(
        places, key=lambda p: (abs(share[p[0][p[1]]] - share[one]), len(p[0]))
    )
    ring.insert(place, one)


def _join_lonely(rings, cells, may_keep):
    """Join rings of one pool until everybody finds there what she needs."""
    for one in [ring[0] for ring in rings if len(ring) == 1]:
        own = next(ring for ring in rings if one in ring)
        while lacking := cells[one] - _cells_of(own, cells, without=one):
            others = [ring for ring in rings if ring is not own]
            found = [len(lacking & _cells_of(ring, cells)) for ring in others]
            if not any(found):
                if may_keep:
                    break
                raise ValueError(
                    "Expected images of at least two patients to swap in each fold (in "
                    "each block of label-made pairs), of each class where pairs are "
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
