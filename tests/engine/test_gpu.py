"""On an accelerator: the four models, and pickles that load without one."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from skfusion._engine import _batches
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor, make_feature_classifier
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
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
        ("cnn17", CNN17Classifier(width=8, **SMALL)),
    ]


def test_four_models_are_compared_and_memory_is_freed(images):
    X, y = images
    before = torch.cuda.memory_allocated()
    compare_models(models(), X, y, groups=np.arange(len(y)))
    assert torch.cuda.memory_allocated() <= before + 2**20


@pytest.mark.parametrize("name", ["transfer", "cnn17"])
def test_training_runs_on_the_gpu(images, name):
    X, y = images
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.max_memory_allocated()
    dict(models())[name].fit(X, y)
    assert torch.cuda.max_memory_allocated() > before


def test_images_that_do_not_fit_on_the_gpu_stream(images, monkeypatch):
    X, y = images
    model = dict(models())["cnn17"]
    resident = model.fit(X, y).predict_proba(X)
    monkeypatch.setattr(_batches, "_fits", lambda images, device: False)
    np.testing.assert_allclose(model.fit(X, y).predict_proba(X), resident, atol=1e-3)


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
    step = "cnnfeatureextractor__device"
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
        env={"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": ":".join(sys.path)},
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
