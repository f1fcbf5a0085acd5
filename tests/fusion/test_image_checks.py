"""What holds for every fusion, on files: our own checks, as for the other models."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion._validation._unreadable import names_unreadable_images
from skfusion.datasets import make_breast_images
from skfusion.exceptions import ImageReadError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    MultiBranchCNNClassifier,
    PerModalityClassifier,
    make_feature_fusion,
)
from skfusion.images import ImageSource
from skfusion.neural_network import CNN17Classifier

COLUMNS = ["mammogram", "ultrasound"]
NETWORK = {"width": 2, "image_size": 16, "max_epochs": 1, "random_state": 0}
EXTRACTOR = CNNFeatureExtractor(
    "squeezenet1_1", weights=None, image_size=24, random_state=0
)
IMAGE = make_pipeline(EXTRACTOR, LogisticRegression())
EXTRACTORS = [(column, EXTRACTOR) for column in COLUMNS]
IMAGES = [(column, IMAGE) for column in COLUMNS]
MODALITIES = [("mammography", IMAGE), ("ultrasound", CNN17Classifier(**NETWORK))]
DECISIONS = DecisionFusionClassifier(IMAGES, cv=2, random_state=0)
C = "logisticregression__C"

# A row is a sample with several images.
OF_SAMPLES = {
    "image level": ImageLevelClassifier(IMAGE, COLUMNS),
    "features": make_feature_fusion(EXTRACTORS, LogisticRegression()),
    "decisions": DECISIONS,
    "decisions, weighted": clone(DECISIONS).set_params(weights="cv"),
    "decisions, stacked": clone(DECISIONS).set_params(
        final_estimator=LogisticRegression()
    ),
    "branches": MultiBranchCNNClassifier(COLUMNS, **NETWORK),
}
# A row is an image.
OF_IMAGES = {
    "per modality": PerModalityClassifier(MODALITIES),
    "levels": LevelAggregator(IMAGE),
}
MODELS = {**OF_SAMPLES, **OF_IMAGES}
# A parameter of each, as deep as it goes, and the column without which it cannot do.
NESTED = {
    "image level": (f"estimator__{C}", "ultrasound"),
    "features": ("features__mammogram__resize", "ultrasound"),
    "decisions": (f"mammogram__{C}", "ultrasound"),
    "decisions, weighted": ("ultrasound__cnnfeatureextractor__resize", "mammogram"),
    "decisions, stacked": ("final_estimator__C", "ultrasound"),
    "branches": ("resize", "ultrasound"),
    "per modality": ("ultrasound__resize", "modality"),
    "levels": (f"estimator__{C}", "laterality"),
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Pairs of which some lack an image."""
    data = make_breast_images(
        24,
        paired=True,
        image_size=24,
        folder=tmp_path_factory.mktemp("samples"),
        random_state=0,
    )
    X = data.data
    X.loc[[1, 5], "mammogram"] = None
    X.loc[[2, 7], "ultrasound"] = None
    return X, data.target


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    data = make_breast_images(
        24,
        modality="both",
        n_views=2,
        image_size=24,
        folder=tmp_path_factory.mktemp("images"),
        random_state=0,
    )
    return data.data, data.target


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


@pytest.fixture
def model(name):
    return clone(MODELS[name])


@pytest.fixture
def data(name, samples, images):
    return samples if name in OF_SAMPLES else images


@pytest.fixture(scope="module")
def fitted(samples, images):
    """Every model, fitted once for the tests that only ask."""
    return {
        name: clone(model).fit(*(samples if name in OF_SAMPLES else images))
        for name, model in MODELS.items()
    }


def value_of(parameter):
    return "stretch" if parameter.endswith("resize") else 0.1


def test_nested_parameters_are_set_and_survive_a_clone(name, model):
    parameter, _ = NESTED[name]
    value = value_of(parameter)
    assert model.get_params()[parameter] != value
    assert (
        clone(model.set_params(**{parameter: value})).get_params()[parameter] == value
    )


def test_a_nested_parameter_can_be_searched(name, model, data):
    parameter, _ = NESTED[name]
    grid = {parameter: [value_of(parameter)]}
    search = GridSearchCV(model, grid, cv=StratifiedGroupKFold(2), error_score="raise")
    search.fit(*data, groups=data[0]["group"])
    assert search.best_estimator_.get_params()[parameter] == value_of(parameter)


def test_a_pickle_answers_the_same(name, fitted, data):
    X, _ = data
    again = pickle.loads(pickle.dumps(fitted[name]))
    np.testing.assert_array_equal(again.predict_proba(X), fitted[name].predict_proba(X))


def test_a_pickle_holds_no_path_and_no_patient(name, fitted, data):
    X, _ = data
    content = pickle.dumps(fitted[name])
    assert b".png" not in content
    assert X["group"].iloc[0].encode() not in content


def test_two_fits_agree_to_the_bit(name, model, fitted, data):
    X, y = data
    np.testing.assert_array_equal(
        model.fit(X, y).predict_proba(X), fitted[name].predict_proba(X)
    )


def test_global_generators_are_untouched(model, data):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002 the global generator is what is looked at
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    model.fit(*data).predict(data[0])
    assert torch.equal(before[0], torch.random.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


def test_the_answer_does_not_depend_on_the_order(name, fitted, data):
    X, _ = data
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_allclose(
        fitted[name].predict_proba(X.iloc[order]),
        fitted[name].predict_proba(X)[order],
        atol=1e-5,
    )


@pytest.mark.parametrize("name", [name for name in MODELS if name != "levels"])
def test_the_answer_does_not_depend_on_other_rows(name, fitted, data):
    X, _ = data
    some = [2, 1, 9]
    np.testing.assert_allclose(
        fitted[name].predict_proba(X.iloc[some]),
        fitted[name].predict_proba(X)[some],
        atol=1e-5,
    )


def test_a_breast_does_not_depend_on_other_breasts(fitted, images):
    X, _ = images
    whole = fitted["levels"].predict_proba(X)
    rows = np.flatnonzero(X["group"].isin(X["group"].unique()[:3]))
    alone = fitted["levels"].predict_proba(X.iloc[rows])
    np.testing.assert_allclose(alone, whole[rows], atol=1e-5)


def test_string_labels_round_trip(name, model, fitted, data):
    X, y = data
    model.fit(X, np.where(y == 1, "malignant", "benign"))
    assert model.classes_.tolist() == ["benign", "malignant"]
    expected = np.array(["benign", "malignant"])[fitted[name].predict(X)]
    np.testing.assert_array_equal(model.predict(X), expected)


def test_x_and_y_are_left_as_they_came(model, data):
    X, y = (each.copy() for each in data)
    model.fit(X, y).predict(X)
    pd.testing.assert_frame_equal(X, data[0])
    np.testing.assert_array_equal(y, data[1])


@pytest.mark.parametrize("dtype", [object, "string"])
def test_every_kind_of_text_column_gives_the_same_answer(
    name, model, fitted, data, dtype
):
    X, y = data
    texts = X.select_dtypes(["object", "string"]).columns
    table = X.astype(dict.fromkeys(texts, dtype))
    found = model.fit(table, y).predict_proba(table)
    np.testing.assert_array_equal(found, fitted[name].predict_proba(X))


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
@pytest.mark.parametrize("name", OF_SAMPLES)
def test_every_kind_of_nothing_is_missing(name, model, fitted, data, missing):
    X, y = data
    table = X.astype(dict.fromkeys(COLUMNS, object))
    for column in COLUMNS:
        lacks = X[column].isna()
        table[column] = table[column].where(~lacks, missing)
    found = model.fit(table, y).predict_proba(table)
    np.testing.assert_array_equal(found, fitted[name].predict_proba(X))


def test_the_index_plays_no_role(name, model, fitted, data):
    X, y = data
    index = np.random.default_rng(0).integers(5, size=len(X))
    table, target = X.set_axis(index), pd.Series(y, index=index[::-1])
    found = model.fit(table, target).predict_proba(table)
    np.testing.assert_array_equal(found, fitted[name].predict_proba(X))


def test_two_processes_validate_as_one(model, data):
    X, y = data
    one, two = (
        cross_validate(
            model,
            X,
            y,
            groups=X["group"],
            cv=StratifiedGroupKFold(2),
            scoring="neg_log_loss",
            n_jobs=n_jobs,
            error_score="raise",
        )["test_score"]
        for n_jobs in (1, 2)
    )
    # Workers have one thread each: training adds in another order, and rounds so.
    np.testing.assert_allclose(one, two, rtol=1e-2)


def test_asking_an_unfitted_model_is_refused(model, data):
    with pytest.raises(NotFittedError):
        model.predict(data[0])


def test_a_column_that_is_missing_at_predict_is_named(name, fitted, data):
    _, column = NESTED[name]
    with pytest.raises(ValueError, match=f"column '{column}'"):
        fitted[name].predict(data[0].drop(columns=column))


def test_labels_of_another_length_are_refused(model, data):
    X, y = data
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[:-1])


# An extractor reads nothing in fit, a pipeline that learns from it all images.
READING = make_pipeline(EXTRACTOR, StandardScaler())
NETWORKS = [(column, CNN17Classifier(**NETWORK)) for column in COLUMNS]
DAMAGED = {
    **OF_SAMPLES,
    "features, learning": make_feature_fusion(
        [(column, READING) for column in COLUMNS], LogisticRegression()
    ),
    "decisions of networks": DecisionFusionClassifier(NETWORKS, cv=2, random_state=0),
    "image level, per modality": ImageLevelClassifier(
        PerModalityClassifier(NETWORKS, by="modality"), COLUMNS
    ),
    "image level, calibrated": ImageLevelClassifier(
        CalibratedClassifierCV(
            IMAGE, cv=StratifiedKFold(2, shuffle=True, random_state=0)
        ),
        COLUMNS,
    ),
    "levels, decisions": LevelAggregator(DECISIONS, by="group"),
    "decisions, image level": DecisionFusionClassifier(
        [(column, ImageLevelClassifier(IMAGE, ["image"])) for column in COLUMNS], cv=2
    ),
}


@pytest.fixture
def damaged(samples, tmp_path):
    """A file of no content in row 9; rows above it lack an image of that column."""
    X, y = samples[0].copy(), samples[1]
    X.loc[[0, 1], "mammogram"] = None
    X.loc[9, "mammogram"] = str(tmp_path / "damaged.png")
    (tmp_path / "damaged.png").write_bytes(b"")
    return X, y


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_names_its_row_and_column(name, damaged, samples):
    X, y = damaged
    said = r"^Row 9 of X, column 'mammogram': .*'damaged.png': it is empty"
    with pytest.raises(ImageReadError, match=said) as caught:
        clone(DAMAGED[name]).fit(X, y)
    assert str(caught.value).count("Row") == 1
    model = clone(DAMAGED[name]).fit(*samples)
    with pytest.raises(ImageReadError, match=said):
        model.predict(X)


def test_a_damaged_file_names_its_row_among_modalities(images, tmp_path):
    X, y = images[0].copy(), images[1]
    row = np.flatnonzero(X["modality"] == "ultrasound")[3]
    X.loc[row, "image"] = str(tmp_path / "damaged.png")
    (tmp_path / "damaged.png").write_bytes(b"")
    said = f"^Row {row} of X: .*'damaged.png': it is empty"
    model = clone(MODELS["per modality"])
    with pytest.raises(ImageReadError, match=said):
        model.fit(X, y)
    model.fit(*images)
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(ImageReadError, match=said):
            ask(X)


class ElsewhereClassifier(ClassifierMixin, BaseEstimator):
    """Reads a part of its rows in another process, as ``n_jobs=2`` does."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        try:
            ImageSource(X.iloc[3:], image_size=8)[:]
        except ImageReadError as error:
            raise pickle.loads(pickle.dumps(error)) from None
        return self


def test_a_damaged_file_names_its_row_from_another_process(images, tmp_path):
    X, y = images[0].copy(), images[1]
    row = np.flatnonzero(X["modality"] == "ultrasound")[6]
    X.loc[row, "image"] = str(tmp_path / "Doe_Jane" / "damaged.png")
    models = [(name, ElsewhereClassifier()) for name in ("mammography", "ultrasound")]
    model = PerModalityClassifier(models)
    with pytest.raises(ImageReadError, match=f"^Row {row} of X: .*'damaged.png'"):
        model.fit(X, y)
    X.loc[0, "image"] = str(tmp_path / "Roe_Rita" / "damaged.png")
    said = rf"^One of the rows \[0, {row}\] of X: .*'damaged.png'"
    with pytest.raises(ImageReadError, match=said) as caught:
        model.fit(X=X, y=y)
    assert caught.value.row is None


@pytest.mark.parametrize("form", [list, np.array, pd.Series])
def test_an_unreadable_image_is_named_in_any_form_of_x(form, tmp_path):
    @names_unreadable_images
    def read_last(X):
        ImageSource(X[-1:])[:]

    paths = form([str(tmp_path / f"{number}.png") for number in range(3)])
    with pytest.raises(ImageReadError, match=r"^Row 2 of X: .*'2.png'"):
        read_last(paths)


def test_a_pickled_error_holds_no_folder(tmp_path):
    path = tmp_path / "Doe_Jane" / "damaged.png"
    with pytest.raises(ImageReadError) as raised:
        ImageSource([path])[:]
    error = raised.value
    assert (error.row, error.path) == (0, path)
    copy = pickle.loads(pickle.dumps(error))
    assert b"Doe" not in pickle.dumps(error)
    assert (str(copy), copy.row, copy.reason) == (str(error), 0, error.reason)
    assert copy.path == "damaged.png"
