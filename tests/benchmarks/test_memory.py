"""The memory of training at full resolution, of processes of their own."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from skfusion.neural_network import TransferCNNClassifier

pytestmark = pytest.mark.benchmark
GIB = 2**30
FULL = 1024  # pixels
SPARING = {"micro_batch_size": 4, "checkpointing": True}


def transfer(image_size, device="cpu", **params):
    return TransferCNNClassifier(
        weights=None,
        image_size=image_size,
        max_epochs=1,
        device=device,
        random_state=0,
        **params,
    )


def fit(model, n_images):
    """Train a network on images of noise."""
    shape = (n_images, model.image_size, model.image_size)
    X = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return model.fit(X, np.arange(n_images) % 2)


def resident(kind):
    """Resident memory of this process in bytes: "VmRSS" now, "VmHWM" at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(kind)).split()[1])


def peak(image_size, n_images, **params):
    """Peak memory of a process that trains a network; and what it had before."""
    code = (
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]\n"
        "from test_memory import fit, resident, transfer\n"
        "before = resident('VmRSS')\n"
        f"fit(transfer({image_size}, **{params!r}), {n_images})\n"
        "print(resident('VmHWM'), before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return map(int, done.stdout.split()[-2:])


def test_a_fit_at_1024_pixels_takes_less_than_8_gib(check_ratios):
    """Peak memory of a MobileNetV2 at 1,024 px, batches of 16 / 8 GiB."""
    most, _ = peak(FULL, 16, batch_size=16, **SPARING)
    check_ratios([most / (8 * GIB)], at_most=1)


def test_parts_and_checkpointing_save_memory(check_ratios):
    """Memory of a fit in parts with checkpointing / of whole batches, 512 px."""
    (most, before), (whole, begin) = (
        peak(FULL // 2, 8, batch_size=8, **params) for params in (SPARING, {})
    )
    check_ratios([(most - before) / (whole - begin)], at_most=0.4)


def test_checkpointing_costs_less_than_half_of_the_time(compare):
    """Time of a fit of MobileNetV2 at 224 px with checkpointing / without."""
    plain, again = (transfer(224, checkpointing=flag) for flag in (False, True))
    compare(lambda: fit(again, 16), lambda: fit(plain, 16), at_most=1.5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_fit_at_1024_pixels_takes_less_than_16_gib_of_a_gpu(check_ratios):
    """Peak memory on a GPU of a MobileNetV2 at 1,024 px, batches of 32 / 16 GiB."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    fit(transfer(FULL, "cuda", batch_size=32, **SPARING), 64)
    most = torch.cuda.max_memory_allocated() - before
    check_ratios([most / (16 * GIB)], at_most=1)
