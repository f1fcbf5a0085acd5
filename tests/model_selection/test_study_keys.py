"""What a fit depends on changes its key, and what does not, does not."""

import copy
import os
import shutil
import threading
from functools import partial
from importlib import metadata

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from scipy.stats import loguniform
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import check_scoring, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    StratifiedGroupKFold,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from skorch.callbacks import EarlyStopping

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import PerModalityClassifier
from skfusion.metrics import kappa_scorer
from skfusion.model_selection import _study_keys
from skfusion.model_selection._data_digest import data_digest
from skfusion.model_selection._folds import CheckedData
from skfusion.model_selection._identity import identify
from skfusion.model_selection._splits import check_splits
from skfusion.model_selection._study_keys import fold_keys
from skfusion.networks import _cnn17_weights
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler

FACTOR = 2


def scale(X, factor=1.0):
    return FACTOR * factor * X


class Own(BaseEstimator):
    def __init__(self, memory=None, n_jobs=None, verbose=0, cache=None):
        self.memory = memory
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.cache = cache


def key_of(model):
    return identify(model, "model")


def extract(**params):
    return CNNFeatureExtractor("squeezenet1_1", weights=None, **params)


def on_features(model=None, **params):
    return make_pipeline(extract(**params), StandardScaler(), model or SVC())


def search(**params):
    return GridSearchCV(on_features(), {"svc__C": [1, 10]}, **params)


def per_modality(**params):
    return PerModalityClassifier([("mammography", on_features(**params))])


DIFFERENT = {
    "class": (SVC(), LogisticRegression()),
    "parameter": (SVC(C=1.0), SVC(C=1.5)),
    "type of a parameter": (SVC(C=1), SVC(C=True)),
    "name and class": (SVC(), FrozenEstimator(SVC())),
    "nested": (on_features(), on_features(SVC(C=2))),
    "nested in a search": (search(), search(cv=StratifiedGroupKFold(3))),
    "splitter": (
        search(cv=StratifiedGroupKFold(3)),
        search(cv=StratifiedGroupKFold(3, shuffle=True, random_state=0)),
    ),
    "nested in a fusion": (per_modality(), per_modality(image_size=64)),
    "order of steps": (
        make_pipeline(StandardScaler(), SVC()),
        make_pipeline(SVC(), StandardScaler()),
    ),
    "random_state": (SVC(random_state=0), SVC(random_state=None)),
    "state of a generator": (
        SVC(random_state=np.random.RandomState(0)),
        SVC(random_state=np.random.RandomState(1)),
    ),
    "array": (GaussianNB(priors=np.array([0.5, 0.5])), GaussianNB(priors=[0.5, 0.5])),
    "value in an array": (
        GaussianNB(priors=np.array([0.5, 0.5])),
        GaussianNB(priors=np.array([0.5, 0.5 + 1e-16 * 2])),
    ),
    "dtype": (SVC(C=np.ones(2)), SVC(C=np.ones(2, np.float32))),
    "dict": (SVC(class_weight={0: 1, 1: 2}), SVC(class_weight={0: 2, 1: 1})),
    "distribution": (
        RandomizedSearchCV(SVC(), {"C": loguniform(0.1, 1)}),
        RandomizedSearchCV(SVC(), {"C": loguniform(0.1, 2)}),
    ),
    "set_output": (
        StandardScaler(),
        StandardScaler().set_output(transform="pandas"),
    ),
    "mask": (
        SVC(C=np.ma.MaskedArray([1, 2], [True, False])),
        SVC(C=np.ma.MaskedArray([1, 2], [False, True])),
    ),
    "under a mask": (
        SVC(C=np.ma.MaskedArray([1, 2], [True, False])),
        SVC(C=np.ma.MaskedArray([3, 2], [True, False])),
    ),
    "categories": (
        SVC(C=pd.Series(["a", "b"], dtype=pd.CategoricalDtype(["a", "b"]))),
        SVC(C=pd.Series(["a", "b"], dtype=pd.CategoricalDtype(["b", "a"]))),
    ),
    "own parameter memory": (Own(memory=1), Own(memory=3)),
    "own parameter n_jobs": (Own(n_jobs=1), Own(n_jobs=3)),
    "own parameter verbose": (Own(verbose=1), Own(verbose=3)),
    "own parameter cache": (Own(cache=1), Own(cache=3)),
    "what a method has learned": (
        FunctionTransformer(GaussianNB().fit([[0], [1]], [0, 1]).predict),
        FunctionTransformer(GaussianNB().fit([[0], [2]], [0, 1]).predict),
    ),
    "8 bits": (extract(), extract(image_cache="anywhere")),
    "function": (FunctionTransformer(np.log1p), FunctionTransformer(np.exp)),
    "partial": (
        FunctionTransformer(partial(scale, factor=2)),
        FunctionTransformer(partial(scale, factor=3)),
    ),
    "lambda": (
        FunctionTransformer(lambda X: X + 1),
        FunctionTransformer(lambda X: X + 2),
    ),
    "callback": (
        CNN17Classifier(callbacks=[EarlyStopping(patience=3)]),
        CNN17Classifier(callbacks=[EarlyStopping(patience=4)]),
    ),
    "tensor": (SVC(C=torch.zeros(2)), SVC(C=torch.ones(2))),
    "weights of a module": (
        SVC(C=torch.nn.Linear(2, 2)),
        SVC(C=torch.nn.Linear(2, 2)),
    ),
    "fitted and frozen": (
        FrozenEstimator(GaussianNB().fit([[0], [1]], [0, 1])),
        FrozenEstimator(GaussianNB().fit([[0], [2]], [0, 1])),
    ),
}


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_models_that_differ_have_different_keys(pair):
    one, other = pair
    assert key_of(one) != key_of(other)
    assert key_of(one) == key_of(copy.deepcopy(one))


def test_a_request_for_metadata_is_another_key():
    with sklearn.config_context(enable_metadata_routing=True):
        assert key_of(SVC()) != key_of(SVC().set_fit_request(sample_weight=True))


EQUAL = {
    "cache": (on_features(), on_features(cache="a")),
    "image_cache": (extract(image_cache="a"), extract(image_cache="b")),
    "checkpointing": (CNN17Classifier(), CNN17Classifier(checkpointing=True)),
    "isolated": (on_features(), on_features(isolated=True)),
    "verbose": (CNN17Classifier(), CNN17Classifier(verbose=1)),
    "n_jobs": (search(), search(n_jobs=2)),
    "memory": (
        make_pipeline(StandardScaler(), SVC()),
        make_pipeline(StandardScaler(), SVC(), memory="a"),
    ),
    "order of a dict": (SVC(class_weight={0: 1, 1: 2}), SVC(class_weight={1: 2, 0: 1})),
    "number of numpy": (SVC(C=0.5), SVC(C=np.float64(0.5))),
    "shared and copied": (
        make_pipeline(StandardScaler(), StandardScaler()),
        make_pipeline(*[StandardScaler()] * 2),
    ),
    "sampler": [make_sampling_pipeline(ImageOverSampler(), SVC()) for _ in range(2)],
}


@pytest.mark.parametrize("pair", EQUAL.values(), ids=EQUAL.keys())
def test_what_changes_no_prediction_changes_no_key(pair):
    if isinstance(pair[0], type(pair[1])) and len(getattr(pair[0], "steps", "")) == 2:
        for one in pair:  # make_pipeline names equal steps alike
            one.steps = [
                (str(place), step) for place, (_, step) in enumerate(one.steps)
            ]
    assert key_of(pair[0]) == key_of(pair[1])


@pytest.mark.parametrize("name", ["a.pth", "a.pth.tar", "weights"])
def test_files_count_by_their_name_and_content(tmp_path, name, monkeypatch):
    paths = [tmp_path / folder / name for folder in ("one", "other")]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"weights")
    status = paths[0].stat()

    def key(path):
        return key_of(TransferCNNClassifier(weights=path))

    first = key(paths[0])
    assert first == key(str(paths[0])) == key(paths[1])
    monkeypatch.setenv("HOME", str(paths[1].parent))
    monkeypatch.setenv("USERPROFILE", str(paths[1].parent))
    assert key(f"~/{name}") == first
    monkeypatch.chdir(paths[1].parent)
    assert key(name) == first
    paths[0].write_bytes(b"Weights")
    os.utime(paths[0], ns=(status.st_atime_ns, status.st_mtime_ns))
    assert key(paths[0]) != first
    assert key(str(paths[0])) != first


def test_packaged_weights_count_by_their_content(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"weights")
    monkeypatch.setattr(_cnn17_weights, "_FILE", path)
    first = key_of(CNN17Classifier(weights="phantoms"))
    assert first == key_of(CNN17Classifier(weights=path))
    assert first != key_of(CNN17Classifier(weights=None))
    path.write_bytes(b"Weights")
    assert first != key_of(CNN17Classifier(weights="phantoms"))


def test_the_log_of_a_callback_does_not_count(tmp_path):
    path = tmp_path / "history.json"
    model = CNN17Classifier(callbacks=[EarlyStopping(monitor=str(path))])
    first = key_of(model)
    path.write_text("a line")
    assert key_of(model) == first


@pytest.mark.parametrize(
    "value",
    [threading.Lock(), open(os.devnull), (n for n in range(3))],  # noqa: PTH123, SIM115
    ids=["lock", "file", "generator"],
)
def test_what_cannot_be_compared_is_named(value):
    model = make_pipeline(StandardScaler(), SVC(C={"a": [value]}))
    with pytest.raises(ValueError, match=r"'model__steps__C__a' holds .*store=None"):
        key_of(model)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(16, image_size=16, folder=folder, random_state=0)


def check(X, y, groups=None, cv=2):
    y = np.asarray(y)
    return CheckedData(X, y, groups, check_splits(cv, y, groups), np.unique(y))


def test_data_may_move_and_a_changed_file_is_other_data(images, tmp_path):
    X, y = images.data, images.target
    first = data_digest(check(X, y))
    moved = X.copy()
    moved["image"] = [shutil.copy2(path, tmp_path) for path in X["image"]]
    assert data_digest(check(moved, y)) == first
    path = tmp_path / os.path.basename(moved["image"].iloc[3])  # noqa: PTH119
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert data_digest(check(moved, y)) != first


def test_a_copy_of_a_file_is_not_the_file(images, tmp_path):
    """Without groups, an inner split keeps rows of one file together."""
    X, y = images.data.copy(), images.target
    X.loc[1, "image"] = X.loc[0, "image"]
    first = data_digest(check(X, y))
    X.loc[1, "image"] = shutil.copy2(X.loc[0, "image"], tmp_path)
    assert data_digest(check(X, y)) != first


@pytest.mark.parametrize(
    "form", [list, np.array, pd.Series, lambda X: [[x] for x in X]]
)
def test_files_count_by_their_content_in_every_form(images, tmp_path, form):
    paths = [shutil.copy2(path, tmp_path) for path in images.data["image"]]
    first = data_digest(check(form(paths), images.target))
    assert data_digest(check(form(paths), images.target)) == first
    (tmp_path / os.path.basename(paths[2])).write_bytes(b"other")  # noqa: PTH119
    assert data_digest(check(form(paths), images.target)) != first


def as_categories(names, ordered=False):
    return pd.Categorical(["left", "right"] * 8, names, ordered)


def test_every_part_of_the_data_counts(images):
    X, y = images.data, images.target
    groups = X["group"].to_numpy()
    other_y, other_groups = y.copy(), groups.copy()
    other_y[[0, 1]] = other_y[[1, 0]] if y[0] != y[1] else 1 - other_y[[0, 1]]
    other_groups[0] = "other"
    missing = X.copy()
    missing.loc[0, "modality"] = None
    parts = [
        (X, y, groups),
        (X, other_y, groups),
        (X, y, None),
        (X, y, other_groups),
        (X.assign(view="another"), y, groups),
        (X.set_axis(range(1, 17)), y, groups),
        (X.assign(augmentation=0), y, groups),
        (X.assign(augmentation=0.0), y, groups),
        (missing, y, groups),
        (X[X.columns[::-1]], y, groups),
        (X.iloc[::-1], y, groups),
        (X.rename(columns={"view": "View"}), y, groups),
        (X["image"], y, groups),
        (list(X["image"]), y, groups),
        (X.assign(view=as_categories(["left", "right"])), y, groups),
        (X.assign(view=as_categories(["left", "right"], ordered=True)), y, groups),
        (X.assign(view=as_categories(["right", "left"])), y, groups),
        (X["image"].rename("other"), y, groups),
        (images.images, y, groups),
        (np.ma.MaskedArray(images.images, mask=True), y, groups),
        (np.ma.MaskedArray(images.images, mask=False), y, groups),
        (images.images.astype(np.float32), y, groups),
        (images.images.reshape(16, 8, 32), y, groups),
    ]
    labels = np.unique(y)
    digests = [data_digest(CheckedData(*part, [], labels)) for part in parts]
    assert len(set(digests)) == len(parts)
    assert data_digest(CheckedData(X, y, groups, [], labels[::-1])) != digests[0]


def keys_of(data, scoring=None, model=None):
    scorer = check_scoring(SVC(), scoring=scoring) if scoring else None
    return set(fold_keys([("m", model or DummyClassifier())], data, scorer).values())


def test_splits_and_scorers_count(images):
    X, y = images.data, images.target
    first = keys_of(check(X, y))
    assert keys_of(check(X, y)) == first
    assert len(first) == 2
    others = [
        keys_of(check(X, y, cv=3)),
        keys_of(check(X, y), {"kappa": kappa_scorer}),
        keys_of(check(X, y), {"kappa": make_scorer(np.mean)}),
        keys_of(check(X, y), ["accuracy", "f1"]),
    ]
    assert len(first.union(*others)) == sum(map(len, [first, *others]))
    assert keys_of(check(X, y), ["f1", "accuracy"]) == others[-1]


PACKAGES = ["scikit-learn", "imbalanced-learn", "numpy", "scipy", "pandas", "torch"]
PACKAGES += ["torchvision", "skorch", "Pillow", "pydicom"]


@pytest.mark.parametrize("package", PACKAGES)
def test_another_version_of_what_computes_is_another_key(images, monkeypatch, package):
    data = check(images.data, images.target)
    first = keys_of(data)
    version = metadata.version

    def changed(name):
        return "999" if name == package else version(name)

    monkeypatch.setattr(_study_keys, "version", changed)
    assert not keys_of(data) & first


def test_another_version_of_skfusion_is_another_key(images, monkeypatch):
    data = check(images.data, images.target)
    first = keys_of(data)
    monkeypatch.setattr(_study_keys, "__version__", "999")
    assert not keys_of(data) & first


def test_the_configuration_of_scikit_learn_counts(images):
    data = check(images.data, images.target)
    first = keys_of(data)
    with sklearn.config_context(transform_output="pandas"):
        assert not keys_of(data) & first


def test_the_device_that_auto_stands_for_counts(images, monkeypatch):
    from skfusion._engine import _device
    from skfusion.neural_network import CNN17Classifier

    data = check(images.data, images.target)
    network = [("network", CNN17Classifier())]
    first = set(_study_keys.fold_keys(network, data).values())
    monkeypatch.setattr(_device, "_best_device", lambda: "meta")
    assert not first & set(_study_keys.fold_keys(network, data).values())


@pytest.mark.parametrize("model", [extract(), CNN17Classifier()])
def test_the_region_and_its_margin_count(model):
    params = [{"region": "image"}, {"region": "lesion"}]
    params.append({"region": "lesion", "margin": 0.5})
    keys = [key_of(copy.copy(model).set_params(**each)) for each in params]
    assert len(set(keys)) == 3
    assert key_of(copy.copy(model).set_params(margin=0.5)) == keys[0]


def test_the_boxes_count(tmp_path):
    breast = make_breast_images(2, image_size=16, folder=tmp_path, random_state=0)

    def digest_of(X):
        return data_digest(CheckedData(X, breast.target, breast.groups, [], [0, 1]))

    X = breast.data
    assert digest_of(X) == digest_of(X.copy())
    assert digest_of(X) != digest_of(X.assign(region="0,0,4,4"))
