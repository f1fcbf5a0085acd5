"""What the two classifiers of images do beyond the common checks."""

import gc
import pickle
import weakref

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from skorch.callbacks import Callback

from skfusion.datasets import make_breast_images
from skfusion.exceptions import DataQualityWarning, ImageReadError, WeightsError
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

SMALL = {"image_size": 16, "max_epochs": 2, "random_state": 0}


@pytest.fixture(scope="module")
def images():
    return make_breast_images(40, image_size=16, random_state=0, return_X_y=True)


def cnn(**params):
    return CNN17Classifier(**{"width": 4, "weights": None, **SMALL, **params})


def transfer(**params):
    return TransferCNNClassifier(
        "shufflenet_v2_x0_5", weights=None, **{**SMALL, "image_size": 32, **params}
    )


MAKERS = pytest.mark.parametrize("make", [cnn, transfer])


@MAKERS
def test_string_labels_come_back(images, make):
    X, y = images
    labels = np.array(["benign", "malignant"])[y]
    model = make().fit(X, labels)
    assert model.classes_.tolist() == ["benign", "malignant"]
    assert set(model.predict(X)) <= {"benign", "malignant"}


@MAKERS
def test_three_classes_have_three_probabilities(images, make):
    X, _ = images
    probabilities = make().fit(X, np.arange(len(X)) % 3).predict_proba(X)
    assert probabilities.shape == (40, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("variant", ["weighted", "listed"])
def test_probabilities_of_both_variants_sum_to_one(images, variant):
    X, y = images
    probabilities = cnn(variant=variant).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@MAKERS
def test_a_last_batch_of_one_image_is_no_trouble(images, make):
    X, y = images
    assert make(batch_size=8).fit(X[:33], y[:33]).n_iter_ == 2


@MAKERS
def test_a_single_class_is_refused(images, make):
    X, _ = images
    with pytest.raises(ValueError, match="at least 2 classes"):
        make().fit(X, np.zeros(len(X)))


@MAKERS
def test_history_has_an_entry_an_epoch(images, make):
    model = make(max_epochs=3).fit(*images)
    assert model.n_iter_ == len(model.history_) == 3
    assert np.isfinite(model.history_[:, "train_loss"]).all()


def test_callbacks_of_skorch_are_called(images):
    class Count(Callback):
        n_epochs = 0

        def on_epoch_end(self, net, **kwargs):
            Count.n_epochs += 1

    cnn(callbacks=[Count()]).fit(*images)
    assert Count.n_epochs == 2


def test_class_weights_move_the_answer(images):
    X, y = images
    heavy = cnn(class_weight={0: 0.01, 1: 10}, max_epochs=5, augmentation=False)
    assert heavy.fit(X, y).predict(X).mean() > 0.9


def test_balanced_class_weights_are_taken(images):
    X, y = images
    assert cnn(class_weight="balanced").fit(X, y).n_iter_ == 2


def test_own_augmentation_sees_training_batches(images):
    shapes = []

    def augmentation(batch):
        shapes.append(tuple(batch.shape))
        return batch

    cnn(augmentation=augmentation, batch_size=20).fit(*images)
    assert shapes == [(20, 1, 16, 16)] * 4


def test_augmentation_changes_what_is_learnt(images):
    X, y = images
    with_it, without = (cnn(augmentation=flag).fit(X, y) for flag in (True, False))
    assert not np.allclose(with_it.predict_proba(X), without.predict_proba(X))


def test_prediction_averages_over_the_mirror_image(images):
    X, y = images
    model = cnn().fit(X, y)
    np.testing.assert_allclose(
        model.predict_proba(X), model.predict_proba(X[:, :, ::-1]), atol=1e-6
    )


def _first_weights(model):
    return model.net_.module_.stem1[0].weight.detach().numpy()


def test_early_stopping_goes_back_to_the_best_epoch(images):
    weights = []

    class Record(Callback):
        def on_epoch_end(self, net, **kwargs):
            weights.append(net.module_.stem1[0].weight.detach().numpy().copy())

    model = cnn(
        early_stopping=True,
        max_epochs=8,
        validation_fraction=0.25,
        n_iter_no_change=8,
        callbacks=[Record()],
    ).fit(*images)
    stopping = dict(model.net_.callbacks_)["early_stopping"]
    best = int(np.argmin(model.history_[:, "valid_loss"])) + 1
    assert stopping.best_epoch_ == best
    np.testing.assert_array_equal(weights[best - 1], _first_weights(model))


def test_early_stopping_stops(images):
    X, _ = images
    noise = np.random.default_rng(0).integers(0, 2, len(X))
    model = cnn(
        early_stopping=True, max_epochs=60, n_iter_no_change=2, learning_rate=0.05
    )
    assert model.fit(X, noise).n_iter_ < 60


def test_early_stopping_on_arrays_without_groups_warns(images):
    with pytest.warns(DataQualityWarning, match="Pass groups to fit"):
        cnn(early_stopping=True).fit(*images)


def test_channels_that_do_not_come_last_are_refused(images):
    with pytest.raises(ValueError, match=r"transpose\(0, 2, 3, 1\)"):
        cnn().fit(np.zeros((4, 1, 16, 16)), [0, 1, 0, 1])


def test_early_stopping_needs_two_groups_a_class(images):
    X, y = images
    with pytest.raises(ValueError, match="at least 2 groups"):
        cnn(early_stopping=True).fit(X, y, groups=y)


def test_groups_of_another_length_are_refused(images):
    X, y = images
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        cnn().fit(X, y, groups=y[:-1])


def test_a_progress_bar_is_shown_if_asked_for(tmp_path, capsys):
    data = make_breast_images(8, image_size=16, folder=tmp_path, random_state=0)
    cnn(verbose=1).fit(data.data, data.target)
    bars = capsys.readouterr().err
    assert "epochs" in bars
    assert "images" in bars


def test_nothing_is_printed_by_default(images, capsys):
    cnn(early_stopping=True).fit(*images)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_the_device_parameter_is_not_written_back(images):
    model = cnn(device="auto").fit(*images)
    assert model.device == "auto"


def test_an_unknown_device_is_refused(images):
    with pytest.raises(ValueError, match="'device' parameter"):
        cnn(device="quantum").fit(*images)


def test_a_missing_weights_file_is_named(images):
    with pytest.raises(WeightsError, match=r"'none\.pth'"):
        TransferCNNClassifier(weights="folder/none.pth", image_size=32).fit(*images)


def test_two_channels_are_refused_by_a_pretrained_network():
    with pytest.raises(ValueError, match="1 or 3 channels"):
        transfer().fit(np.zeros((4, 16, 16, 2)), [0, 1, 0, 1])


def test_two_channels_are_fine_for_the_17_layer_network():
    X = np.random.default_rng(0).random((4, 16, 16, 2))
    assert cnn().fit(X, [0, 1, 0, 1]).predict(X).shape == (4,)


def test_a_corrupt_image_is_named(tmp_path):
    data = make_breast_images(8, image_size=16, folder=tmp_path, random_state=0)
    broken = data.data["image"].iloc[3]
    with open(broken, "wb") as file:  # noqa: PTH123 a few bytes
        file.write(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(ImageReadError, match=broken.rpartition("/")[2]):
        cnn().fit(data.data, data.target)


def test_a_pickle_is_small(images):
    model = cnn(early_stopping=True).fit(*images)
    n_bytes = 4 * sum(p.numel() for p in model.net_.module_.state_dict().values())
    assert len(pickle.dumps(model)) < n_bytes + 120_000


def test_a_pickle_after_early_stopping_holds_no_images(images):
    X, y = images
    sizes = [
        len(pickle.dumps(cnn(early_stopping=True).fit(X.repeat(n, 0), y.repeat(n))))
        for n in (1, 4)
    ]
    assert sizes[1] < sizes[0] + 2000


def test_no_gradients_are_kept(images):
    module = cnn().fit(*images).net_.module_
    assert all(parameter.grad is None for parameter in module.parameters())


@MAKERS
def test_a_network_is_released_without_the_garbage_collector(images, make):
    """A study of many fits needs no collection, which takes longer than a small fit."""
    gc.collect()
    gc.disable()
    try:
        model = make(max_epochs=2).fit(*images)
        model.predict(images[0])
        weights = [weakref.ref(each) for each in model.net_.module_.parameters()]
        del model
        assert not any(weight() is not None for weight in weights)
    finally:
        gc.enable()


def test_the_net_of_skorch_predicts_too(images):
    X, y = images
    model = cnn(augmentation=False).fit(X, y)
    pixels = (X / np.float32(255)).astype(np.float32)[:, np.newaxis]
    np.testing.assert_allclose(
        model.net_.predict_proba(pixels), model.predict_proba(X), atol=1e-5
    )


def test_callbacks_that_were_given_stay_as_they_were(images):
    class Count(Callback):
        n_epochs = 0

        def on_epoch_end(self, net, **kwargs):
            self.n_epochs += 1

    callback = Count()
    model = cnn(callbacks=[callback]).fit(*images)
    assert callback.n_epochs == 0
    assert max(getattr(c, "n_epochs", 0) for _, c in model.net_.callbacks_) == 2


def test_an_image_size_set_after_fit_waits_for_the_next_fit(images):
    X, y = images
    model = cnn().fit(X, y)
    expected = model.predict_proba(X)
    np.testing.assert_array_equal(
        model.set_params(image_size=32).predict_proba(X), expected
    )


def test_a_missing_label_is_named(tmp_path):
    data = make_breast_images(4, image_size=16, folder=tmp_path, random_state=0)
    labels = np.array(["benign", None, "malignant", "benign"], dtype=object)
    with pytest.raises(ValueError, match="Row 1 has none"):
        cnn().fit(data.data, labels)


def test_a_frozen_backbone_does_not_change(images):
    X, y = images
    frozen = transfer(trainable="head", max_epochs=1).fit(X, y)
    longer = transfer(trainable="head", max_epochs=4).fit(X, y)
    first, second = (m.net_.module_.backbone.state_dict() for m in (frozen, longer))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_backbone_learns_more_slowly_than_its_head(images):
    rates = []

    class Record(Callback):
        def on_batch_end(self, net, training=None, **kwargs):
            rates.append([group["lr"] for group in net.optimizer_.param_groups])

    transfer(callbacks=[Record()]).fit(*images)
    backbone, head = np.array(rates).T
    np.testing.assert_allclose(backbone, head / 10, rtol=1e-6)


def test_it_is_the_last_step_of_an_imbalanced_learn_pipeline(tmp_path):
    data = make_breast_images(
        20, image_size=16, prevalence=0.3, folder=tmp_path, random_state=0
    )
    model = make_pipeline(RandomOverSampler(random_state=0), cnn())
    assert model.fit(data.data, data.target).predict(data.data).shape == (20,)


@pytest.mark.slow
@pytest.mark.parametrize("modality", ["mammography", "ultrasound"])
def test_the_17_layer_network_learns_synthetic_images(modality):
    from sklearn.metrics import cohen_kappa_score

    X, y = make_breast_images(800, modality=modality, random_state=0, return_X_y=True)
    model = CNN17Classifier(weights=None, random_state=0).fit(X[:400], y[:400])
    assert cohen_kappa_score(y[400:], model.predict(X[400:])) > 0.8


def test_copies_of_files_are_augmented_once_by_training(tmp_path):
    data = make_breast_images(20, image_size=16, folder=tmp_path, random_state=0)
    seeded = data.data.assign(augmentation=np.arange(20))
    first = cnn().fit(data.data, data.target).predict_proba(data.data)
    second = cnn().fit(seeded, data.target).predict_proba(data.data)
    np.testing.assert_array_equal(first, second)


def test_copies_of_files_are_augmented_where_training_does_not(tmp_path):
    data = make_breast_images(20, image_size=16, folder=tmp_path, random_state=0)
    seeded = data.data.assign(augmentation=np.arange(20))
    model = cnn(augmentation=False)
    first = model.fit(data.data, data.target).predict_proba(data.data)
    second = model.fit(seeded, data.target).predict_proba(data.data)
    assert not np.allclose(first, second)


def test_a_pretrained_network_warns_of_floats_up_to_255(images):
    X, y = images
    with pytest.warns(DataQualityWarning, match="Got float32 up to"):
        transfer(max_epochs=1).fit(X.astype(float), y)


@MAKERS
def test_prediction_warns_of_another_scale_than_that_of_fit(images, make):
    X, y = images
    model = make(max_epochs=1).fit(X, y)
    with pytest.warns(DataQualityWarning, match="Got float64 up to"):
        model.predict(X.astype(float))


def test_a_network_of_another_scale_warns_of_files_and_small_numbers(images):
    X, y = images
    model = cnn(max_epochs=1).fit(X.astype(float), y)
    with pytest.warns(DataQualityWarning, match=r"fitted on numbers far beyond"):
        model.predict(X)


@MAKERS
def test_parameters_that_define_the_model_wait_for_the_next_fit(images, make):
    X, y = images
    X = X[:, :, :12]  # no square: resize matters
    model = make(max_epochs=1).fit(X, y)
    expected = model.predict_proba(X)
    model.set_params(
        image_size=40, resize="stretch", augmentation=False, image_shape=(12, 16)
    )
    np.testing.assert_array_equal(model.predict_proba(X), expected)


@MAKERS
def test_flattened_images_keep_the_shape_of_fit(images, make):
    X, y = images
    flat = X.reshape(len(X), -1)
    model = make(max_epochs=1, image_shape=(16, 16)).fit(flat, y)
    expected = model.predict_proba(flat)
    model.set_params(image_shape=(8, 32))
    np.testing.assert_array_equal(model.predict_proba(flat), expected)


@MAKERS
def test_images_without_pixels_are_refused(make):
    with pytest.raises(ValueError, match=r"at least 1 x 1 pixel in X.*\(12, 0, 0\)"):
        make().fit(np.zeros((12, 0, 0)), np.arange(12) % 2)


@MAKERS
@pytest.mark.parametrize("pixel", [1e300, -1e300])
def test_pixels_beyond_float32_are_refused(images, make, pixel):
    X, y = images
    X = X.astype(float)
    X[3, 2, 1] = pixel
    with pytest.raises(ValueError, match=r"float32 can hold.*1e\+300 instead"):
        make().fit(X, y)
