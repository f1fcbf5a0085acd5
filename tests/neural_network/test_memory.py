"""Training in little memory: batches in parts, and stages computed again."""

import pickle

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from skfusion.datasets import make_breast_images
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

SMALL = {"image_size": 32, "max_epochs": 2, "batch_size": 8, "random_state": 0}
MODELS = {
    "mobilenet_v2": lambda: TransferCNNClassifier("mobilenet_v2", weights=None),
    "squeezenet": lambda: TransferCNNClassifier("squeezenet1_1", weights=None),
    "resnet18": lambda: TransferCNNClassifier("resnet18", weights=None, trainable=3),
    "weighted": lambda: CNN17Classifier(width=4, weights=None),
    "listed": lambda: CNN17Classifier(width=4, weights=None, variant="listed"),
}


@pytest.fixture(scope="module")
def images():
    return make_breast_images(
        20, image_size=32, prevalence=0.4, random_state=0, return_X_y=True
    )


def make(name, **changes):
    return MODELS[name]().set_params(device="cpu", **SMALL | changes)


class Watch(Callback):
    """Records the gradients of each step, and the number of images in the network."""

    gradients, sizes = [], []

    def on_train_begin(self, net, **kwargs):
        self.gradients.clear(), self.sizes.clear()
        net.module_.register_forward_pre_hook(
            lambda module, inputs: self.sizes.append(len(inputs[0]))
        )

    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.gradients.append({n: p.grad.clone() for n, p in named_parameters})


def watched_fit(images, **changes):
    """Fit a network without batch normalisation, and return it with what was seen."""
    fixed = {"dropout": 0, "augmentation": False, "precision": "float32"}
    model = make("squeezenet", callbacks=[Watch()], **fixed | changes)
    model.fit(*images, groups=np.arange(len(images[1])))
    return model, list(Watch.gradients), list(Watch.sizes)


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 0.1, 1: 5}])
@pytest.mark.parametrize("micro_batch_size", [2, 3, 50])
def test_gradients_are_those_of_the_whole_batch(images, class_weight, micro_batch_size):
    params = {"class_weight": class_weight, "max_epochs": 1, "batch_size": 10}
    _, whole, _ = watched_fit(images, **params)
    _, parts, _ = watched_fit(images, micro_batch_size=micro_batch_size, **params)
    assert len(parts) == len(whole) == 2  # steps, each clipped by itself
    for name, expected in whole[0].items():
        torch.testing.assert_close(parts[0][name], expected, rtol=1e-3, atol=1e-6)


def test_losses_are_those_of_whole_batches(images):
    whole, _, _ = watched_fit(images, class_weight="balanced")
    parts, _, _ = watched_fit(images, class_weight="balanced", micro_batch_size=2)
    expected = whole.history_[:, "train_loss"]
    np.testing.assert_allclose(parts.history_[:, "train_loss"], expected, rtol=1e-4)


@pytest.mark.parametrize(("micro_batch_size", "sizes"), [(None, {6, 7}), (4, {3, 4})])
def test_the_network_takes_few_images_at_once(images, micro_batch_size, sizes):
    _, _, seen = watched_fit(images, micro_batch_size=micro_batch_size)
    assert set(seen) == sizes


def test_the_part_of_early_stopping_is_computed_in_parts_too(images):
    params = {"early_stopping": True, "validation_fraction": 0.5}
    _, _, seen = watched_fit(images, micro_batch_size=3, **params)
    assert max(seen) == 3
    assert min(seen) > 1


def test_a_class_without_weight_gives_a_finite_loss(images):
    model, _, _ = watched_fit(images, class_weight={0: 0, 1: 1}, micro_batch_size=2)
    assert np.isfinite(model.history_[:, "train_loss"]).all()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", list(MODELS))
def test_checkpointing_changes_no_bit(images, name, precision):
    params = {"dropout": 0.3, "precision": precision, "micro_batch_size": 4}
    plain = make(name, **params).fit(*images)
    again = make(name, checkpointing=True, **params).fit(*images)
    state, expected = (m.net_.module_.state_dict() for m in (again, plain))
    assert list(state) == list(expected)
    assert [k for k in state if not torch.equal(state[k], expected[k])] == []
    assert again.history_[:, "train_loss"] == plain.history_[:, "train_loss"]


@pytest.mark.parametrize("name", ["mobilenet_v2", "weighted", "listed"])
def test_checkpointing_computes_each_layer_twice(images, name):
    calls = []

    class Count(Callback):
        def on_train_begin(self, net, **kwargs):
            for module in net.module_.modules():
                if isinstance(module, torch.nn.Conv2d):
                    module.register_forward_hook(lambda m, *_: calls.append(m))

    def n_calls(**changes):
        calls.clear()
        make(name, callbacks=[Count()], **changes).fit(*images)
        return len(calls)

    assert n_calls(checkpointing=True) == 2 * n_calls()


@pytest.mark.parametrize("name", ["mobilenet_v2", "weighted"])
def test_nothing_of_checkpointing_stays_in_the_network(images, name):
    model = make(name, checkpointing=True).fit(*images)
    assert not any("forward" in vars(m) for m in model.net_.module_.modules())
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(
        again.predict_proba(images[0]), model.predict_proba(images[0])
    )
