"""Patients, lesions and poses of the synthetic images."""

import numpy as np
import pandas as pd
from PIL import Image

from .._validation._boxes import box_text
from .._validation._columns import GROUP, LATERALITY, MODALITY
from ._phantoms import lesion_boxes, render

__all__ = [
    "MODALITIES",
    "draw_images",
    "draw_lesions",
    "draw_patients",
    "draw_views",
    "find_boxes",
    "write_images",
]

MODALITIES = ("mammography", "ultrasound")


def draw_patients(n_patients, modality, prevalence, class_sep, random_state):
    """Draw class and lesion of each patient; return one row per patient."""
    number = np.arange(n_patients)
    modalities = MODALITIES if modality == "both" else (modality,)
    modality_of = np.array(modalities, dtype=object)[number % len(modalities)]
    target = np.zeros(n_patients, dtype=np.int64)
    for name in modalities:
        rows = random_state.permutation(number[modality_of == name])
        target[rows[: round(prevalence * len(rows))]] = 1
    patients = pd.DataFrame(
        {
            MODALITY: modality_of,
            GROUP: [f"patient{i + 1}" for i in number],
            LATERALITY: random_state.choice(["L", "R"], n_patients),
            "target": target,
        }
    )
    sign = class_sep * (2 * target - 1)
    is_ultrasound = modality_of == "ultrasound"
    return patients.assign(**draw_lesions(sign, is_ultrasound, random_state))


def draw_lesions(sign, is_ultrasound, random_state):
    """Draw the properties of lesions; `sign` > 0 draws them towards malignant."""
    noise = random_state.standard_normal((4, len(sign)))
    oriented = 0.1 - 0.30 * sign + 0.10 * noise[1]
    posterior = -0.33 * sign + 0.15 * noise[2]
    rotation = np.where(
        is_ultrasound, 0.15 * noise[3], random_state.uniform(0, np.pi, len(sign))
    )
    size = {"low": 0.12, "high": 0.20, "size": len(sign)}
    return {
        "irregularity": np.clip(0.28 + 0.22 * sign + 0.05 * noise[0], 0.02, 0.7),
        "aspect_ratio": np.exp(
            np.where(is_ultrasound, np.clip(oriented, -0.7, 0.8), 0.15 * noise[1])
        ),
        "posterior_echo": np.where(is_ultrasound, np.clip(posterior, -0.8, 0.9), 0.0),
        "softness": np.clip(0.20 + 0.05 * sign + 0.03 * noise[3], 0.08, 0.4),
        "contrast": random_state.uniform(0.5, 0.8, len(sign)),
        "radius": random_state.uniform(**size),
        "rotation": rotation,
    }


def draw_views(patients, n_views, random_state):
    """Repeat each patient `n_views` times, each time in another pose."""
    views = patients.loc[patients.index.repeat(n_views)].copy()
    number = np.tile(np.arange(n_views), len(patients))
    is_mammogram = (views[MODALITY] == "mammography").to_numpy()
    left = (views[LATERALITY] == "L").to_numpy()
    turn = np.where(is_mammogram, 0.5, 0.1)
    x = random_state.uniform(0.24, 0.76, len(views))
    depth = random_state.uniform(0.28, 0.58, len(views))  # from the chest wall
    views["rotation"] += turn * random_state.uniform(-1, 1, len(views))
    views["radius"] *= random_state.uniform(0.92, 1.08, len(views))
    views["center_x"] = np.where(is_mammogram, np.where(left, depth, 1 - depth), x)
    views["center_y"] = random_state.uniform(0.28, 0.66, len(views))
    views["left"] = left
    name = np.array(["CC", "MLO"], dtype=object)[number % 2]
    views.insert(2, "view", np.where(is_mammogram, name, None))
    views.insert(4, "dataset", "synthetic")
    return views


def draw_images(lesions, outlines, image_size, random_state):
    """Draw the image of each row."""
    images = np.empty((len(lesions), image_size, image_size), dtype=np.uint8)
    poses = lesions.select_dtypes(["number", "bool"])
    for modality in MODALITIES:
        rows = np.flatnonzero(lesions[MODALITY] == modality)
        part = {name: values.to_numpy()[rows] for name, values in poses.items()}
        images[rows] = render(part, outlines[rows], modality, image_size, random_state)
    return images


def find_boxes(lesions, outlines, image_size):
    """Return the box of the lesion of each row, as text."""
    poses = lesions.select_dtypes("number")
    boxes = lesion_boxes(dict(poses.items()), outlines, image_size)
    return [box_text(*box) for box in boxes]


def write_images(images, folder):
    """Write the images as PNG files with neutral names; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(folder / f"synthetic_{i + 1:04d}.png") for i in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return paths
