"""The forms of X that a sampler accepts and returns."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils.random import sample_without_replacement

from .._validation._columns import IMAGE
from .._validation._image_table import holds_paths, image_table
from ..images import augment_image

__all__ = [
    "augment_copies",
    "draw_seeds",
    "holds_files",
    "names_of",
    "seeded_table",
    "take",
]

_GREATEST_SEED = 2**31 - 1


def holds_files(X):
    """Return whether X holds paths; a single column of bare words holds values."""
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return holds_paths(X) and len(X) > 0 and _looks_like_path(X[0, 0])
    return holds_paths(X)


def _looks_like_path(value):
    path = Path(value)
    return isinstance(value, Path) or len(path.parts) > 1 or path.suffix != ""


def seeded_table(X):
    """Return the image table of X with ``augmentation``; 0 means no augmentation."""
    table = image_table(X)
    if "augmentation" not in table:
        return table.assign(augmentation=np.zeros(len(table), dtype=np.int64))
    seeds = table["augmentation"].fillna(0).astype(np.int64)
    return table.assign(augmentation=seeds)


def names_of(X):
    """Return a DataFrame with the names of the columns of X."""
    return X if isinstance(X, pd.DataFrame) else pd.DataFrame(columns=[IMAGE])


def take(X, rows):
    """Return rows of X, with a new index if X has one."""
    if isinstance(X, pd.DataFrame):
        return X.iloc[rows].reset_index(drop=True)
    return X[rows]


def draw_seeds(n_seeds, rng):
    """Draw distinct seeds of augmentations, none of them 0."""
    return 1 + sample_without_replacement(_GREATEST_SEED, n_seeds, random_state=rng)


def augment_copies(X, seeds):
    """Augment the last rows of X in place, or mark them to be augmented when read."""
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
