"""Reading, caching, resizing and augmentation of images."""

from ._augment import augment_image
from ._image_cache import ImageCache
from ._near_duplicates import find_near_duplicates
from ._read import read_image
from ._resize import resize_image
from ._scan import scan_images
from ._source import ImageSource

__all__ = [
    "ImageCache",
    "ImageSource",
    "augment_image",
    "find_near_duplicates",
    "read_image",
    "resize_image",
    "scan_images",
]
