"""Images of a fit: in memory where they fit, else read from a store batch by batch."""

import tempfile
from abc import ABC, abstractmethod
from contextlib import contextmanager
from math import prod

import numpy as np
import torch
from sklearn import get_config
from tqdm.auto import tqdm

__all__ = ["HeldImages", "held_images", "send"]

# Fraction of a device's free memory that images may take; training needs the rest.
_DEVICE_SHARE = 0.5
# Pixels that are read at once: for a device, and as floats for their statistics.
_SENT_PIXELS = 2**26
_CHUNK_PIXELS = 2**23


@contextmanager
def held_images(source, device, *, verbose=0):
    """Hold the images of a fit: in memory if they fit, else on disk.

    They fit on a CUDA device if they take at most half of its free memory, and in the
    memory of the computer if they take at most ``working_memory`` MiB, a setting of
    :func:`sklearn.set_config`. Rows of one image, such as those of an over-sampled
    table, take the memory of one image. An array that needs no conversion is not
    copied, whatever its size. Files that do not fit are stored in the image cache of
    the source; without one, in a temporary folder.

    Parameters
    ----------
    source : TrainingSource or SampleSource

    device : torch.device
        Where the network is trained.

    verbose : int, default=0
        1 shows a progress bar.

    Yields
    ------
    images : HeldImages
        The same batches, to the bit, wherever they are held.
    """
    rows, places = source.distinct()
    n_bytes = len(rows) * prod(source.pixel_shape) * source.pixel_dtype.itemsize
    array = source.final_array()
    if _fits_on_device(n_bytes, device):
        yield _ResidentImages(_read(source, rows, verbose, device), places, device)
    elif array is not None:
        yield _ResidentImages(_to_tensor(array), places, device)
    elif n_bytes <= get_config()["working_memory"] * 2**20:
        yield _ResidentImages(_read(source, rows, verbose), places, device)
    else:
        with _stored(source) as stored:
            stored.fill_store(verbose)
            yield _StreamedImages(stored, device)


@contextmanager
def _stored(source):
    """Give a source that would decode its files again a temporary store."""
    if source.has_store:
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="skfusion-") as folder:
        yield source.stored_in(folder)


def _fits_on_device(n_bytes, device):
    """Return whether a device with a memory of its own can hold the images."""
    if device.type != "cuda":  # others share the memory of the computer
        return False
    free, _ = torch.cuda.mem_get_info(device)
    # Memory of earlier fits in PyTorch's cache is free, too.
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return n_bytes <= _DEVICE_SHARE * free


def _read(source, rows, verbose, device="cpu"):
    """Read rows of a source into one tensor, without a second copy of them all."""
    with tqdm(desc="images", total=len(rows), leave=False, disable=not verbose) as bar:
        if device == "cpu":
            return _to_tensor(source.read_pixels(rows, bar.update))
        dtype = _to_tensor(np.empty(0, source.pixel_dtype)).dtype
        shape = (len(rows), *source.pixel_shape)
        pixels = torch.empty(shape, dtype=dtype, device=device)
        step = max(1, _SENT_PIXELS // prod(source.pixel_shape))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            sent = _to_tensor(source.read_pixels(part, bar.update))
            pixels[start : start + len(part)] = sent
    return pixels


def _to_tensor(pixels):
    """Return a tensor of the same memory, in which uint16 becomes int16.

    torch implements few functions for uint16, and all for int16.
    """
    is_uint16 = pixels.dtype == np.uint16
    return torch.from_numpy(pixels.view(np.int16) if is_uint16 else pixels)


def _to_array(tensor):
    """Undo :func:`_to_tensor`."""
    pixels = tensor.cpu().numpy()
    return pixels.view(np.uint16) if pixels.dtype == np.int16 else pixels


class HeldImages(ABC):
    """Images of a fit, of shape (n_samples, height, width, n_channels).

    Attributes
    ----------
    device : torch.device
        Where batches are needed.

    is_on_device : bool
        Whether a batch is only selected there. Otherwise it is gathered elsewhere.
    """

    @abstractmethod
    def batch(self, rows):
        """Return the rows of an int64 tensor as a tensor on the device.

        int16 has the bits of uint16.
        """

    @abstractmethod
    def read(self, rows):
        """Return the rows of an int64 tensor as an ndarray."""

    def chunks(self, rows):
        """Yield the rows of an int64 tensor in parts, as ndarrays."""
        for part in rows.split(max(1, _CHUNK_PIXELS // prod(self.pixel_shape))):
            yield self.read(part)


class _ResidentImages(HeldImages):
    """Distinct images in one tensor, and the place of each row in it."""

    def __init__(self, pixels, places, device):
        self._pixels = pixels
        self._places = None if places is None else torch.from_numpy(places)
        self.device = device
        self.pixel_shape = pixels.shape[1:]
        self.is_on_device = device.type != "cuda" or pixels.is_cuda

    def batch(self, rows):
        return send(self._select(rows), self.device)

    def read(self, rows):
        return _to_array(self._select(rows))

    def _select(self, rows):
        rows = rows if self._places is None else self._places[rows]
        return self._pixels[rows.to(self._pixels.device)]


class _StreamedImages(HeldImages):
    """Images that are read from a store when they are needed."""

    is_on_device = False

    def __init__(self, source, device):
        self._source = source
        self.device = device
        self.pixel_shape = source.pixel_shape

    def batch(self, rows):
        return send(_to_tensor(self.read(rows)), self.device)

    def read(self, rows):
        return self._source.read_pixels(rows.numpy())


def send(images, device):
    """Return images on a device; on CUDA, without waiting for the copy."""
    if device.type != "cuda" or images.is_cuda:
        return images.to(device)
    # A copy from pinned memory does not block the host.
    return images.pin_memory().to(device, non_blocking=True)
