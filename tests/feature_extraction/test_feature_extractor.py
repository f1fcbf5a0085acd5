import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.utils import shuffle
from torchvision import models

from skfusion.datasets import make_breast_images
from skfusion.exceptions import DataQualityWarning, WeightsError
from skfusion.feature_extraction import CNNFeatureExtractor, make_feature_classifier
from skfusion.feature_extraction._layers import fold_normalisation

SMALL = {"weights": None, "image_size": 32, "random_state": 0}


@pytest.fixture(scope="module")
def X():
    return make_breast_images(6, image_size=32, random_state=0).images


def extractor(**params):
    return CNNFeatureExtractor(**{"backbone": "squeezenet1_1", **SMALL, **params})


def test_features_are_those_of_the_bare_network(X, tmp_path):
    torch.manual_seed(3)
    model = models.squeezenet1_1().eval()
    torch.save(model.state_dict(), tmp_path / "weights.pth")
    features = extractor(weights=tmp_path / "weights.pth").fit_transform(X)
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
    batch = torch.from_numpy(X).float().div(255).unsqueeze(1).repeat(1, 3, 1, 1)
    with torch.inference_mode():
        maps = model.features((batch - mean) / std)
    # Its last layer is a convolution whose input the ReLU and the mean come after.
    np.testing.assert_allclose(features, maps.relu().mean((2, 3)), rtol=1e-3, atol=1e-4)


def test_features_are_float32(X):
    assert extractor().fit_transform(X).dtype == np.float32


def test_a_layer_is_taken_by_its_name(X):
    features = extractor(layer="features.3").fit_transform(X)
    assert features.shape == (6, 128)


@pytest.mark.parametrize(
    ("pooling", "n_features"), [("avg", 512), ("max", 512), ("flatten", 512)]
)
def test_pooling_of_a_layer(X, pooling, n_features):
    features = extractor(layer="features", pooling=pooling).fit_transform(X)
    assert features.shape == (6, n_features)


def test_largest_is_at_least_the_mean(X):
    largest, mean = (
        extractor(layer="features.3", pooling=pooling).fit_transform(X)
        for pooling in ("max", "avg")
    )
    assert (largest >= mean).all()
    assert (largest > mean).any()


def test_tokens_of_a_transformer_are_pooled():
    X = np.zeros((1, 224, 224), np.uint8)
    features = CNNFeatureExtractor(
        "vit_b_32", weights=None, layer="encoder.ln", batch_size=1
    ).fit_transform(X)
    assert features.shape == (1, 768)


def test_channels_of_a_swin_transformer_come_last():
    X = np.zeros((1, 64, 64), np.uint8)
    features = CNNFeatureExtractor(
        "swin_t", weights=None, layer="features.1", image_size=64, batch_size=1
    ).fit_transform(X)
    assert features.shape == (1, 96)


def test_parameters_set_after_fit_wait_for_the_next_fit(X):
    model = extractor().fit(X)
    expected = model.transform(X)
    model.set_params(layer="features.3", image_size=64)
    np.testing.assert_array_equal(model.transform(X), expected)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.transform(X), expected)


def test_pooling_without_a_layer_is_refused(X):
    with pytest.raises(ValueError, match="needs a layer"):
        extractor(pooling="max").fit(X)


def test_an_unknown_layer_gets_a_suggestion(X):
    with pytest.raises(ValueError, match="Did you mean one of"):
        extractor(layer="feature.3").fit(X)


def test_feature_names_and_pandas_output(X):
    features = extractor().set_output(transform="pandas").fit_transform(X)
    assert isinstance(features, pd.DataFrame)
    assert features.columns[0] == "cnnfeatureextractor0"


def test_the_default_size_is_that_of_the_weights(X):
    shapes = []
    model = extractor(image_size=None).fit(X)
    model._network._load(None).register_forward_pre_hook(
        lambda module, inputs: shapes.append(inputs[0].shape[2:])
    )
    model.transform(X[:1])
    assert shapes == [(224, 224)]


def test_a_clone_and_the_parameters_cost_nothing():
    # Weights that are not there are no trouble until they are needed.
    model = clone(extractor(weights="nowhere.pth")).set_params(image_size=64)
    assert model.get_params()["image_size"] == 64


def test_missing_weights_are_named_in_fit(X):
    with pytest.raises(WeightsError, match=r"'nowhere\.pth'"):
        extractor(weights="nowhere.pth").fit(X)


def test_a_pickle_holds_no_weights(X):
    assert len(pickle.dumps(extractor().fit(X))) < 5_000


def test_random_weights_come_back_after_a_pickle(X):
    model = extractor(random_state=np.random.RandomState(0)).fit(X)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.transform(X), model.transform(X))


def test_refitting_takes_new_parameters(X):
    model = extractor().fit(X)
    model.set_params(backbone="shufflenet_v2_x0_5").fit(X)
    assert model.transform(X).shape == (6, 1024)


@pytest.mark.parametrize("classifier", ["svm", "rf"])
def test_a_feature_classifier_learns_synthetic_images(classifier):
    X, y = make_breast_images(60, image_size=32, random_state=0, return_X_y=True)
    X, y = shuffle(X, y, random_state=0)
    model = make_feature_classifier(
        classifier,
        backbone="squeezenet1_1",
        weights=None,
        image_size=32,
        random_state=0,
    )
    assert model.fit(X[:40], y[:40]).predict(X[40:]).shape == (20,)


def test_an_unknown_feature_classifier_is_refused():
    with pytest.raises(ValueError, match="'classifier' parameter"):
        make_feature_classifier("knn")


def test_floats_up_to_255_are_warned_of(X):
    with pytest.warns(DataQualityWarning, match="Got float32 up to"):
        extractor().fit(X.astype(np.float32))


def test_scaled_floats_are_not_warned_of(X, recwarn):
    extractor().fit(X.astype(np.float32) / 255)
    assert not [w for w in recwarn if issubclass(w.category, DataQualityWarning)]


def test_a_progress_bar_is_shown_if_asked_for(X, capsys):
    extractor(verbose=1).fit_transform(X)
    assert f"/{len(X)} " in capsys.readouterr().err


def test_nothing_is_printed_by_default(X, capsys):
    extractor().fit_transform(X)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_folded_normalisation_computes_the_same():
    torch.manual_seed(0)
    model = models.mobilenet_v2()
    model(torch.rand(8, 3, 64, 64))  # moves the running statistics
    model.eval()
    folded = fold_normalisation(copy.deepcopy(model))
    batch = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(folded(batch), model(batch), rtol=1e-4, atol=1e-5)
    kinds = {type(layer).__name__ for layer in folded.modules()}
    assert "BatchNorm2d" not in kinds


def test_a_layer_before_a_normalisation_is_what_it_is(X, tmp_path):
    torch.manual_seed(0)
    model = models.resnet18().eval()
    torch.save(model.state_dict(), tmp_path / "weights.pth")
    settings = {"weights": tmp_path / "weights.pth", "image_size": 32}
    features = CNNFeatureExtractor("resnet18", layer="conv1", **settings)
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
    batch = torch.from_numpy(X).float().div(255).unsqueeze(1).repeat(1, 3, 1, 1)
    with torch.inference_mode():
        expected = model.conv1((batch - mean) / std).mean((2, 3))
    np.testing.assert_allclose(
        features.fit_transform(X), expected, rtol=1e-3, atol=1e-5
    )


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "weights.pth"
    torch.save(models.squeezenet1_1().state_dict(), path)
    return path


def test_a_pickle_refuses_other_weights_of_the_same_name(X, weights):
    text = pickle.dumps(extractor(weights=weights).fit(X))
    torch.manual_seed(1)
    torch.save(models.squeezenet1_1().state_dict(), weights)
    with pytest.raises(WeightsError, match=r"'weights\.pth' are not those with which"):
        pickle.loads(text).transform(X)


def test_a_pickle_can_be_told_where_its_weights_are_now(X, weights):
    fitted = extractor(weights=weights).fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    moved = weights.rename(weights.with_name("moved.pth"))
    with pytest.raises(WeightsError, match=r"set_params\(weights=...\)"):
        again.transform(X)
    again.set_params(weights=moved)
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))


def test_parameters_that_define_features_wait_for_the_next_fit():
    X = np.random.default_rng(0).random((6, 20, 32))
    extractor = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    expected = extractor.fit_transform(X)
    extractor.set_params(
        backbone="resnet18",
        layer="features",
        image_size=64,
        resize="stretch",
        image_shape=(32, 20),
        random_state=1,
    )
    np.testing.assert_array_equal(extractor.transform(X), expected)


def test_what_no_network_can_see_is_refused():
    extractor = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    with pytest.raises(ValueError, match=r"at least 1 x 1 pixel in X"):
        extractor.fit(np.zeros((12, 0, 0)))
    fitted = extractor.fit(np.zeros((2, 8, 8)))
    with pytest.raises(ValueError, match=r"float32 can hold.*1e\+300 instead"):
        fitted.transform(np.full((2, 8, 8), 1e300))
