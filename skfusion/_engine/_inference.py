"""Run a network over any number of images."""

import numpy as np
import torch

from ._batches import to_float_batch
from ._device import autocast

__all__ = ["run_network"]


def run_network(function, source, rows=None, *, batch_size, device, use_bfloat16=False):
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

    device : torch.device

    use_bfloat16 : bool, default=False

    Returns
    -------
    outputs : ndarray of shape (n_samples, ...), dtype float32
    """
    rows = range(len(source)) if rows is None else rows
    outputs = []
    with torch.inference_mode(), autocast(device, use_bfloat16):
        for start in range(0, len(rows), batch_size):
            batch = source[rows[start : start + batch_size]]
            result = function(_padded(batch, batch_size, device))[: len(batch)]
            outputs.append(result.float().cpu().numpy())
    return np.concatenate(outputs)


def _padded(batch, batch_size, device):
    if len(batch) < batch_size:
        padding = np.zeros((batch_size - len(batch), *batch.shape[1:]), batch.dtype)
        batch = np.concatenate([batch, padding])
    return to_float_batch(torch.from_numpy(batch).to(device))
