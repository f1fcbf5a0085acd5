"""Pretrain the 17-layer CNN on synthetic images.

Run from anywhere; no data set is read. One thread, so that the numbers are the same::

    OMP_NUM_THREADS=1 python docs/studies/pretrain_phantoms.py FILE.safetensors

Synthetic lesions of :func:`skfusion.datasets.make_breast_images` are drawn in both
modalities, with classes between equal and well separated. The network learns to name
the class and to measure what the lesion was drawn with: the irregularity of its margin,
its shape, the echo behind it, its softness and its contrast. No two batches look alike:
each image is cropped (the lesion with a random margin, or the whole image), mirrored,
and its gain, gamma, depth gain, speckle, blur and frame are drawn at random, so that
the network cannot rely on the look of one scanner. Seeds are fixed. The file is that of
``CNN17Classifier(weights="phantoms")``: all layers up to the last convolution, in half
precision.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from skfusion.datasets import make_breast_images
from skfusion.networks import CNN17

SEED = 0
IMAGE_SIZE, CROP_SIZE = 96, 64
# Images of each modality, for each separation of the classes.
SEPARATIONS = (0.25, 0.5, 0.75, 1.0)
N_IMAGES = {"ultrasound": 3000, "mammography": 1500}
MEASURED = ["irregularity", "aspect_ratio", "posterior_echo", "softness", "contrast"]
# The last convolution would make the file larger than 3 MB, and does not gain.
LEFT_OUT = ("fully_connected.", "block7.conv2.", "block7.norm2.")
EPOCHS, BATCH_SIZE, LEARNING_RATE = 10, 64, 0.003


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="the file to write")
    parser.add_argument("--all", action="store_true", help="write all layers")
    arguments = parser.parse_args()
    start = perf_counter()
    images, boxes, targets = draw_phantoms()
    print(f"{len(images)} images in {perf_counter() - start:.0f} s", flush=True)
    write(pretrain(images, boxes, targets), arguments.file, arguments.all)
    size = arguments.file.stat().st_size / 1e6
    print(f"{size:.1f} MB after {perf_counter() - start:.0f} s")


def write(network, file, with_all):
    """Write the weights in half precision, without those that are not used again."""
    state = {
        name: value.half().contiguous()
        for name, value in network.state_dict().items()
        if with_all or not name.startswith(LEFT_OUT)
    }
    save_file(state, file)
    file.chmod(0o644)


def draw_phantoms():
    """Return images (uint8), boxes of lesions in [0, 1], and what is learnt of them."""
    frames, images = [], []
    for seed, separation in enumerate(SEPARATIONS):
        for modality, n_images in N_IMAGES.items():
            phantoms = make_breast_images(
                n_images,
                modality=modality,
                image_size=IMAGE_SIZE,
                class_sep=separation,
                random_state=seed,
            )
            frames.append(phantoms.frame)
            images.append(phantoms.images)
    frame = pd.concat(frames, ignore_index=True)
    boxes = np.stack([np.array(box.split(","), float) for box in frame["region"]])
    measured = frame[MEASURED].assign(aspect_ratio=np.log(frame["aspect_ratio"]))
    measured = (measured - measured.mean()) / measured.std()
    targets = np.column_stack([frame["target"], measured]).astype(np.float32)
    return (
        torch.from_numpy(np.concatenate(images))[:, None],
        torch.from_numpy((boxes / IMAGE_SIZE).astype(np.float32)),
        torch.from_numpy(targets),
    )


def pretrain(images, boxes, targets):
    """Return the trained network."""
    torch.manual_seed(SEED)
    network = CNN17(n_classes=targets.shape[1], dropout=0.0)
    network.input.mean.fill_(0.35), network.input.std.fill_(0.2)
    network.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01, fused=True)
    n_batches = len(images) // BATCH_SIZE
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=EPOCHS * n_batches
    )
    for epoch in range(EPOCHS):
        losses = []
        for rows in torch.randperm(len(images))[: n_batches * BATCH_SIZE].split(
            BATCH_SIZE
        ):
            batch = randomize(images[rows].float() / 255, boxes[rows])
            with torch.autocast("cpu", torch.bfloat16):
                outputs = network(batch).float()
            loss = measure_loss(outputs, targets[rows])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}", flush=True)
    return network.eval()


def measure_loss(outputs, targets):
    """Cross entropy of the class, and squared error of what is measured."""
    named = functional.binary_cross_entropy_with_logits(outputs[:, 0], targets[:, 0])
    return named + functional.mse_loss(outputs[:, 1:], targets[:, 1:])


def randomize(images, boxes):
    """Return crops of another look each time."""
    images = add_depth_gain(crop(images, boxes))
    images = add_speckle(images)
    images = blur(images)
    gamma = draw(len(images), 0.5, 2.0, logarithmic=True)
    images = images.clamp(1e-4, 1) ** gamma
    images = draw(len(images), 0.6, 1.4) * images + draw(len(images), -0.1, 0.1)
    images = add_frame(images.clamp(0, 1))
    return images.contiguous(memory_format=torch.channels_last)


def draw(n_images, low, high, *, logarithmic=False):
    """Draw one number for each image, of shape (n_images, 1, 1, 1)."""
    shares = torch.rand(n_images, 1, 1, 1)
    if logarithmic:
        return low * (high / low) ** shares
    return low + (high - low) * shares


def crop(images, boxes):
    """Cut out the square around each lesion, or keep the whole image; turn, mirror."""
    n_images = len(images)
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    side = (boxes[:, 2:] - boxes[:, :2]).amax(1)
    half = side * (0.5 + 0.05 + 0.6 * torch.rand(n_images))
    whole = torch.rand(n_images) < 1 / 3
    half = torch.where(whole, 0.5, half)
    center = torch.where(whole[:, None], 0.5, center)
    center = center + 0.1 * half[:, None] * torch.randn(n_images, 2)
    angle = 0.15 * torch.randn(n_images)
    stretch = torch.exp(0.08 * torch.randn(n_images))
    mirror = torch.where(torch.rand(n_images) < 0.5, -1.0, 1.0)
    cosine, sine = 2 * half * angle.cos(), 2 * half * angle.sin()
    x, y = (2 * center - 1).unbind(1)
    rows = [mirror * cosine * stretch, -sine, x, mirror * sine, cosine / stretch, y]
    maps = torch.stack(rows, 1).reshape(-1, 2, 3)
    grid = functional.affine_grid(
        maps, (n_images, 1, CROP_SIZE, CROP_SIZE), align_corners=False
    )
    return functional.grid_sample(images, grid, align_corners=False)


def add_depth_gain(images):
    """Change the brightness with depth."""
    depth = torch.linspace(-0.5, 0.5, CROP_SIZE)[:, None]
    return images * torch.exp(draw(len(images), -1.0, 1.0) * depth)


def add_speckle(images):
    """Multiply by noise whose grain is drawn at random."""
    shape = (len(images), 1)
    noise = torch.zeros_like(images)
    for size in (64, 32, 16):
        grain = torch.randn(*shape, size, size // 2 if size < 64 else size)
        grain = functional.interpolate(grain, (CROP_SIZE, CROP_SIZE), mode="bilinear")
        noise += draw(len(images), 0.0, 0.2) * grain
    return images * torch.exp(noise)


def blur(images):
    """Blur by a Gaussian filter of random width, the same in one batch."""
    width = 1.2 * float(torch.rand(()))
    distance = torch.arange(-3, 4)
    kernel = torch.exp(-(distance**2) / (2 * max(width, 0.1) ** 2))
    kernel = kernel / kernel.sum()
    padded = functional.pad(images, (3, 3, 3, 3), mode="reflect")
    lines = functional.conv2d(padded, kernel.reshape(1, 1, 1, -1))
    return functional.conv2d(lines, kernel.reshape(1, 1, -1, 1))


def add_frame(images):
    """Black out a margin on random sides, as where a picture is padded."""
    places = torch.linspace(0, 1, CROP_SIZE)
    has = (torch.rand(4, len(images), 1, 1, 1) < 0.2) * 0.25
    left, right, top, bottom = has * torch.rand(4, len(images), 1, 1, 1)
    x, y = places, places[:, None]
    inside = (x >= left) & (x <= 1 - right) & (y >= top) & (y <= 1 - bottom)
    return images * inside


if __name__ == "__main__":
    main()
