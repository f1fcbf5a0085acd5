"""The 17-layer CNN that starts from pretrained weights."""

import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.base import clone
from sklearn.model_selection import KFold

from skfusion.datasets import make_breast_images
from skfusion.exceptions import WeightsError
from skfusion.networks import CNN17, _cnn17_weights
from skfusion.neural_network import CNN17Classifier, fit_folds

HEAD = "fully_connected.weight"


@pytest.fixture(scope="module")
def images():
    return make_breast_images(24, image_size=16, random_state=0, return_X_y=True)


@pytest.fixture(scope="module")
def trained(images):
    return network(max_epochs=3).fit(*images).net_.module_


@pytest.fixture(params=["pth", "safetensors"])
def path(request, trained, tmp_path):
    return save(trained, tmp_path / f"weights.{request.param}")


@pytest.fixture
def phantoms(trained, tmp_path, monkeypatch):
    path = save(trained, tmp_path / "cnn17_phantoms.safetensors")
    monkeypatch.setattr(_cnn17_weights, "_FILE", path)


def network(**changes):
    settings = {
        "width": 4,
        "weights": None,
        "image_size": 16,
        "max_epochs": 1,
        "device": "cpu",
        "precision": "float32",
        "random_state": 0,
    }
    return CNN17Classifier(**settings | changes)


def save(module, path):
    state = module.state_dict()
    if path.suffix == ".pth":
        torch.save(state, path)
    else:
        # Training keeps filters channels last, which safetensors refuses.
        state = {name: value.contiguous() for name, value in state.items()}
        save_file({k: halve(v) for k, v in state.items()}, path)
    return path


def halve(value):
    return value.half() if value.is_floating_point() else value


def parameters(model):
    return dict(model.net_.module_.named_parameters())


def check_equal(models):
    one, other = (model.net_.module_.state_dict() for model in models)
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


def test_training_starts_from_the_weights(images, trained, path):
    model = network(weights=path, learning_rate=1e-8).fit(*images)
    scratch = parameters(network(learning_rate=1e-8).fit(*images))
    for name, value in parameters(model).items():
        expected = trained.get_parameter(name)
        if name.startswith("fully_connected."):
            expected = scratch[name]
        torch.testing.assert_close(value, expected, rtol=1e-3, atol=1e-5)
    assert type(model.net_.module_) is CNN17


def test_the_scale_is_that_of_the_training_images(images, path):
    X, y = images
    model = network(weights=path).fit(X // 2, y)
    mean = model.net_.module_.input.mean.item()
    assert mean == pytest.approx((X // 2 / 255).mean(), abs=1e-3)


def test_phantoms_are_weights_of_the_package(images, trained, phantoms):
    model = network(weights="phantoms", learning_rate=1e-8).fit(*images)
    first = model.net_.module_.stem1[0].weight
    torch.testing.assert_close(first, trained.stem1[0].weight, rtol=1e-3, atol=1e-5)


def test_two_fits_are_equal(images, path):
    models = [network(weights=path).fit(*images) for _ in range(2)]
    check_equal(models)
    other = network(weights=path, random_state=1).fit(*images)
    assert not torch.equal(parameters(other)[HEAD], parameters(models[0])[HEAD])


def test_a_clone_keeps_the_weights(images, path):
    model = network(weights=path)
    assert clone(model).weights == path
    check_equal([model.fit(*images), clone(model).fit(*images)])


def test_a_pickle_predicts_without_the_file(images, path):
    X, y = images
    model = network(weights=path).fit(X, y)
    expected, content = model.predict_proba(X), pickle.dumps(model)
    path.unlink()
    loaded = pickle.loads(content)
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)
    with pytest.raises(WeightsError, match=r"holds no file 'weights"):
        loaded.fit(X, y)


def test_a_pickle_is_no_larger_than_from_scratch(images, path):
    sizes = [len(pickle.dumps(network(weights=w).fit(*images))) for w in (None, path)]
    assert sizes[1] < sizes[0] + 1000


def test_colour_images_share_weights_of_one_channel(images, trained, path):
    X, y = images
    colour = np.repeat(X[..., np.newaxis], 3, axis=3)
    model = network(weights=path, learning_rate=1e-8).fit(colour, y)
    total = model.net_.module_.stem1[0].weight.sum(dim=1, keepdim=True)
    torch.testing.assert_close(total, trained.stem1[0].weight, rtol=1e-3, atol=1e-5)


WRONG = {
    "word": ({"weights": "phantom"}, "must be None, 'phantoms' or the path"),
    "width": ({"width": 8}, "of width=8. Got the weights 'a.pth' of width=4 instead"),
    "variant": ({"variant": "listed"}, "Got variant='listed' instead"),
    "no file": ({"weights": "b.pth"}, "holds no file 'b.pth'"),
}


@pytest.mark.parametrize(("changes", "match"), WRONG.values(), ids=WRONG.keys())
def test_wrong_weights_raise_before_images_are_read(
    changes, match, images, trained, tmp_path, monkeypatch
):
    def read(*args):
        raise AssertionError("images are read")

    monkeypatch.setattr(CNN17Classifier, "_held_images", read)
    weights = save(trained, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=match):
        network(**{"weights": weights, **changes}).fit(*images)


def test_the_check_draws_no_random_numbers(images, path):
    before = torch.get_rng_state()
    network(weights=path)._begin(*images)
    assert torch.equal(torch.get_rng_state(), before)


def test_folds_at_once_start_from_the_weights(images, trained, path):
    splits = list(KFold(2).split(images[0]))
    models = fit_folds(network(weights=path, learning_rate=1e-8), *images, splits)
    for model in models:
        torch.testing.assert_close(
            model.net_.module_.block7.conv2.weight,
            trained.block7.conv2.weight,
            rtol=1e-3,
            atol=1e-5,
        )


def test_folds_at_once_are_single_fits(images, path):
    X, y = images
    model, splits = network(weights=path, dropout=0), list(KFold(2).split(X))
    for (train, _), fold in zip(splits, fit_folds(model, X, y, splits), strict=True):
        single = clone(model).fit(X[train], y[train])
        np.testing.assert_allclose(
            fold.predict_proba(X), single.predict_proba(X), atol=1e-3
        )
