"""What is in a file: no path, no patient; and what is not needed beside it."""

import json
import os
import re
import subprocess
import sys
import zipfile

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skfusion.datasets import make_breast_images
from skfusion.exceptions import ModelFileError
from skfusion.feature_extraction import CNNFeatureExtractor, FeatureCache
from skfusion.images import ImageCache
from skfusion.networks import Backbone
from skfusion.neural_network import CNN17Classifier
from skfusion.persistence import load_model, save_model
from skfusion.persistence._trusted_types import trusted_types, type_name

from .conftest import NETWORK, assert_equal

SECRET = "Doe_Jane_1961"


@pytest.fixture
def files(tmp_path):
    """Images of which paths and groups name a patient, in a folder that does, too."""
    folder = tmp_path / SECRET
    data = make_breast_images(12, image_size=24, folder=folder, random_state=0)
    X = data.data
    X["group"] = [f"{SECRET}_{group}" for group in X["group"]]
    return X, data.target


@pytest.fixture
def weights(tmp_path):
    """Weights in a file of which the folder names a patient."""
    folder = tmp_path / f"weights_{SECRET}"
    folder.mkdir()
    model = Backbone("squeezenet1_1").model.state_dict()
    torch.save(model, folder / "own.pth")
    return folder / "own.pth"


def contents(file):
    """Every byte of a file, and those of the archive in it."""
    with zipfile.ZipFile(file) as archive:
        return b"".join(map(archive.read, archive.namelist()))


def test_a_file_holds_no_path_and_no_patient(files, weights, tmp_path):
    X, y = files
    extractor = CNNFeatureExtractor(
        "squeezenet1_1",
        weights=weights,
        image_size=24,
        cache=FeatureCache(tmp_path / SECRET),
        image_cache=str(tmp_path / SECRET),
    )
    pipeline = make_pipeline(extractor, LogisticRegression())
    pipeline.memory = str(tmp_path / SECRET)
    name = "cnnfeatureextractor__image_cache"
    caches = [ImageCache(tmp_path / SECRET), tmp_path / SECRET]
    search = GridSearchCV(pipeline, {name: caches}, cv=2).fit(X, y)
    file = save_model(search, tmp_path / "model.skfusion")
    for secret in (SECRET, str(tmp_path), str(tmp_path.parent)):
        assert secret.encode() not in contents(file)
    again = load_model(file)
    assert again.estimator.memory is None
    assert again.best_estimator_[0].cache is None
    assert again.best_estimator_[0].weights == "own.pth"
    assert_equal(search, again, X)


CODE = """
import sys, joblib, numpy as np
from skfusion.persistence import load_model
X = joblib.load(sys.argv[2])
np.save(sys.argv[3], load_model(sys.argv[1]).predict_proba(X))
"""


def test_another_process_predicts_the_same_without_the_weights(
    files, weights, tmp_path
):
    X, y = files
    model = make_pipeline(
        CNNFeatureExtractor("squeezenet1_1", weights=weights, image_size=24),
        LogisticRegression(),
    ).fit(X, y)
    expected = model.predict_proba(X)
    file = save_model(model, tmp_path / "model.skfusion")
    weights.unlink()
    joblib.dump(X, tmp_path / "X")
    arguments = [str(tmp_path / name) for name in ("model.skfusion", "X", "out.npy")]
    command = [sys.executable, "-c", CODE, *arguments]
    subprocess.run(
        command, check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)
    # A loaded model can be saved again, and pickled, without the file, too.
    again = load_model(save_model(load_model(file), tmp_path / "again.skfusion"))
    assert_equal(model, again, X)


def test_weights_that_changed_after_fit_are_an_error(files, weights, tmp_path):
    model = CNNFeatureExtractor("squeezenet1_1", weights=weights, image_size=24)
    model.fit(files[0])
    torch.save(Backbone("squeezenet1_1").model.state_dict(), weights)
    with pytest.raises(ValueError, match="not those with which"):
        save_model(model, tmp_path / "model.skfusion")
    assert not (tmp_path / "model.skfusion").exists()


def test_the_manifest_states_threshold_classes_and_preprocessing(tmp_path):
    X = np.random.default_rng(0).random((12, 16, 16), dtype=np.float32)
    y = np.array(["benign", "malignant"] * 6)
    network = CNN17Classifier(width=2, weights=None, **NETWORK)
    model = FixedThresholdClassifier(network, threshold=0.25).fit(X, y)
    with zipfile.ZipFile(save_model(model, tmp_path / "model.skfusion")) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["threshold"] == 0.25
    assert manifest["classes"] == ["benign", "malignant"]
    assert manifest["preprocessing"][0]["image_size"] == 16
    assert manifest["versions"]["torch"] == torch.__version__.partition("+")[0]


def test_saving_changes_neither_the_model_nor_the_generators(tmp_path):
    X = np.random.default_rng(0).random((12, 16, 16), dtype=np.float32)
    model = CNN17Classifier(width=2, weights=None, image_cache=True, **NETWORK)
    model.fit(X, np.arange(12) % 2)
    expected, state = model.predict_proba(X), torch.get_rng_state()
    again = load_model(save_model(model, tmp_path / "model.skfusion"))
    assert torch.equal(torch.get_rng_state(), state)
    assert model.image_cache is True
    np.testing.assert_array_equal(model.predict_proba(X), expected)
    assert again.net_ is again.nets_[0]
    assert again.history_ == model.history_
    assert again.net_.history == model.net_.history


class OwnScaler(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.largest_ = X.max()
        return self

    def transform(self, X):
        return X / self.largest_


def test_a_type_of_ones_own_is_loaded_if_it_is_trusted(tmp_path):
    model = OwnScaler().fit(np.ones((2, 1)))
    file = save_model(model, tmp_path / "model.skfusion")
    with pytest.raises(ModelFileError, match="OwnScaler"):
        load_model(file)
    for trusted in (OwnScaler, type_name(OwnScaler)):
        assert load_model(file, trusted=[trusted]).largest_ == 1


def test_a_backbone_of_ones_own_is_called_if_it_is_trusted(
    files, tmp_path, monkeypatch
):
    source = (
        "from torch import nn\ndef own():\n    return nn.Sequential(nn.Conv2d(3, 4, 3),"
        " nn.AdaptiveAvgPool2d(1), nn.Flatten())\n"
    )
    (tmp_path / "own_backbones.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    X, _ = files
    model = CNNFeatureExtractor("own_backbones:own", weights=None, image_size=16)
    file = save_model(model.fit(X), tmp_path / "model.skfusion")
    with pytest.raises(ModelFileError, match=r"trusted=\['own_backbones:own'\]"):
        load_model(file)
    assert_equal(model, load_model(file, trusted=["own_backbones:own"]), X)


def test_trees_that_nobody_checks_are_loaded_if_they_are_trusted(tmp_path):
    X, y = np.arange(80.0)[:, np.newaxis], np.arange(80) // 40
    model = HistGradientBoostingClassifier(max_iter=2).fit(X, y)
    file = save_model(model, tmp_path / "model.skfusion")
    name = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
    with pytest.raises(ModelFileError, match=re.escape(f"trusted=[{name!r}]")):
        load_model(file)
    assert_equal(model, load_model(file, trusted=[name]), X)


def test_what_cannot_be_saved_is_an_error(tmp_path):
    file = tmp_path / "model.skfusion"
    with pytest.raises(NotFittedError):
        save_model(StandardScaler(), file)
    with pytest.raises(TypeError, match="can be saved"):
        save_model(FunctionTransformer(lambda X: X).fit([[0]]), file)
    assert not file.exists()


def test_every_public_estimator_is_trusted(public_estimators):
    assert set(map(type_name, public_estimators)) <= trusted_types()


def test_no_trusted_type_is_a_function_that_acts():
    names = [name for name in trusted_types() if name.startswith("skfusion.datasets")]
    assert names == []
    assert not {"os.system", "builtins.eval", "pickle.loads"} & trusted_types()
