"""A synthetic data set with known faults."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skfusion.datasets import make_breast_images

N_IMAGES = 48


@pytest.fixture
def make_clean(tmp_path):
    """Write a data set of both modalities, without faults."""

    def make(seed):
        return make_breast_images(
            N_IMAGES,
            modality="both",
            image_size=96,
            folder=tmp_path / str(seed),
            random_state=seed,
        )

    return make


@pytest.fixture
def plant():
    """Plant one fault of each kind; return the rows that have it."""

    def plant(breast, seed):
        paths = breast.data["image"].tolist()
        rng = np.random.default_rng(seed)
        modality = breast.data["modality"].to_numpy()
        mammograms = rng.permutation(np.flatnonzero(modality == "mammography"))
        echoes = rng.permutation(np.flatnonzero(modality == "ultrasound"))
        target, others = breast.target, iter(mammograms[6:])
        copy_of(paths, echoes[0], echoes[1], lambda image: image)
        copy_of(paths, echoes[2], echoes[3], lambda image: image[:, ::-1])
        copy_of(paths, mammograms[0], mammograms[1], lambda image: np.rot90(image))
        pairs = [
            tuple(sorted(pair)) for pair in (echoes[:2], echoes[2:4], mammograms[:2])
        ]
        target[echoes[1]] = 1 - target[echoes[0]]
        for row in mammograms[2:5]:
            change(paths[row], lambda image: 255 - image)
        faults = {
            "inverted polarity": set(mammograms[2:5].tolist()),
            "exact duplicate": set(echoes[:2].tolist()),
            "near-duplicate": set(echoes[2:4].tolist()) | set(mammograms[:2].tolist()),
            "two groups": {int(row) for pair in pairs for row in pair},
        }
        faults["two labels"] = {
            int(row)
            for pair in pairs
            for row in pair
            if target[pair[0]] != target[pair[1]]
        }
        kinds = ("constant", "unreadable file", "missing file", "odd shape", "colour")
        row_of = {kind: int(next(others)) for kind in kinds}
        change(paths[row_of["constant"]], np.zeros_like)
        Path(paths[row_of["unreadable file"]]).write_bytes(b"\x89PNG\r\n\x1a\n broken")
        Path(paths[row_of["missing file"]]).unlink()
        change(paths[row_of["odd shape"]], lambda image: np.repeat(image, 3, axis=1))
        change(paths[row_of["colour"]], paint)
        change(paths[echoes[4]], cross)
        faults |= {kind: {row} for kind, row in row_of.items()}
        faults["marks"] = {int(echoes[4])}
        breast.data["region"] = None
        breast.data.loc[echoes[5], "region"] = "10,10,40,98"
        breast.data.loc[echoes[6], "region"] = "10,10,40,97"
        faults["box outside"] = {int(echoes[5])}
        return faults

    return plant


def change(path, function):
    image = np.asarray(Image.open(path))
    Image.fromarray(np.ascontiguousarray(function(image))).save(path)


def copy_of(paths, source, copy, function):
    image = np.asarray(Image.open(paths[source]))
    Image.fromarray(np.ascontiguousarray(function(image))).save(paths[copy])


def paint(image):
    """Add a patch of red, as of Doppler."""
    image = np.repeat(image[..., np.newaxis], 3, axis=2)
    image[60:70, 30:40] = [200, 30, 20]
    return image


def cross(image):
    """Add two white calipers."""
    image = np.minimum(image, 120)
    for x in (30, 60):
        image[30:41, x] = image[35, x - 5 : x + 6] = 255
    return image
