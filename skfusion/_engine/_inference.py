"""Run a network over any number of images."""

import warnings

import numpy as np
import torch

from ._batches import to_float_batch
from ._device import autocast

__all__ = ["run_network"]


def run_network(
    function, source, rows=None, *, batch_size, device, use_bfloat16=False, bar=None
):
    """Apply a function of a batch to every image, a batch at a time.

    Batches have one fixed shape (the last one is padded), so that the answer for
    an image does not depend on the images beside it.

    Parameters
    ----------
    function : callable
        From images (batch_size, n_channels, height, width) to a tensor whose first
        axis is the batch.

    source : ImageSource

    rows : ndarray of int, default=None
        Which images; all if None.

    batch_size : int
        Halved, with a warning, where it is too large for the device's memory.

    device : torch.device

    use_bfloat16 : bool, default=False

    bar : tqdm, default=None
        Progress bar, which goes on by an image each.

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
                result = function(_padded(batch, batch_size, device))[: len(batch)]
            except torch.OutOfMemoryError:
                if batch_size == 1:
                    raise
                batch_size = _halve(batch_size)
                continue
            outputs.append(result.float().cpu().numpy())
            start += len(batch)
            if bar is not None:
                bar.update(len(batch))
    return np.concatenate(outputs)


def _halve(batch_size):
    """Make room on the device, and take half as many images from now on."""
    warnings.warn(
        f"{batch_size} images at a time are too many for the device's memory: going on "
        f"with {batch_size // 2}. Lower batch_size to spare the attempt.",
        RuntimeWarning,
        stacklevel=4,
    )
    torch.cuda.empty_cache()
    return batch_size // 2


def _padded(batch, batch_size, device):
    if len(batch) < batch_size:
        padding = np.zeros((batch_size - len(batch), *batch.shape[1:]), batch.dtype)
        batch = np.concatenate([batch, padding])
    return to_float_batch(torch.from_numpy(batch).to(device))
