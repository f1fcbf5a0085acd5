"""Images that are the same, and what that means for labels and groups."""

import numpy as np
import pandas as pd

from ..images._duplicate_pairs import duplicate_pairs, family_numbers
from ._finding import findings_of

__all__ = ["find_duplicates"]

_NEAR = 0.95  # correlation of aligned thumbnails


def find_duplicates(thumbnails, measurements, y, groups):
    """Find exact and near-duplicates, mirrored and rotated ones, too.

    Parameters
    ----------
    thumbnails : ndarray of shape (n_images, 64, 64), dtype uint8
        0 for images that are constant or cannot be read.

    measurements : DataFrame
        Result of ``measure_images``.

    y, groups : array-like of shape (n_images,) or None
        Labels and groups, which duplicates may contradict.

    Returns
    -------
    findings : DataFrame
        Of the kinds "exact duplicate", "near-duplicate", "two labels" and "two groups";
        one row for each image and kind.

    families : ndarray of shape (n_images,), dtype int64
    """
    pairs = _find_pairs(thumbnails, measurements["digest"])
    families = family_numbers(pairs, len(thumbnails))
    is_exact = pairs["is_exact"].to_numpy(dtype=bool)
    parts = [
        _findings("exact duplicate", pairs[is_exact], "warning"),
        _findings("near-duplicate", pairs[~is_exact], "warning"),
    ]
    for kind, values in (("two labels", y), ("two groups", groups)):
        if values is not None:
            left, right = (
                np.asarray(values)[pairs[side]] for side in ("left", "right")
            )
            parts.append(_findings(kind, pairs[left != right], "error"))
    return pd.concat(parts), families


def _find_pairs(thumbnails, digests):
    """Return all pairs, the exact ones of images without texture, too."""
    pairs = _exact_pairs(digests)
    if len(thumbnails) > 1:
        near = duplicate_pairs(thumbnails, threshold=_NEAR)
        left, right = (digests.to_numpy()[near[side]] for side in ("left", "right"))
        near = near.assign(is_exact=(left == right) & pd.notna(left))
        pairs = pd.concat([pairs, near], ignore_index=True)
    return pairs.drop_duplicates(["left", "right"], ignore_index=True)


def _exact_pairs(digests):
    """Return the pairs of the first image of each digest and the others."""
    rows = pd.Series(np.arange(len(digests)))
    first = rows.groupby(digests.to_numpy()).transform("first").fillna(-1).astype(int)
    is_copy = digests.notna().to_numpy() & (first < rows).to_numpy()
    pairs = pd.DataFrame({"left": first[is_copy], "right": rows[is_copy]})
    return pairs.assign(correlation=1.0, symmetry="same", is_exact=True)


def _findings(kind, pairs, severity):
    """Return a finding for each image of some pairs, with the one most like it."""
    turned = pairs.rename(columns={"left": "right", "right": "left"})
    both = pd.concat([pairs, turned], ignore_index=True)
    both = both.sort_values("correlation", ascending=False, kind="stable")
    both = both.drop_duplicates("left").sort_values("left")
    details = [
        _detail(*pair)
        for pair in both[["is_exact", "correlation", "symmetry"]].itertuples(
            index=False
        )
    ]
    return findings_of(kind, both["left"], details, severity, both["right"].tolist())


def _detail(is_exact, correlation, symmetry):
    if is_exact:
        return "all pixels are equal"
    turned = "" if symmetry == "same" else f", {symmetry}"
    return f"correlation {correlation:.3f}{turned}"
