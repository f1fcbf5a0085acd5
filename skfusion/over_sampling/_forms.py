"""The forms in which images come to a sampler, and leave it."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils.random import sample_without_replacement

from .._validation._columns import IMAGE
from .._validation._image_table import holds_paths, image_table
from ..images import augment_image

_GREATEST_SEED = 2**31 - 1


def holds_files(X):
    """Whether X holds paths; a lone column of bare words holds values."""
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return holds_paths(X) and len(X) > 0 and _looks_like_path(X[0, 0])
    return holds_paths(X)


def _looks_like_path(value):
    path = Path(value)
    return isinstance(value, Path) or len(path.parts) > 1 or path.suffix != ""


def seeded_table(X):
    """Image table of X with the column ``augmentation``; 0 is the image as it is."""
    table = image_table(X)
    if "augmentation" not in table:
        return table.assign(augmentation=np.zeros(len(table), dtype=np.int64))
    seeds = table["augmentation"].fillna(0).astype(np.int64)
    return table.assign(augmentation=seeds)


def names_of(X):
    """A DataFrame with the names of the columns of X."""
    return X if isinstance(X, pd.DataFrame) else pd.DataFrame(columns=[IMAGE])


def take(X, rows):
    """Rows of X, numbered anew where X has an index."""
    if isinstance(X, pd.DataFrame):
        return X.iloc[rows].reset_index(drop=True)
    return X[rows]


def draw_seeds(n_seeds, rng):
    """Seeds of augmentations, no two of which are equal, and none 0."""
    return 1 + sample_without_replacement(_GREATEST_SEED, n_seeds, random_state=rng)


def augment_copies(X, seeds):
    """Augment the last rows of X in place, now or when they are read."""
    first = X.shape[0] - len(seeds)
    if isinstance(X, pd.DataFrame):
        if IMAGE in X.columns:
            X.iloc[first:, X.columns.get_loc("augmentation")] = seeds
    elif X.ndim > 2:
        for row, seed in enumerate(seeds, start=first):
            X[row] = _augment_pixels(X[row], seed)


def _augment_pixels(image, seed):
    is_scaled = image.dtype in (np.uint8, np.uint16)
    scale = np.iinfo(image.dtype).max if is_scaled else 1
    augmented = augment_image(image / np.float32(scale), int(seed)) * scale
    if image.dtype.kind == "b":
        return augmented >= 0.5
    if image.dtype.kind in "iu":
        limits = np.iinfo(image.dtype)
        augmented = np.clip(np.rint(augmented), limits.min, limits.max)
    return augmented.astype(image.dtype)
