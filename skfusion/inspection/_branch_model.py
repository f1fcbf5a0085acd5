"""One branch of a network that has one for each modality."""

import torch
from torch import nn

from .._engine._batches import to_float_batch
from .._validation._column_regions import column_regions
from .._validation._samples import column_table
from ..images import ImageSource
from ._image_model import ImageModel
from ._layers import find_layer
from ._score import score_of_networks

__all__ = ["BranchModel"]


class BranchModel(ImageModel):
    """One branch of a network that has one for each modality.

    Parameters
    ----------
    estimator : MultiBranchCNNClassifier
        Fitted to paths.

    table : DataFrame of shape (n_samples, n_columns)
        Checked samples.

    channel : int
        Place of the column of the branch.

    rows : ndarray of int
        Samples that have an image in this column.
    """

    def __init__(self, estimator, table, channel, rows):
        columns = estimator._table_columns
        images = column_table(table, columns[channel], columns)
        crop = dict(estimator._crop)
        crop["region"] = column_regions(table, columns, crop["region"])[channel]
        source = ImageSource(
            images, image_size=estimator._size, resize=estimator._resize, **crop
        )
        super().__init__(images, source, **crop, isolated=estimator.isolated)
        self._samples = estimator._source(table)
        self._network = estimator.nets_[0].module_.eval()
        self._mirrors = estimator._mirrors
        self._channel, self._rows = channel, rows
        self._layer = None

    def score(self, place, code, layer):
        """Return the score of an image; see :class:`ImageModel`."""
        sample = to_float_batch(torch.from_numpy(self._samples[[self._rows[place]]]))
        network = _OneBranch(self._network, sample, self._channel)
        if self._layer is None:
            branch = self._network.branches[self._channel]
            model = getattr(branch, "model", branch)
            self._layer = find_layer(network, model, self.read(place), layer)
        return score_of_networks([network], [self._layer], code, self._mirrors)


class _OneBranch(nn.Module):
    """A network of several images as a function of one of them."""

    def __init__(self, network, sample, channel):
        super().__init__()
        self.network = network
        self.sample = sample
        self.channel = channel

    def forward(self, images):
        channels = [self.sample[:, [i]] for i in range(self.sample.shape[1])]
        channels = [channel.expand(len(images), -1, -1, -1) for channel in channels]
        channels[self.channel] = images
        return self.network(torch.cat(channels, dim=1))
