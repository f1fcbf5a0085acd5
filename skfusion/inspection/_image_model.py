"""The images of one column as a model reads them, and its score of one of them."""

from abc import ABC, abstractmethod

import numpy as np
import torch

from .._engine import on_device, resolve_device
from .._engine._batches import to_float_batch
from .._validation._boxes import parse_boxes
from .._validation._columns import REGION
from ..images import ImageSource
from ..images._crop import find_crops
from ._frame import Frame
from ._layers import find_layer
from ._score import score_of_networks

__all__ = ["ImageModel", "NetworkModel"]


class ImageModel(ABC):
    """The images of one column as a model reads them, and its score of one of them.

    Parameters
    ----------
    images : DataFrame or ndarray
        Image table or pixels, as :func:`check_images` returns them.

    source : ImageSource
        Reads them as the model does.

    region, margin
        What it reads of each.
    """

    def __init__(self, images, source, region, margin, isolated):
        plain = images
        if hasattr(images, "columns"):  # a map shows the image as it is in its file
            plain = images.drop(columns="augmentation", errors="ignore")
        self.source = source
        self._originals = ImageSource(plain, isolated=isolated)
        self._crops = find_crops(images, region, margin)
        has_boxes = REGION in getattr(images, "columns", ())
        values = images[REGION] if has_boxes else [None] * len(images)
        self._boxes = parse_boxes(values)

    def read(self, place):
        """Return an image as the model reads it, (1, n_channels, size, size)."""
        return to_float_batch(torch.from_numpy(self.source[[place]]))

    def original(self, place):
        """Return the whole image in full resolution, (height, width, n_channels)."""
        return self._originals[[place]][0]

    def frame(self, place):
        """Return the :class:`Frame` of an image."""
        image = self.original(place)
        height, width = image.shape[:2]
        box = (0, 0, width, height)
        if self._crops is not None:
            box = self._crops.placer(image)(place)
        return Frame((height, width), box, self.source.image_size, self.source.resize)

    def lesion(self, place):
        """Return the box of the lesion, x0, y0, x1, y1 in pixels, or None."""
        return None if np.isnan(self._boxes[place]).any() else self._boxes[place]

    @abstractmethod
    def score(self, place, code, layer):
        """Return the :class:`ImageScore` of an image for the class of a column."""


class NetworkModel(ImageModel):
    """A classifier that trains a network on single images.

    Parameters
    ----------
    estimator : BaseCNNClassifier
        Fitted.

    X : object
        Images in any form that it takes.
    """

    def __init__(self, estimator, X):
        X = estimator._check(X)
        crop = estimator._crop
        super().__init__(X, estimator._source(X), **crop, isolated=estimator.isolated)
        device = resolve_device(estimator.device)
        self._networks = [
            on_device(net.module_.eval(), device) for net in estimator.nets_
        ]
        self._device, self._mirrors = device, estimator._mirrors
        self._layers = None

    def read(self, place):
        return super().read(place).to(self._device)

    def score(self, place, code, layer):
        if self._layers is None:
            image = self.read(place)
            self._layers = [
                find_layer(network, _model_of(network), image, layer)
                for network in self._networks
            ]
        return score_of_networks(self._networks, self._layers, code, self._mirrors)


def _model_of(network):
    """Return the part of a network that has the layers."""
    backbone = getattr(network, "backbone", None)
    return network if backbone is None else backbone.model
