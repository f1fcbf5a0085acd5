"""Running of a network on any number of images."""

import math

import numpy as np
import torch

from ..exceptions import warn_user
from ._batches import to_float_batch
from ._device import autocast
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
    are read.

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
    outputs, start = [], 0
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
            outputs.append(result[: len(batch)].float().cpu().numpy())
            start += len(batch)
            if bar is not None:
                bar.update(len(batch))
    return np.concatenate(outputs)


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
        yield to_float_batch(torch.from_numpy(part).to(device))


def _most_on_cpu(height, width):
    """Return the largest power of two of images with at most _CPU_PIXELS pixels."""
    most = max(1, _CPU_PIXELS // (height * width))
    return 2 ** (most.bit_length() - 1)


def _padded(batch, size):
    if len(batch) == size:
        return batch
    padding = np.zeros((size - len(batch), *batch.shape[1:]), batch.dtype)
    return np.concatenate([batch, padding])
