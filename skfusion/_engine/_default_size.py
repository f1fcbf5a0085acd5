"""The size of images where none is given."""

from ..networks._backbones import backbone_image_size, check_backbone
from ._device import seeded

__all__ = ["default_image_size"]


def default_image_size(backbone, weights):
    """Return the side of the images, in pixels, with which weights were trained.

    A function of one's own code is called, which may draw from torch's generator.

    Parameters
    ----------
    backbone : str
        Name of the backbone.

    weights : str, Path or None

    Returns
    -------
    image_size : int

    Raises
    ------
    ValueError
        If the backbone is unknown.
    """
    check_backbone(backbone)
    with seeded(0):
        return backbone_image_size(backbone, weights)
