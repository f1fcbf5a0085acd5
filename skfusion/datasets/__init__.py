"""Data sets of breast images: real ones on disk, and synthetic ones."""

from ._synthetic import make_breast_images

__all__ = ["make_breast_images"]
