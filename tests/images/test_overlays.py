import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from skfusion.datasets import load_breast_lesions_usg, load_bus_uclm
from skfusion.images._overlays import find_colours, find_overlays, find_strokes


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


@pytest.mark.parametrize("shape", [(90, 70), (40, 3), (3, 40), (6, 6)])
@pytest.mark.parametrize("seed", range(3))
def test_strokes_are_those_of_morphology(shape, seed):
    image = np.random.default_rng(seed).choice([0, 60, 150], shape, p=[0.8, 0.1, 0.1])
    image = image.astype(np.uint8)
    image[2:9, shape[1] // 2] = 200
    thin = image - ndimage.grey_opening(image, size=(1, 7)) >= 80
    upright = ndimage.binary_opening(thin, np.ones((4, 1)))
    assert np.array_equal(find_strokes(image), upright)


@pytest.mark.parametrize("step", [15, 30])
def test_only_colours_beyond_the_step_are_found(step):
    image = tissue(0)
    image[50:56, 60:70] = 130, 130, 70  # 40 below the mean in blue
    doppler, marks = find_colours(image, step=step)
    assert not doppler.any()
    assert marks[50:56, 60:70].all()
    image[50:56, 60:70] = 104, 104, 92
    assert find_colours(image, step=step)[1][50:56, 60:70].all() == (step == 15)


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
