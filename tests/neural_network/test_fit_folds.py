"""Networks of several folds that are trained at once."""

import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import KFold

from skfusion.datasets import make_breast_images
from skfusion.networks import CNN17
from skfusion.neural_network import (
    CNN17Classifier,
    TransferCNNClassifier,
    _cnn17,
    fit_folds,
)

N_IMAGES = 60
ON_A_GPU = pytest.param(
    "cuda",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(
            not torch.cuda.is_available(), reason="there is no CUDA device"
        ),
    ],
)


class DoubleCNN17(CNN17):
    """In double precision rounding does not grow, so that any other change shows."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.double()

    def forward(self, x):
        return super().forward(x.double())


@pytest.fixture
def double(monkeypatch):
    monkeypatch.setattr(_cnn17, "CNN17", DoubleCNN17)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(N_IMAGES, image_size=24, folder=folder, random_state=0)


def network(**changes):
    settings = {
        "width": 4,
        "weights": None,
        "image_size": 16,
        "max_epochs": 2,
        "batch_size": 8,
        "dropout": 0,
        "precision": "float32",
        "device": "cpu",
        "random_state": 3,
    }
    return CNN17Classifier(**settings | changes)


def splits_of(*sizes):
    """Draw the training sides of splits."""
    generator = np.random.default_rng(0)
    rows = (generator.permutation(N_IMAGES)[:size] for size in sizes)
    return [(train, np.setdiff1d(np.arange(N_IMAGES), train)) for train in rows]


def weights(model):
    return model.net_.module_.state_dict()


def check_as_single_fits(estimator, data, splits, y=None):
    X, y = data.data, data.target if y is None else y
    models = fit_folds(estimator, X, y, splits)
    for model, (train, _) in zip(models, splits, strict=True):
        single = clone(estimator).fit(X.iloc[train], y[train])
        for net, other in zip(model.nets_, single.nets_, strict=True):
            found, expected = (each.module_.state_dict() for each in (net, other))
            for name in expected:
                np.testing.assert_allclose(
                    found[name], expected[name], atol=1e-8, err_msg=name
                )
        losses = [each.history_[:, "train_loss"] for each in (model, single)]
        np.testing.assert_allclose(*losses, rtol=1e-6)
        assert model.history_[-1].keys() == single.history_[-1].keys()
        np.testing.assert_array_equal(model.predict(X), single.predict(X))


@pytest.mark.parametrize(
    "sizes",
    [(40, 40, 40), (40, 41, 39), (48, 40, 50, 41), (40,)],
    ids=["one size", "a row more or less", "other numbers of batches", "one fold"],
)
@pytest.mark.parametrize("variant", ["weighted", "listed"])
@pytest.mark.parametrize("device", ["cpu", ON_A_GPU])
def test_each_network_is_that_of_a_single_fit(double, data, sizes, variant, device):
    estimator = network(variant=variant, device=device)
    check_as_single_fits(estimator, data, splits_of(*sizes))


def brighten(images):
    return images + torch.rand(len(images), 1, 1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"class_weight": "balanced"},
        {"augmentation": False},
        {"augmentation": brighten},
        {"learning_rate": 0.05, "weight_decay": 0.5},
        {"region": "image", "resize": "stretch", "batch_size": 64},
        {"n_members": 2},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_settings_act_as_in_a_single_fit(double, data, changes):
    check_as_single_fits(network(**changes), data, splits_of(40, 41, 40))


def test_labels_of_text_and_a_stream_of_images_are_as_in_a_single_fit(double, data):
    y = np.array(["benign", "malignant"])[data.target]
    with config_context(working_memory=0):
        check_as_single_fits(network(), data, splits_of(40, 41), y)


@pytest.mark.parametrize("form", ["flat", "arrays"])
def test_x_has_any_form_that_fit_takes(form):
    X, y = make_breast_images(20, image_size=16, random_state=0, return_X_y=True)
    X = {"flat": X.reshape(20, -1), "arrays": list(X)}[form]
    shape = (16, 16) if form == "flat" else None
    estimator = network(image_shape=shape, max_epochs=1)
    (model,) = fit_folds(estimator, X, y, [(range(14), range(14, 20))])
    single = clone(estimator).fit(X[:14], y[:14])
    assert vars(model).keys() == vars(single).keys()
    assert model.n_features_in_ == single.n_features_in_
    np.testing.assert_allclose(model.predict_proba(X), single.predict_proba(X), 1e-3)


def test_every_fold_draws_the_dropout_of_its_own(data):
    splits = 2 * splits_of(40)
    same = fit_folds(network(), data.data, data.target, splits)
    other = fit_folds(network(dropout=0.5), data.data, data.target, splits)
    assert torch.equal(*(weights(m)["fully_connected.weight"] for m in same))
    assert not torch.equal(*(weights(m)["fully_connected.weight"] for m in other))


@pytest.mark.parametrize("device", ["cpu", ON_A_GPU])
def test_networks_learn_with_dropout(device):
    X, y = make_breast_images(80, image_size=24, random_state=0, return_X_y=True)
    estimator = network(
        dropout=0.2,
        max_epochs=12,
        augmentation=False,
        precision="auto",
        device=device,
    )
    rows = np.arange(80)
    models = fit_folds(
        estimator, X, y, [(rows[:60], rows[60:]), (rows[20:], rows[:20])]
    )
    for model in models:
        losses = model.history_[:, "train_loss"]
        assert losses[-1] < 0.75 * losses[0]


@pytest.mark.parametrize("random_state", [0, np.random.RandomState(0)])
def test_two_calls_give_the_same_numbers_and_touch_no_generator(data, random_state):
    estimator = network(dropout=0.5, random_state=random_state)
    before = torch.random.get_rng_state()
    first, second = (
        fit_folds(estimator, data.data, data.target, splits_of(40, 41))
        for _ in range(2)
    )
    assert torch.equal(before, torch.random.get_rng_state())
    for one, same in zip(first, second, strict=True):
        assert all(map(torch.equal, weights(one).values(), weights(same).values()))
    assert not hasattr(estimator, "net_")


def test_bfloat16_is_near_float32(data):
    arguments = data.data, data.target, splits_of(40, 40)
    exact = fit_folds(network(), *arguments)
    rounded = fit_folds(network(precision="bfloat16"), *arguments)
    for one, other in zip(exact, rounded, strict=True):
        losses = [each.history_[:, "train_loss"] for each in (one, other)]
        assert losses[0] != losses[1]
        np.testing.assert_allclose(*losses, atol=0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"early_stopping": True}, "early_stopping=True"),
        ({"callbacks": [("mine", None)]}, "without callbacks"),
        ({"verbose": 1}, "verbose=1"),
        ({"micro_batch_size": 4}, "without micro_batch_size"),
        ({"checkpointing": True}, "without checkpointing"),
        ({"width": 0}, "The 'width' parameter"),
    ],
)
def test_what_it_does_not_do_is_an_error(data, changes, message):
    with pytest.raises(ValueError, match=message):
        fit_folds(network(**changes), data.data, data.target, splits_of(40))


def test_another_estimator_is_an_error(data):
    with pytest.raises(TypeError, match="Got TransferCNNClassifier instead"):
        fit_folds(TransferCNNClassifier(), data.data, data.target, splits_of(40))


def test_a_splitter_is_refused(data):
    with pytest.raises(TypeError, match=r"'splits'.* Got KFold\(.*list\(cv.split"):
        fit_folds(network(), data.data, data.target, KFold(3))


@pytest.mark.parametrize(
    ("split", "found"),
    [
        (([0, N_IMAGES], [1]), f"index {N_IMAGES} is out of bounds"),
        ((["a", "b"], [1]), "integer"),
        (([0, 1],), "not enough values"),
    ],
)
def test_rows_that_are_not_in_x_are_refused(data, split, found):
    message = rf"'splits'.* Got another split 1: .*{found}.*list\(cv.split"
    with pytest.raises(ValueError, match=message):
        fit_folds(network(), data.data, data.target, [*splits_of(40), split])


def test_no_split_is_an_error(data):
    with pytest.raises(ValueError, match="at least one split"):
        fit_folds(network(), data.data, data.target, [])


def test_a_fold_without_a_class_is_an_error(data):
    rows = np.arange(N_IMAGES)
    y = np.array(["benign", "malignant", "normal"])[rows % 3]
    splits = [(rows[:40], rows[40:]), (rows[rows % 3 > 0], rows[rows % 3 == 0])]
    with pytest.raises(ValueError, match="lacks \\['benign'\\]"):
        fit_folds(network(), data.data, y, splits)
