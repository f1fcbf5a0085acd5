"""Batches of images, for training and for validation."""

from collections import deque
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

# Batches that are gathered while the network learns, each by a thread.
_AHEAD = 2


class ImageTensors(Dataset):
    """Images and labels of one side of a split.

    Batches of images that are not on the device are gathered ahead by threads, while
    the network learns.

    Parameters
    ----------
    images : HeldImages
        All images of a fit, which both sides share.

    codes : ndarray of shape (n_samples,), dtype int64
        Column index of each image's class.

    rows : ndarray of shape (n_rows,), dtype int64, default=None
        Rows of this side; all if None.
    """

    def __init__(self, images, codes, rows=None):
        rows = np.arange(len(codes)) if rows is None else rows
        self.images = images
        self.rows = torch.from_numpy(rows)
        self.codes = torch.from_numpy(codes[rows]).to(images.device)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, rows):
        return self._batch(rows, self._pixels(rows))

    def _pixels(self, rows):
        return self.images.batch(self.rows[rows])

    def _batch(self, rows, pixels):
        return to_float_batch(pixels), self.codes[rows.to(self.codes.device)]

    def chunks(self):
        """Yield all images in parts, as ndarrays."""
        return self.images.chunks(self.rows)

    def batches(self, parts):
        """Yield batches.

        Parameters
        ----------
        parts : list of tensors of int
            Rows of each batch.

        Yields
        ------
        images, codes : tensors
        """
        if self.images.is_on_device:
            return map(self.__getitem__, parts)
        # Only the pixels: torch computes on all cores in each thread that calls it.
        return map(self._batch, parts, _ahead(self._pixels, parts))


def _ahead(function, items):
    """Yield the results of a function in order; threads compute the next ones."""
    pool, pending = ThreadPoolExecutor(_AHEAD), deque()
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def to_float_batch(images):
    """Return images (n, height, width, n_channels) in torch's order, as floats.

    uint8, and int16 with the bits of uint16, are scaled to [0, 1]. The memory stays in
    channels-last order.
    """
    if images.dtype == torch.uint8:
        images = images.float() / 255
    elif images.dtype == torch.int16:
        images = (images.int() & 0xFFFF).float() / 65535
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
