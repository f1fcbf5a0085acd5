import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from skfusion.datasets import load_breast_lesions_usg, load_bus_uclm
from skfusion.images._overlays import find_overlays


def tissue(seed, tint=(0.9, 0.95, 1.1)):
    """Speckle that is wider than it is tall, with one tint."""
    noise = np.random.default_rng(seed).normal(size=(120, 160))
    smooth = ndimage.gaussian_filter(noise, (1, 4))
    grey = 90 + 35 * smooth / smooth.std()
    colour = grey[..., np.newaxis] * np.array(tint)
    return np.clip(colour, 0, 255).astype(np.uint8)


def drawn(image, draw):
    picture = Image.fromarray(image)
    draw(ImageDraw.Draw(picture))
    return np.asarray(picture)


MARKS = {
    "text": lambda pen: pen.text((60, 50), "LT 3", fill=(255, 255, 255)),
    "caliper": lambda pen: (
        pen.line((70, 55, 80, 55), fill=(255, 255, 255)),
        pen.line((75, 50, 75, 60), fill=(255, 255, 255)),
    ),
    "yellow": lambda pen: pen.line((65, 60, 75, 60), fill=(230, 220, 80)),
    "Doppler": lambda pen: pen.ellipse((60, 50, 80, 64), fill=(20, 40, 220)),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", MARKS)
def test_a_mark_is_found_and_little_else(name, seed):
    before = tissue(seed)
    after = drawn(before, MARKS[name])
    changed = (before != after).any(axis=2)
    mask = find_overlays(after)
    assert mask[changed].mean() > 0.9
    assert not mask[:35].any()
    assert not mask[80:].any()


@pytest.mark.parametrize("seed", range(5))
def test_tissue_has_no_marks(seed):
    assert not find_overlays(tissue(seed)).any()
    assert not find_overlays(tissue(seed)[..., 1]).any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 3, 3), (1, 50), (50, 1, 3)])
def test_a_tiny_image_has_no_marks(shape):
    mask = find_overlays(np.full(shape, 255, dtype=np.uint8))
    assert mask.shape == shape[:2]
    assert not mask.any()


def test_the_image_is_not_changed():
    image = drawn(tissue(0), MARKS["text"])
    copy = image.copy()
    find_overlays(image)
    assert np.array_equal(image, copy)


def share_with_marks(paths):
    """Share of images with a mark below the icon that every BUS-UCLM image has."""
    masks = [find_overlays(np.asarray(Image.open(p).convert("RGB"))) for p in paths]
    # The lowest fifth may show the pictogram of the breast.
    return np.mean([mask[16 : int(0.8 * len(mask))].any() for mask in masks])


@pytest.mark.slow
def test_the_calipers_of_bus_uclm_are_found(data_folder):
    frame = load_bus_uclm(data_folder, normal="benign").frame
    plain = ~frame["Marks"] & ~frame["Doppler"] & ~frame["Combined"]
    assert share_with_marks(frame.loc[frame["Marks"], "image"]) > 0.8
    assert share_with_marks(frame.loc[plain, "image"]) < 0.05


@pytest.mark.slow
def test_breast_lesions_usg_has_nearly_no_marks(data_folder):
    images = load_breast_lesions_usg(data_folder).data["image"]
    assert share_with_marks(images) < 0.05
