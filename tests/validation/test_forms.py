"""Every form of X that networks and the extractor accept, or refuse."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_digits

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

TRAINING = {"image_size": 24, "max_epochs": 1, "batch_size": 8, "random_state": 0}
ESTIMATORS = {
    "cnn17": CNN17Classifier(width=4, weights=None, **TRAINING),
    "transfer": TransferCNNClassifier("shufflenet_v2_x0_5", weights=None, **TRAINING),
    "features": CNNFeatureExtractor(
        "shufflenet_v2_x0_5", weights=None, image_size=24, batch_size=8, random_state=0
    ),
}
FORMS = [
    "uint8",
    "uint16",
    "float in [0, 1]",
    "one channel",
    "flattened",
    "DataFrame",
    "DataFrame of objects",
    "Series",
    "list",
    "1-D array",
    "column",
]


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    data = make_breast_images(
        24,
        image_size=24,
        n_views=2,
        folder=tmp_path_factory.mktemp("x"),
        random_state=0,
    )
    table, images = data.data, data.images
    paths = table["image"].tolist()
    X = {
        "uint8": images,
        "uint16": images.astype(np.uint16) * 257,
        "float in [0, 1]": (images / 255).astype(np.float32),
        "one channel": images[..., np.newaxis],
        "flattened": images.reshape(len(images), -1),
        "DataFrame": table,
        "DataFrame of objects": table.astype({"image": object}),
        "Series": table["image"],
        "list": paths,
        "1-D array": np.array(paths, dtype=object),
        "column": np.array(paths, dtype=object).reshape(-1, 1),
    }
    return X, data.target


@pytest.fixture(params=ESTIMATORS)
def estimator(request):
    return clone(ESTIMATORS[request.param])


def outputs(estimator, X):
    use = "predict_proba" if is_classifier(estimator) else "transform"
    return getattr(estimator, use)(X)


@pytest.fixture(scope="module")
def expected(forms):
    """The outputs of every estimator, fitted on an array."""
    X, y = forms[0]["uint8"], forms[1]
    return {
        name: outputs(clone(estimator).fit(X, y), X)
        for name, estimator in ESTIMATORS.items()
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_form_of_x_gives_the_same_outputs(name, expected, forms, form):
    X, y = forms
    estimator = clone(ESTIMATORS[name])
    if form == "flattened":
        estimator.set_params(image_shape=(24, 24))
    found = outputs(estimator.fit(X[form], y), X[form])
    np.testing.assert_allclose(found, expected[name], atol=2e-4)


def test_a_pickle_holds_no_images(estimator, forms):
    X, y = forms
    small = len(pickle.dumps(clone(estimator).fit(X["uint8"], y)))
    many = np.repeat(X["uint8"], 4, axis=0), np.repeat(y, 4)
    assert len(pickle.dumps(estimator.fit(*many))) < small + 2000


def test_colour_images_are_taken(estimator):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (8, 24, 24, 3), dtype=np.uint8), np.tile([0, 1], 4)
    assert len(outputs(estimator.fit(X, y), X)) == 8


def test_images_of_another_shape_are_refused(estimator, forms):
    X, y = forms
    estimator.fit(X["uint8"], y)
    with pytest.raises(ValueError, match=r"Expected images of shape \(24, 24\)"):
        outputs(estimator, X["uint8"][:, :20, :])


def test_paths_are_read_where_fit_saw_grey_arrays(estimator, forms):
    X, y = forms
    estimator.fit(X["uint8"], y)
    np.testing.assert_allclose(
        outputs(estimator, X["list"]), outputs(estimator, X["uint8"]), atol=1e-5
    )


def test_paths_are_refused_where_fit_saw_colour(estimator, forms):
    colour = np.repeat(forms[0]["uint8"][:8, ..., np.newaxis], 3, axis=3)
    estimator.fit(colour, np.tile([0, 1], 4))
    with pytest.raises(ValueError, match="read as images of one channel"):
        outputs(estimator, forms[0]["list"])


def test_one_path_is_refused(estimator, forms):
    X, y = forms
    with pytest.raises(ValueError, match="Got one path"):
        outputs(estimator.fit(X["list"], y), X["list"][0])


def test_a_table_as_an_array_shows_no_path(estimator, forms):
    X, y = forms
    with pytest.raises(ValueError, match="column 'image'") as info:
        estimator.fit(X["DataFrame"].to_numpy(), y)
    assert X["list"][0] not in str(info.value)


def test_arrays_are_refused_where_fit_saw_paths(estimator, forms):
    X, y = forms
    estimator.fit(X["list"], y)
    with pytest.raises(ValueError, match="was fitted on paths"):
        outputs(estimator, X["uint8"])


def test_a_nan_is_named(estimator):
    X = np.zeros((4, 24, 24))
    X[2, 3, 3] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        estimator.fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize("form", ["DataFrame", "list", "uint8"])
def test_an_empty_x_is_refused(estimator, forms, form):
    X, _ = forms
    with pytest.raises(ValueError, match="0 sample"):
        estimator.fit(X[form][:0], [])


def test_a_list_of_digits_is_not_a_list_of_paths(estimator):
    X, y = load_digits(n_class=3, return_X_y=True)
    estimator.set_params(image_shape=(8, 8)).fit(X[:30].tolist(), y[:30])
    assert estimator.image_shape_ == (8, 8)


def test_a_table_without_the_column_image_is_refused(estimator, forms):
    X, y = forms
    with pytest.raises(ValueError, match=r"of which \['file', .*rename"):
        estimator.fit(X["DataFrame"].rename(columns={"image": "file"}), y)


def test_a_wrong_image_shape_names_the_parameter(estimator):
    estimator.set_params(image_shape=(5, 5))
    with pytest.raises(ValueError, match="'image_shape' parameter of"):
        estimator.fit(np.zeros((4, 24)), [0, 1, 0, 1])
