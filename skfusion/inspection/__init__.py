"""Look at what a model sees."""

from ._saliency import saliency

__all__ = ["saliency"]
