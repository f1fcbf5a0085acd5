"""Batches of one tensor, for training and for prediction."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch.utils.data import Dataset

__all__ = [
    "ImageTensors",
    "TrainingBatches",
    "ValidationBatches",
    "n_batches",
    "to_float_batch",
]

# Fraction of a device's free memory that images may take; training needs the rest.
_IMAGE_MEMORY = 0.5


class ImageTensors(Dataset):
    """All images and labels of a fit, on the device if its memory is large enough.

    Otherwise the images stay in the host's memory, and the next batch is gathered
    while the network learns from this one.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, n_channels), uint8 or float32

    codes : ndarray of shape (n,), dtype int64
        Column index of each image's class.

    device : torch.device
    """

    def __init__(self, images, codes, device):
        self.device = device
        self.images = torch.from_numpy(np.ascontiguousarray(images))
        self.codes = torch.from_numpy(codes).to(device)
        self.is_resident = _fits(self.images, device)
        if self.is_resident:
            self.images = self.images.to(device)

    def __len__(self):
        return len(self.codes)

    def __getitem__(self, rows):
        images = self.images[rows.to(self.images.device)]
        if not self.is_resident:
            images = _send(images, self.device)
        return to_float_batch(images), self.codes[rows.to(self.codes.device)]

    def batches(self, parts):
        """Yield batches; images in the host's memory are sent one batch ahead.

        Parameters
        ----------
        parts : list of tensors of int
            Rows of each batch.

        Yields
        ------
        images, codes : tensors
        """
        if self.is_resident:
            yield from map(self.__getitem__, parts)
            return
        with ThreadPoolExecutor(1) as pool:
            batch = pool.submit(self.__getitem__, parts[0])
            for rows in parts[1:]:
                following = pool.submit(self.__getitem__, rows)
                yield batch.result()
                batch = following
            yield batch.result()


def _fits(images, device):
    """Return whether a device's memory is large enough to hold all images."""
    if device.type != "cuda":  # others share the host's memory
        return True
    free, _ = torch.cuda.mem_get_info(device)
    # Memory of earlier fits in PyTorch's cache is free, too.
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return images.nbytes <= _IMAGE_MEMORY * free


def _send(images, device):
    # A copy from pinned memory does not block the host.
    images = images.pin_memory() if device.type == "cuda" else images
    return images.to(device, non_blocking=True)


def to_float_batch(images):
    """Return images (n, height, width, n_channels) in torch's order, as floats.

    uint8 is scaled to [0, 1]. The memory stays in channels-last order.
    """
    if images.dtype == torch.uint8:
        images = images.float() / 255
    return images.permute(0, 3, 1, 2)


class TrainingBatches:
    """Shuffled and augmented batches; skorch's ``iterator_train``.

    Indexing one tensor takes a hundredth of the time of a DataLoader for many small
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
        for images, codes in self.dataset.batches(order.tensor_split(len(self))):
            yield (images if self.augment is None else self.augment(images)), codes


class ValidationBatches(TrainingBatches):
    """Batches in order, without augmentation; skorch's ``iterator_valid``."""

    def __iter__(self):
        order = torch.arange(len(self.dataset))
        yield from self.dataset.batches(order.tensor_split(len(self)))


def n_batches(n_samples, batch_size):
    """Return the number of batches of nearly one size, without one of a single image.

    None is larger than `batch_size`, except batches of three where it is two.
    """
    return max(1, min(-(-n_samples // batch_size), n_samples // 2))
