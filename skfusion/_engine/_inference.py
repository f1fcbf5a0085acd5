"""Running of a network on any number of images."""

import math

import numpy as np
import torch

from ..exceptions import warn_user
from ._batches import to_float_batch
from ._device import autocast
from ._images import send
from ._threads import running

__all__ = ["run_network"]

# Pixels of a batch on a CPU. The outputs of the layers then stay in the processor's
# cache (docs/benchmarks.rst).
_CPU_PIXELS = 2**18


def run_network(
    function, source, rows=None, *, batch_size, device, use_bfloat16=False, bar=None
):
    """Apply a function of a batch to every image, a batch at a time.

    All batches have one shape (the last one is padded), so that the result of an image
    does not depend on the images beside it. On a CPU they are parts of the batches that
    are read. On CUDA the next batch is read while the device computes this one.

    Parameters
    ----------
    function : callable
        From images (n, n_channels, height, width) to a tensor whose first axis is
        the batch.

    source : ImageSource

    rows : ndarray of int, default=None
        Rows of the images; all if None.

    batch_size : int
        Halved, with a warning, where it is too large for the device's memory.

    device : torch.device

    use_bfloat16 : bool, default=False

    bar : tqdm, default=None
        Progress bar, which counts images.

    Returns
    -------
    outputs : ndarray of shape (n_samples, ...), dtype float32
    """
    rows = range(len(source)) if rows is None else rows
    outputs, start = _Outputs(device), 0
    with torch.inference_mode(), autocast(device, use_bfloat16):
        while start < len(rows):
            batch = source[rows[start : start + batch_size]]
            try:
                parts = _parts(batch, batch_size, device)
                with running():
                    result = torch.cat([function(part) for part in parts])
            except torch.OutOfMemoryError:
                if batch_size == 1:
                    raise
                batch_size = _halve(batch_size)
                continue
            outputs.add(result[: len(batch)].float())
            start += len(batch)
            if bar is not None:
                bar.update(len(batch))
    return outputs.to_array()


class _Outputs:
    """Results of all batches, in the host's memory.

    On CUDA a result is copied without waiting, and received once the next batch is
    queued, so that the device always has work and never more than two batches of it.
    """

    def __init__(self, device):
        self._device = device
        self._received, self._queued = [], None

    def add(self, result):
        if self._device.type == "cuda":
            copy = result.to("cpu", non_blocking=True)
            arrival = torch.cuda.current_stream(self._device).record_event()
        else:
            copy, arrival = result.cpu(), None
        self._receive()
        self._queued = copy, arrival

    def _receive(self):
        if self._queued is None:
            return
        copy, arrival = self._queued
        if arrival is not None:
            arrival.synchronize()
        # Copied, because memory for copies that do not wait is scarce.
        self._received.append(copy.numpy().copy())
        self._queued = None

    def to_array(self):
        self._receive()
        return np.concatenate(self._received)


def _halve(batch_size):
    """Free the device's memory, and return half of the batch size."""
    warn_user(
        f"A batch of {batch_size} images is too large for the device's memory: "
        f"continuing with {batch_size // 2}. Lower batch_size to avoid the attempt.",
        RuntimeWarning,
    )
    torch.cuda.empty_cache()
    return batch_size // 2


def _parts(batch, batch_size, device):
    """Yield a batch in parts of one shape; the last one is padded."""
    n_parts = 1
    if device.type == "cpu":
        n_parts = math.ceil(batch_size / _most_on_cpu(*batch.shape[1:3]))
    size = math.ceil(batch_size / n_parts)
    for start in range(0, len(batch), size):
        part = _padded(batch[start : start + size], size)
        yield to_float_batch(send(torch.from_numpy(part), device))


def _most_on_cpu(height, width):
    """Return the largest power of two of images with at most _CPU_PIXELS pixels."""
    most = max(1, _CPU_PIXELS // (height * width))
    return 2 ** (most.bit_length() - 1)


def _padded(batch, size):
    if len(batch) == size:
        return batch
    padding = np.zeros((size - len(batch), *batch.shape[1:]), batch.dtype)
    return np.concatenate([batch, padding])
