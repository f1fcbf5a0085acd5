"""Cleaning of images before a model sees them."""

from ._contrast import ContrastEqualizer
from ._flipper import LateralityFlipper
from ._overlays import OverlayRemover

__all__ = [
    "ContrastEqualizer",
    "LateralityFlipper",
    "OverlayRemover",
]
