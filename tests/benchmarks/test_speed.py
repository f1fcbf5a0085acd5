"""Speed and memory, as ratios of two things timed in turn in one run."""

import subprocess
import sys
from statistics import median

import numpy as np
import pytest
import torch
from torch import nn

from skfusion._engine import augment_batch, resolve_device, seeded
from skfusion._engine._device import autocast, trains_in_bfloat16
from skfusion._engine._net import GRADIENT_NORM, LABEL_SMOOTHING
from skfusion.datasets import make_breast_images, make_breast_pairs
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import MultiBranchCNNClassifier
from skfusion.networks import CNN17, Backbone
from skfusion.neural_network import CNN17Classifier

pytestmark = pytest.mark.benchmark
N_REPEATS = 5
BATCH_SIZE = 32


@pytest.mark.timeout(1200)
def test_extraction_runs_at_the_speed_of_the_network(compare):
    """Bare channels-last pass / extraction from arrays, MobileNetV2 at 128 px."""
    images = np.random.default_rng(0).integers(0, 256, (128, 128, 128), dtype=np.uint8)
    extractor = CNNFeatureExtractor(
        "mobilenet_v2", weights=None, image_size=128, batch_size=BATCH_SIZE
    ).fit(images)
    network = Backbone("mobilenet_v2").eval().to(memory_format=torch.channels_last)
    ready = torch.from_numpy(images).float().div(255).unsqueeze(1)
    ready = ready.contiguous(memory_format=torch.channels_last)

    def bare():
        with torch.inference_mode():
            for batch in ready.split(BATCH_SIZE):
                network(batch)

    compare(bare, lambda: extractor.transform(images), at_least=1.1)


@pytest.mark.gpu
def test_extraction_runs_at_the_speed_of_the_network_on_a_gpu(compare):
    """Bare bfloat16 channels-last loop / extraction in bfloat16, on a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    images = np.random.default_rng(0).integers(0, 256, (1024, 224, 224), dtype=np.uint8)
    extractor = CNNFeatureExtractor(
        "mobilenet_v2",
        weights=None,
        image_size=224,
        batch_size=128,
        device="cuda",
        precision="bfloat16",
    ).fit(images)
    network = Backbone("mobilenet_v2").eval().cuda()
    network = network.to(memory_format=torch.channels_last)

    def bare():
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
            for batch in torch.from_numpy(images).split(128):
                ready = batch.cuda().float().div(255).unsqueeze(1)
                network(ready.contiguous(memory_format=torch.channels_last)).cpu()

    compare(bare, lambda: extractor.transform(images), at_least=0.8)


def hand_written_epoch(images, codes, network, optimizer, schedule, use_bfloat16):
    """One epoch as one would write it without skorch: same batches, same changes."""
    criterion = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    network.train()
    order = torch.randperm(len(images))
    for rows in torch.tensor_split(order, -(-len(images) // BATCH_SIZE)):
        batch = augment_batch(images[rows].float().div(255).permute(0, 3, 1, 2))
        with autocast(torch.device("cpu"), use_bfloat16):
            scores = network(batch)
        loss = criterion(scores.float(), codes[rows])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
        optimizer.step()
        schedule.step()
        loss.item()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_a_training_epoch_costs_what_a_hand_written_loop_costs(
    precision, seconds, check_ratios
):
    """Our epoch / that of a hand-written PyTorch loop, 17-layer CNN at 64 px."""
    n_epochs = 6
    X, y = make_breast_images(256, image_size=64, random_state=0, return_X_y=True)
    images, codes = torch.from_numpy(X[..., np.newaxis]), torch.from_numpy(y)
    use_bfloat16 = trains_in_bfloat16(precision, resolve_device("cpu"))

    def ours():
        model = CNN17Classifier(
            max_epochs=n_epochs, precision=precision, device="cpu", random_state=0
        )
        return model.fit(X, y).history_[:, "dur"]

    def hand_written():
        with seeded(0):
            network = CNN17().to(memory_format=torch.channels_last)
            optimizer = torch.optim.AdamW(
                network.parameters(), weight_decay=0.01, fused=True
            )
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, max_lr=0.003, total_steps=n_epochs * 8
            )
            arguments = images, codes.long(), network, optimizer, schedule, use_bfloat16
            return [
                seconds(lambda: hand_written_epoch(*arguments)) for _ in range(n_epochs)
            ]

    ratios = [median(ours()) / median(hand_written()) for _ in range(N_REPEATS)]
    check_ratios(ratios, at_most=1.05)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_two_branches_cost_what_two_networks_cost(precision, tmp_path, compare):
    """Network of two branches / one network each, 17-layer CNN at 64 px."""
    pairs = make_breast_pairs(160, image_size=64, folder=tmp_path, random_state=0)
    columns = ["mammogram", "ultrasound"]
    options = {
        "max_epochs": 6,
        "precision": precision,
        "device": "cpu",
        "random_state": 0,
    }

    def two_branches():
        MultiBranchCNNClassifier(columns, **options).fit(pairs.data, pairs.target)

    def one_each():
        for column in columns:
            CNN17Classifier(**options).fit(pairs.data[[column]], pairs.target)

    compare(two_branches, one_each, at_most=1.15)


PEAK_MEMORY = """
import resource, sys
from pathlib import Path
from skfusion.feature_extraction import CNNFeatureExtractor

paths = sorted(map(str, Path(sys.argv[1]).glob("*.png")))
X = paths * (int(sys.argv[2]) // len(paths))
extractor = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=64)
extractor.fit_transform(X)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("many", "few"), [(2000, 100), (5000, 500)])
def test_memory_does_not_grow_with_the_number_of_paths(
    many, few, tmp_path, check_ratios
):
    """Peak resident memory of extraction from many paths / from few."""
    make_breast_images(100, image_size=256, folder=tmp_path, random_state=0)

    def peak(n_paths):
        done = subprocess.run(
            [sys.executable, "-c", PEAK_MEMORY, str(tmp_path), str(n_paths)],
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout)

    check_ratios([peak(many) / peak(few)], at_most=1.10)
