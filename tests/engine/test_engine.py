import numpy as np
import pytest
import torch
from sklearn import config_context

from skfusion._engine import (
    augment_batch,
    held_images,
    resolve_device,
    run_network,
    seeded,
)
from skfusion._engine._batches import ImageTensors, TrainingBatches
from skfusion._engine._device import trains_in_bfloat16
from skfusion.images import ImageSource


class Numbers:
    """Images of one pixel, each with a number of its own."""

    pixel_shape, pixel_dtype, has_store = (1, 1, 1), np.dtype(np.float32), True

    def __init__(self, n_images):
        self.n_images = n_images

    def read_pixels(self, rows, report=None):
        return np.asarray(rows, np.float32).reshape(-1, 1, 1, 1)

    def fill_store(self, verbose):
        pass

    def final_array(self):
        return None

    def distinct(self):
        return np.arange(self.n_images), None


def _tensors(n_images):
    with held_images(Numbers(n_images), torch.device("cpu")) as images:
        return ImageTensors(images, np.arange(n_images))


@pytest.mark.parametrize(
    ("n_images", "batch_size"), [(2, 32), (32, 32), (33, 32), (97, 32), (41, 2), (3, 2)]
)
def test_no_batch_holds_a_single_image_and_all_are_seen_once(n_images, batch_size):
    batches = [images for images, _ in TrainingBatches(_tensors(n_images), batch_size)]
    assert min(map(len, batches)) > 1
    assert max(map(len, batches)) <= max(batch_size, 3)
    assert sorted(torch.cat(batches).flatten().tolist()) == list(range(n_images))


def test_training_batches_come_in_another_order_each_epoch():
    batches = TrainingBatches(_tensors(50), 50)
    (first, _), (second, _) = next(iter(batches)), next(iter(batches))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("batch_size", [4, 50])
def test_images_that_do_not_fit_in_memory_come_as_the_same_batches(batch_size):
    with config_context(working_memory=0):
        streamed = _tensors(50)
    with seeded(0):
        expected = list(TrainingBatches(_tensors(50), batch_size))
    with seeded(0):
        batches = list(TrainingBatches(streamed, batch_size))
    assert not streamed.images.is_on_device
    for batch, same in zip(batches, expected, strict=True):
        assert all(map(torch.equal, batch, same))


def test_each_image_of_a_batch_is_augmented_in_its_own_way():
    image = torch.zeros(1, 1, 16, 16)
    image[:, :, 4:8, 4:12] = 1
    batch = augment_batch(image.repeat(8, 1, 1, 1))
    assert len(torch.unique(batch.flatten(1), dim=0)) == 8


def test_augmentation_keeps_the_lesion_in_the_image():
    image = torch.zeros(64, 1, 32, 32)
    image[:, :, 12:20, 12:20] = 1
    share = augment_batch(image).clamp(0, 1).sum((1, 2, 3)) / image[0].sum()
    assert share.min() > 0.4


def test_half_of_the_images_are_mirrored():
    image = torch.zeros(400, 1, 16, 16)
    image[:, :, :, :6] = 1
    batch = augment_batch(image)
    mirrored = (batch[..., 8:].sum((1, 2, 3)) > batch[..., :8].sum((1, 2, 3))).float()
    assert 0.4 < mirrored.mean() < 0.6


def test_seeded_gives_the_same_numbers_and_puts_the_generator_back():
    before = torch.random.get_rng_state()
    with seeded(3):
        first = torch.rand(4)
    with seeded(3):
        second = torch.rand(4)
    assert torch.equal(first, second)
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_unknown_device_is_named():
    with pytest.raises(ValueError, match="Got 'gpu' instead"):
        resolve_device("gpu")


@pytest.mark.parametrize(
    ("precision", "expected"), [("float32", False), ("bfloat16", True)]
)
def test_a_precision_that_is_asked_for_is_used(precision, expected):
    assert trains_in_bfloat16(precision, torch.device("cpu")) is expected


def test_every_batch_has_one_shape():
    shapes = []

    def network(batch):
        shapes.append(tuple(batch.shape))
        return batch.mean((2, 3))

    source = ImageSource(np.ones((10, 8, 8)))
    outputs = run_network(network, source, batch_size=4, device=torch.device("cpu"))
    assert set(shapes) == {(4, 1, 8, 8)}
    np.testing.assert_array_equal(outputs, np.ones((10, 1)))


def test_prediction_goes_on_with_half_a_batch_where_memory_ends():
    sizes = []

    def network(batch):
        sizes.append(len(batch))
        if len(batch) > 4:
            raise torch.OutOfMemoryError("not so many")
        return batch.mean((1, 2, 3))[:, None]

    X = np.random.default_rng(0).random((11, 4, 4), dtype=np.float32)
    with pytest.warns(RuntimeWarning, match="continuing with 4"):
        outputs = run_network(
            network, ImageSource(X), batch_size=8, device=torch.device("cpu")
        )
    np.testing.assert_allclose(outputs[:, 0], X.mean((1, 2)), rtol=1e-5)
    assert sizes == [8, 4, 4, 4]


def test_one_image_that_is_too_large_is_an_error():
    def network(batch):
        raise torch.OutOfMemoryError("not even one")

    source = ImageSource(np.zeros((2, 4, 4), np.float32))
    with pytest.raises(torch.OutOfMemoryError):
        run_network(network, source, batch_size=1, device=torch.device("cpu"))


def test_strength_widens_the_limits_of_augmentation():
    image = torch.zeros(400, 1, 32, 32)
    image[:, :, 15:17, 15:17] = 1
    columns = torch.arange(32.0)

    def spread(strength):
        with seeded(0):
            moved = augment_batch(image, strength=strength).clamp(0, 1)
        return ((moved.sum((1, 2)) * columns).sum(1) / moved.sum((1, 2, 3))).std()

    assert spread(2.0) > 1.5 * spread(1.0)


@pytest.mark.parametrize(
    ("side", "expected"), [(64, 32), (128, 16), (224, 4), (600, 1)]
)
def test_a_cpu_is_given_few_large_images_at_once(side, expected):
    sizes = []

    def network(batch):
        sizes.append(len(batch))
        return batch.mean((1, 2, 3))[:, None]

    X = np.zeros((32, side, side), np.uint8)
    run_network(network, ImageSource(X), batch_size=32, device=torch.device("cpu"))
    assert sizes == [expected] * (32 // expected)


def test_parts_of_a_batch_are_even():
    sizes = []

    def network(batch):
        sizes.append(len(batch))
        return batch.mean((1, 2, 3))[:, None]

    X = np.random.default_rng(0).random((17, 128, 128), dtype=np.float32)
    source = ImageSource(X)
    outputs = run_network(network, source, batch_size=17, device=torch.device("cpu"))
    assert sizes == [9, 9]
    np.testing.assert_allclose(outputs[:, 0], X.mean((1, 2)), rtol=1e-5)
