"""Several networks of one estimator, which differ in their seeds."""

import pickle

import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback
from skorch.history import History

from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource
from skfusion.model_selection import compare_models
from skfusion.networks._layers import Standardize
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

SMALL = {"max_epochs": 2, "batch_size": 8, "device": "cpu", "random_state": 0}


@pytest.fixture(scope="module")
def images():
    return make_breast_images(24, image_size=16, random_state=0, return_X_y=True)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(24, image_size=16, folder=folder, random_state=0)


def cnn(**params):
    return CNN17Classifier(
        **{"width": 4, "weights": None, "image_size": 16, **SMALL, **params}
    )


def transfer(**params):
    return TransferCNNClassifier(
        "shufflenet_v2_x0_5", weights=None, **{"image_size": 32, **SMALL, **params}
    )


MAKERS = pytest.mark.parametrize("make", [cnn, transfer])


def states(model):
    return [net.module_.state_dict() for net in model.nets_]


def are_equal(state, other):
    return all(torch.equal(state[name], other[name]) for name in other)


def member(model, place):
    """Return a model that has one of the members alone."""
    single = pickle.loads(pickle.dumps(model))
    single.nets_ = [single.nets_[place]]
    return single


@MAKERS
def test_the_first_member_is_the_network_of_a_single_fit(images, make):
    one, three = (make(n_members=n).fit(*images) for n in (1, 3))
    assert len(one.nets_) == 1
    assert one.net_ is one.nets_[0]
    assert three.net_ is three.nets_[0]
    assert are_equal(*states(one), states(three)[0])
    losses = [model.net_.history[:, "train_loss"] for model in (one, three)]
    assert losses[0] == losses[1]
    X, _ = images
    np.testing.assert_array_equal(
        member(three, 0).predict_proba(X), one.predict_proba(X)
    )


@MAKERS
@pytest.mark.parametrize("augmentation", [False, True])
def test_probabilities_are_the_mean_of_those_of_the_members(images, make, augmentation):
    X, _ = images
    model = make(n_members=3, augmentation=augmentation).fit(*images)
    each = [member(model, place).predict_proba(X) for place in range(3)]
    np.testing.assert_allclose(model.predict_proba(X), np.mean(each, 0), atol=1e-6)
    assert not np.allclose(each[1], each[0], atol=1e-4)
    assert not np.allclose(each[2], each[1], atol=1e-4)


def scale_of(module):
    (layer,) = (part for part in module.modules() if isinstance(part, Standardize))
    return layer.state_dict()


def test_members_differ_in_their_first_weights_and_share_the_scale(images):
    model = cnn(n_members=3, learning_rate=1e-12, dropout=0).fit(*images)
    first = [state["stem1.0.weight"] for state in states(model)]
    assert not torch.allclose(first[0], first[1])
    assert not torch.allclose(first[1], first[2])
    scales = [scale_of(net.module_) for net in model.nets_]
    assert all(are_equal(scale, scales[0]) for scale in scales)
    assert scales[0]["mean"].item() > 0


@MAKERS
@pytest.mark.parametrize("random_state", [3, np.random.RandomState(3)])
def test_two_fits_are_the_same_to_the_bit(images, make, random_state):
    model = make(n_members=2, random_state=random_state)
    before = torch.random.get_rng_state()
    one, other = (clone(model).fit(*images) for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(map(are_equal, states(one), states(other)))


def test_files_are_read_and_the_scale_is_learnt_once(files, monkeypatch):
    counts = {"read": 0, "learn": 0}
    read, learn = ImageSource.read_pixels, Standardize.learn

    def count_images(source, rows, *args):
        counts["read"] += len(rows)
        return read(source, rows, *args)

    def count_scales(layer, chunks):
        counts["learn"] += 1
        return learn(layer, chunks)

    monkeypatch.setattr(ImageSource, "read_pixels", count_images)
    monkeypatch.setattr(Standardize, "learn", count_scales)
    cnn(n_members=3).fit(files.data, files.target)
    assert counts == {"read": 24, "learn": 1}


def test_files_are_read_once_to_predict(files, monkeypatch):
    model = cnn(n_members=3).fit(files.data, files.target)
    read, n_read = ImageSource.__getitem__, []

    def count(source, rows):
        batch = read(source, rows)
        n_read.append(len(batch))
        return batch

    monkeypatch.setattr(ImageSource, "__getitem__", count)
    model.predict(files.data)
    assert sum(n_read) == 24


def test_members_that_stream_their_images_are_the_same(files):
    model = cnn(n_members=2)
    resident = clone(model).fit(files.data, files.target)
    with config_context(working_memory=0):
        streamed = clone(model).fit(files.data, files.target)
    assert all(map(are_equal, states(resident), states(streamed)))


@MAKERS
def test_history_has_the_epochs_of_all_members(images, make):
    model = make(n_members=3).fit(*images)
    assert isinstance(model.history_, History)
    assert model.n_iter_ == len(model.history_) == 6
    assert model.history_[:, "member"] == [0, 0, 1, 1, 2, 2]
    assert model.history_[:, "epoch"] == [1, 2, 1, 2, 1, 2]
    assert np.isfinite(model.history_[:, "train_loss"]).all()
    losses = [loss for net in model.nets_ for loss in net.history[:, "train_loss"]]
    assert model.history_[:, "train_loss"] == losses


class ValidationRows(Callback):
    """Records the rows that early stopping sets aside."""

    found = []

    def on_epoch_begin(self, net, dataset_valid=None, **kwargs):
        if not net.history[:-1]:
            self.found.append(dataset_valid.rows.tolist())


def test_early_stopping_has_one_part_for_all_members(images):
    X, y = images
    ValidationRows.found.clear()
    model = cnn(
        n_members=3,
        early_stopping=True,
        max_epochs=12,
        n_iter_no_change=1,
        learning_rate=0.05,
        callbacks=[ValidationRows()],
    ).fit(X, y, groups=np.arange(24) // 2)
    first, *others = ValidationRows.found
    assert others == [first, first]
    lengths = [len(net.history) for net in model.nets_]
    assert sum(lengths) == model.n_iter_ < 36
    for net in model.nets_:  # each goes back to its own best epoch
        stopping = dict(net.callbacks_)["early_stopping"]
        best = int(np.argmin(net.history[:, "valid_loss"])) + 1
        assert stopping.best_epoch_ == best


class InterruptInTheSecondMember(Callback):
    n_begun = 0

    def on_train_begin(self, net, **kwargs):
        InterruptInTheSecondMember.n_begun += 1
        if InterruptInTheSecondMember.n_begun == 2:
            raise KeyboardInterrupt


def test_an_interrupt_in_a_later_member_changes_nothing(images):
    X, _ = images
    model = cnn(callbacks=[InterruptInTheSecondMember()], n_members=3)
    InterruptInTheSecondMember.n_begun = 0
    with pytest.raises(KeyboardInterrupt):
        model.fit(*images)
    with pytest.raises(NotFittedError):
        model.predict(X)


@MAKERS
def test_a_pickle_holds_all_members(images, make):
    X, _ = images
    model = make(n_members=2).fit(*images)
    again = pickle.loads(pickle.dumps(model))
    assert again.net_ is again.nets_[0]
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    for net in again.nets_:
        assert net.optimizer_ is None
        assert {part.device.type for part in net.module_.parameters()} == {"cpu"}


def test_a_pickle_grows_by_the_weights_of_a_member_alone(images):
    one, three = (cnn(n_members=n).fit(*images) for n in (1, 3))
    n_bytes = 4 * sum(part.numel() for part in states(one)[0].values())
    sizes = [len(pickle.dumps(model)) for model in (one, three)]
    assert sizes[1] - sizes[0] < 2 * (n_bytes + 120_000)


def test_n_members_set_after_fit_waits_for_the_next_fit(images):
    X, _ = images
    model = cnn(n_members=2).fit(*images)
    expected = model.predict_proba(X)
    model.set_params(n_members=1)
    np.testing.assert_array_equal(model.predict_proba(X), expected)


@pytest.mark.parametrize("n_members", [0, 1.5, None])
def test_another_number_of_members_is_refused(images, n_members):
    with pytest.raises(ValueError, match="The 'n_members' parameter"):
        cnn(n_members=n_members).fit(*images)


def test_a_study_has_the_losses_of_every_member(images, tmp_path):
    X, y = images
    models = [("cnn", cnn(n_members=2))]
    options = {"groups": np.arange(24) // 2, "cv": 2, "store": tmp_path}
    comparison, again = (compare_models(models, X, y, **options) for _ in range(2))
    training = comparison.training
    assert training["member"].tolist() == [0, 0, 1, 1] * 2
    assert training["epoch"].tolist() == [1, 2] * 4
    assert training.equals(again.training)
    assert len(comparison.plot("training").ax_.get_lines()) == 4
