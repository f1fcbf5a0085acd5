"""On a GPU: training, prediction, memory, and pickles that load without one."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn import config_context

from skfusion._engine import (
    _images,
    augment_batch,
    held_images,
    run_network,
    seeded,
)
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor, make_feature_classifier
from skfusion.images import ImageSource
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.neural_network._training_source import TrainingSource

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
CUDA = torch.device("cuda")
SMALL = {"image_size": 32, "max_epochs": 2, "random_state": 0}
BACKBONE = {"backbone": "squeezenet1_1", "weights": None}


@pytest.fixture(scope="module")
def images():
    return make_breast_images(60, image_size=32, random_state=0, return_X_y=True)


def models():
    return [
        ("svm", make_feature_classifier("svm", **BACKBONE, image_size=32)),
        ("forest", make_feature_classifier("rf", **BACKBONE, image_size=32)),
        ("transfer", TransferCNNClassifier(**BACKBONE, **SMALL)),
        ("cnn17", CNN17Classifier(width=8, weights=None, **SMALL)),
    ]


def test_four_models_are_compared_and_memory_is_freed(images):
    X, y = images

    def allocated_after_comparing():
        compare_models(models(), X, y, groups=np.arange(len(y)), cv=2)
        return torch.cuda.memory_allocated()

    first = allocated_after_comparing()  # with the libraries' own workspaces
    assert allocated_after_comparing() <= first


@pytest.mark.parametrize("name", ["transfer", "cnn17"])
def test_training_runs_on_the_gpu(images, name):
    X, y = images
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.max_memory_allocated()
    dict(models())[name].fit(X, y)
    assert torch.cuda.max_memory_allocated() > before


@pytest.mark.parametrize("of_files", [True, False])
@pytest.mark.parametrize("name", ["transfer", "cnn17"])
def test_images_that_do_not_fit_on_the_gpu_stream(
    name, of_files, monkeypatch, tmp_path
):
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    folder = tmp_path if of_files else None
    data = make_breast_images(60, image_size=32, folder=folder, random_state=0)
    model = dict(models())[name].set_params(precision="float32")
    resident = model.fit(data.data, data.target).predict_proba(data.data)
    monkeypatch.setattr(_images, "_DEVICE_SHARE", 0)
    with config_context(working_memory=0):
        streamed = model.fit(data.data, data.target).predict_proba(data.data)
    np.testing.assert_allclose(streamed, resident, atol=1e-3)


@pytest.fixture
def nearly_full():
    """Leave 1 GiB of the device's memory free."""
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    filling = torch.empty(free - 2**30, dtype=torch.uint8, device=CUDA)
    yield
    del filling
    torch.cuda.empty_cache()


def test_more_than_half_of_the_free_memory_is_left_to_training(nearly_full):
    X = np.random.default_rng(0).integers(0, 256, (9000, 256, 256), np.uint8)
    y = np.arange(len(X)) % 2
    for n_images, is_on_device in [(4000, True), (9000, False)]:
        source = TrainingSource(X[:n_images], image_size=256)
        before = torch.cuda.memory_allocated()
        with held_images(source, CUDA) as images:
            taken = torch.cuda.memory_allocated() - before
        assert images.is_on_device is is_on_device
        assert taken <= 1.01 * source.pixel_dtype.itemsize * X[:4000].size
        del images
    model = CNN17Classifier(
        width=2, weights=None, image_size=256, max_epochs=1, random_state=0
    )
    assert np.isfinite(model.fit(X, y).history_[:, "train_loss"]).all()


def test_images_fill_the_device_part_by_part():
    X = np.random.default_rng(0).integers(0, 256, (4000, 256, 256), np.uint8)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.max_memory_allocated()
    with held_images(TrainingSource(X, image_size=256), CUDA) as images:
        rows = torch.tensor([3999, 0, 1234])
        np.testing.assert_array_equal(images.batch(rows).cpu()[..., 0], X[rows])
        assert torch.cuda.max_memory_allocated() - before <= 1.1 * X.nbytes


@pytest.mark.parametrize("name", ["transfer", "cnn17"])
def test_early_stopping_and_weights_of_classes_work_on_the_gpu(images, name):
    X, y = images
    model = dict(models())[name].set_params(
        early_stopping=True, class_weight="balanced"
    )
    model.fit(X, y, groups=np.arange(len(y)))
    assert np.isfinite(model.history_[:, "valid_loss"]).all()


@pytest.mark.parametrize("name", ["svm", "forest"])
def test_a_pipeline_on_gpu_features_predicts_as_on_the_cpu(images, name):
    X, y = images
    model = dict(models())[name]
    step = "features__device"
    on_gpu = model.set_params(**{step: "cuda"}).fit(X, y)
    expected = on_gpu.predict(X)
    assert np.mean(on_gpu.set_params(**{step: "cpu"}).predict(X) == expected) > 0.9


@pytest.mark.parametrize("name", ["transfer", "cnn17"])
def test_a_pickle_made_on_the_gpu_loads_without_one(images, name, tmp_path):
    X, y = images
    model = dict(models())[name].set_params(device="auto").fit(X, y)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    np.save(tmp_path / "X.npy", X)
    code = (
        "import pickle, sys, numpy; from pathlib import Path; f = Path(sys.argv[1]);"
        "model = pickle.loads((f / 'model.pickle').read_bytes());"
        "numpy.save(f / 'p.npy', model.predict_proba(numpy.load(f / 'X.npy')))"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=os.environ
        | {"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    expected = model.predict_proba(X)
    np.testing.assert_allclose(np.load(tmp_path / "p.npy"), expected, atol=1e-2)


def test_features_agree_with_those_of_the_cpu(images):
    X, _ = images
    extractor = CNNFeatureExtractor(**BACKBONE, image_size=32, random_state=0)
    gpu = extractor.set_params(device="cuda").fit_transform(X)
    cpu = extractor.set_params(device="cpu").fit_transform(X)
    np.testing.assert_allclose(gpu, cpu, atol=1e-2)


def blurred(images):
    return torch.nn.functional.avg_pool2d(images, 4).flatten(1)


def test_predictions_of_many_batches_come_in_order():
    X = np.random.default_rng(0).random((1000, 64, 64), dtype=np.float32)
    found = run_network(blurred, ImageSource(X), batch_size=16, device=CUDA)
    expected = blurred(torch.from_numpy(X).unsqueeze(1)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_prediction_does_not_wait_between_batches():
    source = ImageSource(np.zeros((64, 32, 32), np.uint8))
    torch.cuda.set_sync_debug_mode("error")
    try:
        run_network(blurred, source, batch_size=16, device=CUDA)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_augmentation_does_not_wait_and_draws_as_on_the_cpu():
    images = torch.rand(16, 1, 32, 32)
    with seeded(0):
        expected = augment_batch(images)
    on_gpu = images.cuda()
    torch.cuda.set_sync_debug_mode("error")
    try:
        with seeded(0):
            found = augment_batch(on_gpu)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    np.testing.assert_allclose(found.cpu(), expected, atol=1e-4)


def test_prediction_goes_on_with_half_a_batch_where_memory_ends():
    def repeated(images):
        return images.repeat(1, 64, 1, 1).mean((2, 3))[:, :1]

    X = np.random.default_rng(0).random((300, 256, 256), dtype=np.float32)
    torch.cuda.empty_cache()
    _, total = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction(2**31 / total)
    try:
        with pytest.warns(RuntimeWarning, match="continuing with"):
            found = run_network(repeated, ImageSource(X), batch_size=256, device=CUDA)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    np.testing.assert_allclose(found[:, 0], X.mean((1, 2)), rtol=1e-4)
