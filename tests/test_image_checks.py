"""Our own checks, on images: what every estimator promises, in one table."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone, is_classifier, is_outlier_detector
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

from skfusion import preprocessing
from skfusion.audit import ScopeDetector
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    BreastClassifier,
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    ModalityFeatures,
    MultiBranchCNNClassifier,
    PatchClassifier,
    PerModalityClassifier,
    make_feature_fusion,
)
from skfusion.model_selection import RecalibratedClassifier, TargetThresholdClassifier
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler

COLUMNS = ["mammogram", "ultrasound"]
STEPS = preprocessing.__all__
NETWORK = {"image_size": 16, "max_epochs": 1, "batch_size": 8, "random_state": 0}
EXTRACTOR = CNNFeatureExtractor(
    "squeezenet1_1", weights=None, image_size=24, batch_size=8, random_state=0
)
CNN17 = CNN17Classifier(width=2, weights=None, **NETWORK)
IMAGE = make_pipeline(EXTRACTOR, LogisticRegression())
EXTRACTORS = [(column, EXTRACTOR) for column in COLUMNS]
DECISIONS = DecisionFusionClassifier(
    [(column, IMAGE) for column in COLUMNS], cv=2, random_state=0
)
C = "logisticregression__C"

# Arrays of images, or a table of one image per row.
OF_ARRAYS = {
    "cnn17": CNN17,
    "members": clone(CNN17).set_params(n_members=2),
    "transfer": TransferCNNClassifier("shufflenet_v2_x0_5", weights=None, **NETWORK),
    "extractor": EXTRACTOR,
}
# A table of one image per row.
OF_IMAGES = {
    "per modality": PerModalityClassifier(
        [("mammography", IMAGE), ("ultrasound", CNN17)]
    ),
    "levels": LevelAggregator(IMAGE),
    # With this seed, malignant breasts of the table have higher scores.
    "breasts": BreastClassifier(
        clone(IMAGE).set_params(cnnfeatureextractor__random_state=3),
        cv=2,
        random_state=0,
    ),
    "patches": PatchClassifier(IMAGE, patches=(2, 2), n_drawn=2, cv=2, random_state=0),
    "scope": ScopeDetector(EXTRACTOR),
    "threshold": TargetThresholdClassifier(
        IMAGE, target="sensitivity>=0.1", cv=2, random_state=0
    ),
    # With this seed, malignant images of the table have higher scores.
    "recalibrated": RecalibratedClassifier(
        clone(IMAGE).set_params(cnnfeatureextractor__random_state=3),
        cv=2,
        random_state=0,
    ),
}
# A table of one sample per row, in several columns of images.
OF_SAMPLES = {
    "image level": ImageLevelClassifier(IMAGE, COLUMNS),
    "modality features": ModalityFeatures(EXTRACTORS),
    "feature fusion": make_feature_fusion(EXTRACTORS, LogisticRegression()),
    "decisions": DECISIONS,
    "decisions, weighted": clone(DECISIONS).set_params(weights="cv"),
    "decisions, stacked": clone(DECISIONS).set_params(
        final_estimator=LogisticRegression()
    ),
    "branches": MultiBranchCNNClassifier(COLUMNS, width=2, **NETWORK),
}
ESTIMATORS = {**OF_ARRAYS, **OF_IMAGES, **OF_SAMPLES}
# Other rows of a breast, or of a patient, change these predictions.
OF_BREASTS = ("levels", "breasts")
# The other fusions of decisions read X in the same way as the weighted one.
READERS = [
    name for name in ESTIMATORS if name not in ("decisions", "decisions, stacked")
]
CLASSIFIERS = [name for name in ESTIMATORS if is_classifier(ESTIMATORS[name])]
# A nested parameter of each, and a column that it needs.
NESTED = {
    "cnn17": ("resize", "image"),
    "members": ("resize", "image"),
    "transfer": ("resize", "image"),
    "extractor": ("resize", "image"),
    "per modality": ("ultrasound__resize", "modality"),
    "levels": (f"estimator__{C}", "laterality"),
    "breasts": (f"estimator__{C}", "laterality"),
    "patches": (f"estimator__{C}", "image"),
    "scope": ("transformer__resize", "image"),
    "threshold": (f"estimator__{C}", "image"),
    "recalibrated": (f"estimator__{C}", "image"),
    "image level": (f"estimator__{C}", "ultrasound"),
    "modality features": ("mammogram__resize", "ultrasound"),
    "feature fusion": ("features__mammogram__resize", "ultrasound"),
    "decisions": (f"mammogram__{C}", "ultrasound"),
    "decisions, weighted": ("ultrasound__cnnfeatureextractor__resize", "mammogram"),
    "decisions, stacked": ("final_estimator__C", "ultrasound"),
    "branches": ("resize", "ultrasound"),
}


@pytest.fixture(params=ESTIMATORS)
def name(request):
    return request.param


@pytest.fixture
def estimator(name):
    return clone(ESTIMATORS[name])


@pytest.fixture
def data(name, image_arrays, image_rows, image_samples):
    if name in OF_ARRAYS:
        return image_arrays
    return image_samples if name in OF_SAMPLES else image_rows


@pytest.fixture
def table(name, image_rows, image_samples):
    return image_samples if name in OF_SAMPLES else image_rows


@pytest.fixture(scope="module")
def fit_once(image_arrays, image_rows, image_samples):
    """Fit an estimator, or return it where a test has fitted it on the same X."""
    fitted = {}

    def fit_once(name, data):
        key = name, isinstance(data[0], np.ndarray)
        if key not in fitted:
            fitted[key] = clone(ESTIMATORS[name]).fit(*data)
        return fitted[key]

    return fit_once


@pytest.fixture
def fitted(name, data, fit_once):
    """The estimator, fitted once for the tests that change nothing of it."""
    return fit_once(name, data)


@pytest.fixture
def fitted_on_table(name, table, fit_once):
    return fit_once(name, table)


@pytest.fixture(scope="module")
def fit_again():
    """Fit an estimator a second time, and keep what it might have changed."""
    done = {}

    def fit_again(name, data):
        if name not in done:
            X, y = data[0].copy(), data[1].copy()
            torch.manual_seed(5)
            np.random.seed(5)  # noqa: NPY002 the global generator is tested
            before = generator_states()
            found = outputs(clone(ESTIMATORS[name]).fit(X, y), X)
            done[name] = Bunch(
                outputs=found, X=X, y=y, before=before, after=generator_states()
            )
        return done[name]

    return fit_again


@pytest.fixture
def second(name, data, fit_again):
    return fit_again(name, data)


def generator_states():
    return [torch.random.get_rng_state().numpy(), np.random.get_state()[1].copy()]  # noqa: NPY002


def output_method(estimator):
    if is_outlier_detector(estimator):
        return estimator.score_samples
    return estimator.predict_proba if is_classifier(estimator) else estimator.transform


def outputs(estimator, X):
    return output_method(estimator)(X)


def rows_of(X, rows):
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def value_of(parameter):
    return "stretch" if parameter.endswith("resize") else 0.1


def test_every_public_estimator_of_images_is_in_the_table(public_estimators):
    found = {type(estimator) for estimator in ESTIMATORS.values()} & public_estimators
    # A sampler and steps of cleaning return images: tests of their own packages.
    of_images = {ImageOverSampler, *(getattr(preprocessing, n) for n in STEPS)}
    assert found | of_images == public_estimators


def test_nested_parameters_are_set_and_survive_a_clone(name, estimator):
    parameter, _ = NESTED[name]
    value = value_of(parameter)
    assert estimator.get_params()[parameter] != value
    copy = clone(estimator.set_params(**{parameter: value}))
    assert copy.get_params()[parameter] == value


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_nested_parameter_can_be_searched(name, estimator, table):
    parameter, _ = NESTED[name]
    grid, cv = {parameter: [value_of(parameter)]}, StratifiedGroupKFold(2)
    search = GridSearchCV(estimator, grid, cv=cv, error_score="raise")
    search.fit(*table, groups=table[0]["group"])
    assert search.best_estimator_.get_params()[parameter] == value_of(parameter)


def test_a_pickle_gives_the_same_outputs(fitted, data):
    X, _ = data
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(outputs(copy, X), outputs(fitted, X))


def test_a_pickle_holds_no_path_and_no_patient(fitted_on_table, table):
    X, _ = table
    content = pickle.dumps(fitted_on_table)
    assert b".png" not in content
    assert X["group"].iloc[0].encode() not in content


def test_two_fits_agree_to_the_bit(fitted, second, data):
    np.testing.assert_array_equal(second.outputs, outputs(fitted, data[0]))


def test_another_seed_gives_other_outputs(estimator, fitted, data):
    X, y = data
    names = [name for name in estimator.get_params() if name.endswith("random_state")]
    other = estimator.set_params(**dict.fromkeys(names, 1)).fit(X, y)
    assert not np.array_equal(outputs(other, X), outputs(fitted, X), equal_nan=True)


def test_global_generators_are_untouched(second):
    for before, after in zip(second.before, second.after, strict=True):
        np.testing.assert_array_equal(after, before)


def test_x_and_y_are_left_alone(second, data):
    X, y = data
    is_table = isinstance(X, pd.DataFrame)
    check = pd.testing.assert_frame_equal if is_table else np.testing.assert_array_equal
    check(second.X, X)
    np.testing.assert_array_equal(second.y, y)


def test_the_order_of_rows_changes_nothing(fitted, data):
    X, _ = data
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_allclose(
        outputs(fitted, rows_of(X, order)), outputs(fitted, X)[order], atol=1e-5
    )


@pytest.mark.parametrize("name", sorted(set(ESTIMATORS) - set(OF_BREASTS)))
def test_other_rows_change_nothing(fitted, data):
    X, _ = data
    expected = outputs(fitted, X)
    for rows in ([2, 1, 9], [3]):
        np.testing.assert_allclose(
            outputs(fitted, rows_of(X, rows)), expected[rows], atol=1e-5
        )


@pytest.mark.parametrize("name", OF_BREASTS)
def test_other_patients_change_nothing(fitted, data):
    X, _ = data
    rows = np.flatnonzero(X["group"].isin(X["group"].unique()[:3]))
    np.testing.assert_allclose(
        outputs(fitted, X.iloc[rows]), outputs(fitted, X)[rows], atol=1e-5
    )


@pytest.mark.parametrize("name", [*OF_ARRAYS, "branches"])
def test_the_batch_size_changes_nothing(fitted, data):
    X, _ = data
    copy = pickle.loads(pickle.dumps(fitted)).set_params(batch_size=5)
    np.testing.assert_allclose(outputs(copy, X), outputs(fitted, X), atol=1e-5)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_string_labels_come_back(estimator, fitted, data):
    X, y = data
    names = np.array(["benign", "malignant"])
    estimator.fit(X, names[y])
    assert estimator.classes_.tolist() == names.tolist()
    np.testing.assert_array_equal(estimator.predict(X), names[fitted.predict(X)])


@pytest.mark.parametrize("name", OF_ARRAYS)
def test_a_read_only_memory_map_is_enough(estimator, fitted, data, tmp_path):
    X, y = data
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    found = outputs(estimator.fit(mapped, y), mapped)
    np.testing.assert_array_equal(found, outputs(fitted, X))


@pytest.mark.parametrize("dtype", [object, "string"])
@pytest.mark.parametrize("name", READERS)
def test_every_dtype_of_text_gives_the_same_outputs(
    estimator, fitted_on_table, table, dtype
):
    X, y = table
    texts = X.select_dtypes(["object", "string"]).columns
    converted = X.astype(dict.fromkeys(texts, dtype))
    found = outputs(estimator.fit(converted, y), converted)
    np.testing.assert_array_equal(found, outputs(fitted_on_table, X))


@pytest.mark.parametrize("name", [name for name in OF_SAMPLES if name in READERS])
def test_every_missing_value_is_a_missing_image(estimator, fitted, data):
    X, y = data
    table = X.astype(dict.fromkeys(COLUMNS, object))
    for column in COLUMNS:
        missing = table.index[X[column].isna()]
        for row, value in zip(missing, [None, np.nan, pd.NA], strict=True):
            table.at[row, column] = value
    found = outputs(estimator.fit(table, y), table)
    np.testing.assert_array_equal(found, outputs(fitted, X))


@pytest.mark.parametrize("name", READERS)
def test_the_index_changes_nothing(estimator, fitted_on_table, table):
    X, y = table
    index = np.random.default_rng(0).integers(5, size=len(X))
    X_of_index, target = X.set_axis(index), pd.Series(y, index=index[::-1])
    found = outputs(estimator.fit(X_of_index, target), X_of_index)
    np.testing.assert_array_equal(found, outputs(fitted_on_table, X))


@pytest.fixture
def one_thread():
    """As many threads of torch as a worker has: their number changes last digits."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def test_two_processes_give_the_same_outputs(fitted, data, one_thread):
    X, _ = data
    expected = outputs(fitted, X)
    # A method of the package: a worker cannot import a function of the tests.
    jobs = (delayed(output_method(fitted))(X) for _ in range(2))
    for found in Parallel(n_jobs=2)(jobs):
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_two_processes_give_the_scores_of_one(estimator, table):
    X, y = table
    one, two = (
        cross_validate(
            estimator,
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


def test_an_unfitted_estimator_is_refused(estimator, data):
    with pytest.raises(NotFittedError):
        outputs(estimator, data[0])


def test_a_column_that_is_missing_at_predict_is_named(name, fitted_on_table, table):
    _, column = NESTED[name]
    with pytest.raises(ValueError, match=f"column '{column}'"):
        outputs(fitted_on_table, table[0].drop(columns=column))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels_of_another_length_are_refused(estimator, data):
    X, y = data
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(X, y[:-1])
