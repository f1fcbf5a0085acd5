"""Batches out of one tensor, for training and for prediction."""

import numpy as np
import torch
from torch.utils.data import Dataset

__all__ = ["ImageTensors", "TrainingBatches", "to_float_batch"]


class ImageTensors(Dataset):
    """All images and labels of a fit, on the device.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, n_channels), uint8 or float32

    codes : ndarray of shape (n,), dtype int64
        Column index of each image's class.

    device : torch.device
    """

    def __init__(self, images, codes, device):
        self.images = torch.from_numpy(np.ascontiguousarray(images)).to(device)
        self.codes = torch.from_numpy(codes).to(device)

    def __len__(self):
        return len(self.codes)

    def __getitem__(self, rows):
        return to_float_batch(self.images[rows]), self.codes[rows]


def to_float_batch(images):
    """Put images (n, height, width, n_channels) into torch's order, as floats.

    uint8 is scaled to [0, 1]. The memory stays in channels-last order.
    """
    if images.dtype == torch.uint8:
        images = images.float() / 255
    return images.permute(0, 3, 1, 2)


class TrainingBatches:
    """Shuffled and augmented batches; skorch's ``iterator_train``.

    Indexing one tensor costs a hundredth of what a DataLoader does with many small
    images. No batch holds a single image, which batch normalisation refuses.

    Parameters
    ----------
    dataset : ImageTensors

    batch_size : int

    augment : callable, default=None
        Applied to the images of each batch.
    """

    def __init__(self, dataset, batch_size, augment=None):
        self.dataset = dataset
        self.batch_size = batch_size
        self.augment = augment

    def __len__(self):
        return n_batches(len(self.dataset), self.batch_size)

    def __iter__(self):
        order = torch.randperm(len(self.dataset))
        for rows in torch.tensor_split(order, len(self)):
            images, codes = self.dataset[rows.to(self.dataset.codes.device)]
            yield (images if self.augment is None else self.augment(images)), codes


class ValidationBatches(TrainingBatches):
    """Batches in order and as they are; skorch's ``iterator_valid``."""

    def __iter__(self):
        order = torch.arange(len(self.dataset), device=self.dataset.codes.device)
        for rows in torch.tensor_split(order, len(self)):
            yield self.dataset[rows]


def n_batches(n_samples, batch_size):
    """Number of batches of nearly one size, none of which holds a single image.

    None is larger than `batch_size`, but for batches of three where it is two.
    """
    return max(1, min(-(-n_samples // batch_size), n_samples // 2))
