from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_busi,
    load_rsna,
    make_breast_images,
)
from skfusion.exceptions import ImageReadError
from skfusion.images import find_near_duplicates


@pytest.fixture(scope="module")
def images():
    return make_breast_images(30, modality="both", random_state=0).images


def with_calipers(image):
    marked = image.copy()
    marked[20:23, 10:40:4] = 255
    return marked


def test_different_images_are_families_of_their_own(images):
    assert find_near_duplicates(images).tolist() == list(range(30))


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image // 2,
        lambda image: image[1:, 1:],
        with_calipers,
        lambda image: np.asarray(Image.fromarray(image).resize((128, 96))),
        lambda image: image[:, ::-1],
        np.rot90,
    ],
    ids=["darker", "cropped", "calipers", "resized", "mirrored", "rotated"],
)
def test_copies_are_found(images, change, tmp_path):
    paths = []
    for i, image in enumerate([*images[::3], change(images[6])]):
        paths.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(image).save(paths[-1])
    assert find_near_duplicates(paths).tolist() == [*range(10), 2]


def test_copies_of_copies_are_one_family():
    t = np.linspace(0, 1, 32 * 32).reshape(32, 32)
    first, other = np.sin(9 * t + 4 * t.T), np.sin(5 * t - 14 * t.T)
    chain = np.stack([first, first + 0.3 * other, first + 0.7 * other])
    correlation = np.corrcoef(chain.reshape(3, -1))
    assert correlation[0, 2] < 0.9 < min(correlation[0, 1], correlation[1, 2])
    families = find_near_duplicates(chain, threshold=0.9, size=32)
    assert families.tolist() == [0, 0, 0]


def test_threshold_decides(images):
    shade = np.linspace(0.2, 1, 64)  # changes no texture
    pair = np.stack([images[0], (images[0] * shade).astype(np.uint8)])
    correlation = np.corrcoef(pair.reshape(2, -1))[0, 1]
    assert len(set(find_near_duplicates(pair, threshold=correlation - 0.02))) == 1
    assert len(set(find_near_duplicates(pair, threshold=correlation + 0.02))) == 2


def test_families_do_not_depend_on_the_order(images):
    rows = np.random.default_rng(0).permutation(36)
    many = np.concatenate([images, images[:6] // 2])
    plain, shuffled = find_near_duplicates(many), find_near_duplicates(many[rows])
    same = plain[rows][:, None] == plain[rows]
    np.testing.assert_array_equal(same, shuffled[:, None] == shuffled)


def test_more_images_than_a_batch():
    images = make_breast_images(600, image_size=32, random_state=0).images
    families = find_near_duplicates(np.concatenate([images, images[:3]]), size=32)
    assert families[600:].tolist() == families[:3].tolist()


def test_one_image(images):
    assert find_near_duplicates(images[:1]).tolist() == [0]


def test_flat_images_are_no_reason_to_stop():
    families = find_near_duplicates(np.zeros((3, 16, 16)))
    assert families.tolist() == [0, 1, 2]


def test_colour_images(images):
    colour = np.repeat(images[:4, ..., None], 3, axis=-1)
    assert find_near_duplicates(colour).tolist() == [0, 1, 2, 3]


def test_no_image():
    with pytest.raises(ValueError, match="at least 1 image"):
        find_near_duplicates(np.zeros((0, 16, 16)))


def test_unreadable_file_is_named(tmp_path):
    file = tmp_path / "damaged.png"
    file.write_bytes(b"\x89PNG")
    with pytest.raises(ImageReadError, match=r"damaged\.png"):
        find_near_duplicates([file])


def test_wrong_threshold(images):
    with pytest.raises(ValueError, match="'threshold' parameter"):
        find_near_duplicates(images, threshold=1.5)


@pytest.mark.slow
def test_busi_holds_more_families_than_its_table(data_folder):
    """The table was made without alignment, which finds cropped copies, too."""
    busi = load_busi(data_folder, normal="benign", drop_mixed_families=False)
    found = np.bincount(find_near_duplicates(busi.data["image"]))
    table = np.bincount(busi.frame["group"].factorize()[0])
    assert ((table > 1).sum(), table[table > 1].sum()) == (127, 292)
    assert ((found > 1).sum(), found[found > 1].sum()) == (147, 324)


@pytest.mark.slow
def test_near_duplicates_of_rsna_belong_to_one_woman(data_folder):
    rsna = load_rsna(data_folder)
    families = find_near_duplicates(rsna.data)
    assert len(np.unique(families)) < len(families)
    assert pd.Series(rsna.groups).groupby(families).nunique().max() == 1


@pytest.mark.slow
def test_no_image_is_in_both_ultrasound_sets(data_folder):
    pooled = concat_datasets(
        load_busi(data_folder, normal="benign", drop_mixed_families=False),
        load_breast_lesions_usg(data_folder, normal="benign"),
    )
    families = find_near_duplicates(pooled.data)
    data_sets = pooled.data["dataset"].groupby(families)
    assert data_sets.nunique().max() == 1
    assert data_sets.size()[data_sets.first() == "breast_lesions_usg"].max() == 1


@pytest.mark.parametrize("images", ["folder", Path("folder"), [0, 2, 5]])
def test_neither_a_folder_nor_indices_are_images(images):
    with pytest.raises(ValueError, match=r"images .*(scan_images|X\.iloc)"):
        find_near_duplicates(images)
