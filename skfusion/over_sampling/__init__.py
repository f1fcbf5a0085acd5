"""Balancing the classes of an image set."""

from ._image_over_sampler import ImageOverSampler

__all__ = ["ImageOverSampler"]
