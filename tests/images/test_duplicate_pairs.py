import numpy as np
import pytest

from skfusion.datasets import make_breast_images
from skfusion.images import _duplicate_pairs
from skfusion.images._duplicate_pairs import (
    SYMMETRIES,
    duplicate_pairs,
    mark_exact,
    read_thumbnails,
)


@pytest.fixture(scope="module")
def images():
    return make_breast_images(40, modality="both", random_state=0).images


def pairs_of(images):
    return duplicate_pairs(read_thumbnails(images))


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_the_symmetry_turns_the_left_image_into_the_right_one(images, symmetry):
    copy = SYMMETRIES[symmetry](images[3])
    (pair,) = pairs_of(np.stack([*images, copy])).itertuples(index=False)
    assert (pair.left, pair.right, pair.symmetry) == (3, 40, symmetry)
    assert min(pair.correlation, pair.texture) > 0.99


def test_rotations_are_named_as_those_of_numpy(images):
    turned = np.stack([images[0], *(np.rot90(images[0], k) for k in (1, 2, 3))])
    first = pairs_of(turned).query("left == 0")
    expected = ["rotated by 90", "rotated by 180", "rotated by 270"]
    assert first["symmetry"].tolist() == expected


def test_equal_images_are_marked_also_if_mirrored(images):
    almost = images[1].copy()
    almost[5, 5] += 1
    many = np.stack([*images, images[0], almost, images[2][:, ::-1]])
    pairs = pairs_of(many)
    assert pairs["left"].tolist() == [0, 1, 2]
    assert mark_exact(pairs, many).tolist() == [True, False, True]
    left, right = pairs["left"], pairs["right"] - 40
    apart = pairs.assign(left=left, right=right)
    assert mark_exact(apart, many[:40], many[40:]).tolist() == [True, False, True]


def test_breasts_of_one_outline_are_not_the_same():
    rows, columns = np.mgrid[:64, :64]
    breast = np.hypot(rows - 32, columns) < 40
    rng = np.random.default_rng(0)
    tissue = rng.integers(100, 200, size=(6, 64, 64))
    images = (breast * tissue).astype(np.uint8)
    flat = images.reshape(6, -1)
    assert np.corrcoef(flat)[np.triu_indices(6, 1)].min() > 0.9
    assert len(duplicate_pairs(images, threshold=0.5)) == 0
    assert len(duplicate_pairs(np.concatenate([images, images[:1]]))) == 1


def test_a_cropped_copy_is_found(images):
    large = make_breast_images(12, image_size=128, random_state=1).images
    pairs = duplicate_pairs(
        np.concatenate([read_thumbnails(large), read_thumbnails(large[:, 4:, 4:])])
    )
    assert pairs["left"].tolist() == list(range(12))
    assert pairs["right"].tolist() == list(range(12, 24))


def test_many_equal_images_are_compared_once(images, monkeypatch):
    n_aligned = []
    align = _duplicate_pairs._align
    monkeypatch.setattr(
        _duplicate_pairs,
        "_align",
        lambda pairs, t: n_aligned.append(len(pairs)) or align(pairs, t),
    )
    pairs = pairs_of(np.repeat(images[:1], 60, axis=0))
    assert len(pairs) == 60 * 59 / 2
    assert set(pairs["symmetry"]) == {"same"}
    assert sum(n_aligned) < 10


def test_every_copy_of_a_turned_image_is_a_pair(images):
    turned = np.rot90(images[0])
    together = np.stack([turned, images[0], turned, images[1], images[0]])
    pairs = pairs_of(together).set_index(["left", "right"])["symmetry"]
    assert sorted(pairs.index) == [(0, 1), (0, 2), (0, 4), (1, 2), (1, 4), (2, 4)]
    for (left, right), name in pairs.items():
        assert (SYMMETRIES[name](together[left]) == together[right]).all()


def check_planted(seed):
    rng = np.random.default_rng(seed)
    images = make_breast_images(16, modality="both", random_state=seed).images
    assert len(pairs_of(images)) == 0
    rows = rng.choice(16, size=3, replace=False)
    names = rng.choice(list(SYMMETRIES), size=3)
    copies = [SYMMETRIES[n](images[r]) // 2 for r, n in zip(rows, names, strict=True)]
    pairs = pairs_of(np.concatenate([images, copies]))
    found = dict(zip(pairs["right"], pairs["left"], strict=True))
    assert found == dict(zip([16, 17, 18], rows, strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_planted_copies_are_found_and_nothing_else(seed):
    check_planted(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 50))
def test_planted_copies_of_more_seeds_are_found(seed):
    check_planted(seed)
