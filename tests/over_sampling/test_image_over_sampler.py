from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_validate

from skfusion.exceptions import DataQualityWarning
from skfusion.images import augment_image
from skfusion.over_sampling import ImageOverSampler


def draw_images(n_samples=6, n_channels=None, dtype=np.float32):
    shape = (n_samples, 12, 10) + (() if n_channels is None else (n_channels,))
    images = np.random.default_rng(0).random(shape)
    scale = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    return (images * scale).astype(dtype)


def make_table():
    """Mammography 4:2 and ultrasound 1:3."""
    return pd.DataFrame(
        {
            "image": [f"{row}.png" for row in range(10)],
            "modality": ["mammography"] * 6 + ["ultrasound"] * 4,
            "group": list("aabbccddee"),
        }
    ), np.array([0, 0, 0, 0, 1, 1, 0, 1, 1, 1])


Y = np.array([0, 0, 0, 0, 1, 1])
PATHS = [f"folder/{row}.png" for row in range(6)]


@pytest.mark.parametrize("n_channels", [None, 1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_images_keep_their_shape_dtype_and_order(n_channels, dtype):
    X = draw_images(n_channels=n_channels, dtype=dtype)
    X_new, y_new = ImageOverSampler(random_state=0).fit_resample(X, Y)
    assert X_new.dtype == dtype
    np.testing.assert_array_equal(X_new[:6], X)
    assert X_new.shape == (8, *X.shape[1:])
    assert np.bincount(y_new).tolist() == [4, 4]


def test_no_two_copies_of_an_image_are_the_same():
    X = draw_images(5)
    X_new, _ = ImageOverSampler(random_state=0).fit_resample(X, [0, 0, 0, 0, 1])
    assert len(np.unique(X_new.reshape(8, -1), axis=0)) == 8


def test_a_copy_is_the_augmentation_of_its_image():
    X = np.zeros((5, 12, 12), dtype=np.uint8)
    X[4, 3:9, 3:9] = 200
    X_new, _ = ImageOverSampler(random_state=0).fit_resample(X, [0, 0, 0, 0, 1])
    for copy in X_new[5:]:
        centre, corner = copy[5:7, 5:7].mean(), copy[:2, :2].mean()
        assert centre > 130 > corner


def test_bright_integers_do_not_wrap_around():
    X = np.full((4, 8, 8), 255, dtype=np.uint8)
    X[:, :, :4] = 200
    X_new, _ = ImageOverSampler(random_state=0).fit_resample(X, [0, 0, 0, 1])
    assert np.median(X_new[4:]) > 150


def test_the_input_is_left_alone():
    X, (table, y) = draw_images(), make_table()
    X_before, table_before = X.copy(), table.copy()
    ImageOverSampler(random_state=0).fit_resample(X, Y)
    ImageOverSampler(random_state=0).fit_resample(table, y)
    np.testing.assert_array_equal(X, X_before)
    pd.testing.assert_frame_equal(table, table_before)


def test_read_only_images_are_taken():
    X = draw_images()
    X.flags.writeable = False
    assert len(ImageOverSampler().fit_resample(X, Y)[0]) == 8


def test_rows_of_numbers_are_copied_plainly():
    X = np.arange(12.0).reshape(6, 2)
    sampler = ImageOverSampler(random_state=0)
    X_new, _ = sampler.fit_resample(X, Y)
    np.testing.assert_array_equal(X_new, X[sampler.sample_indices_])


def test_a_table_carries_every_column_and_gets_seeds():
    X, y = make_table()
    sampler = ImageOverSampler(sampling_strategy={0: 8}, random_state=0)
    X_new, y_new = sampler.fit_resample(X, pd.Series(y, name="malignant"))
    rows = sampler.sample_indices_
    pd.testing.assert_frame_equal(
        X_new[list(X.columns)], X.iloc[rows].reset_index(drop=True)
    )
    assert X_new["augmentation"].dtype == np.int64
    assert (X_new["augmentation"][:10] == 0).all()
    seeds = X_new["augmentation"][10:]
    assert seeds.is_unique
    assert seeds.between(1, 2**31 - 1).all()
    assert y_new.tolist() == y[rows].tolist()


def test_the_index_is_that_of_random_over_sampler():
    X, y = make_table()
    X.index = list("qwertzuiop")
    X_new, y_new = ImageOverSampler(by="modality").fit_resample(X, pd.Series(y))
    assert X_new.index.equals(pd.RangeIndex(len(X_new)))
    assert y_new.index.equals(X_new.index)


def test_rows_that_have_a_seed_keep_it():
    X, y = make_table()
    X["augmentation"] = np.arange(10)
    y[:6] = 0
    X_new, _ = ImageOverSampler(random_state=0).fit_resample(X, y)
    assert X_new["augmentation"][:10].tolist() == list(range(10))
    assert (X_new["augmentation"][10:] > 0).all()
    assert X_new.columns.tolist() == X.columns.tolist()


def test_sampling_twice_adds_fresh_seeds():
    X, y = make_table()
    once = ImageOverSampler(by="modality", random_state=0).fit_resample(X, y)
    twice, _ = ImageOverSampler(sampling_strategy={0: 20, 1: 20}).fit_resample(*once)
    seeds = twice["augmentation"]
    assert seeds[seeds > 0].is_unique


@pytest.mark.parametrize(
    "paths",
    [
        PATHS,
        np.array(PATHS),
        np.array(PATHS, dtype=object).reshape(-1, 1),
        pd.Series(PATHS, dtype="string"),
        pd.Series(PATHS, dtype=object),
        pd.DataFrame({"path": PATHS}),
        [Path(path) for path in PATHS],
    ],
    ids=["list", "array", "column", "Series", "object Series", "DataFrame", "Path"],
)
def test_paths_of_any_form_become_a_table(paths):
    sampler = ImageOverSampler(random_state=0)
    X_new, y_new = sampler.fit_resample(paths, Y.tolist())
    assert X_new.columns.tolist() == ["image", "augmentation"]
    expected = [PATHS[row] for row in sampler.sample_indices_]
    assert [Path(path).as_posix() for path in X_new["image"]] == expected
    assert (X_new["augmentation"] > 0).tolist() == [False] * 6 + [True] * 2
    assert y_new == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("form", [list, np.array, pd.Series])
def test_plain_copies_come_back_in_the_form_that_came(form):
    paths = form(PATHS)
    sampler = ImageOverSampler(augmentation=False, random_state=0)
    X_new, _ = sampler.fit_resample(paths, Y)
    assert type(X_new) is type(paths)
    assert list(X_new) == [PATHS[row] for row in sampler.sample_indices_]


def test_plain_copies_of_a_table_get_no_seed():
    X, y = make_table()
    X_new, _ = ImageOverSampler(by="modality", augmentation=False).fit_resample(X, y)
    assert X_new.columns.tolist() == X.columns.tolist()


def test_plain_copies_of_images_are_equal_to_them():
    X, sampler = draw_images(), ImageOverSampler(augmentation=False)
    X_new, _ = sampler.fit_resample(X, Y)
    np.testing.assert_array_equal(X_new, X[sampler.sample_indices_])


def test_by_balances_inside_each_modality():
    X, y = make_table()
    X_new, y_new = ImageOverSampler(by="modality").fit_resample(X, y)
    counts = pd.crosstab(X_new["modality"], y_new)
    assert counts.to_numpy().tolist() == [[4, 4], [3, 3]]


def test_without_by_the_modality_gives_the_class_away():
    X, y = make_table()
    X_new, y_new = ImageOverSampler().fit_resample(X, np.where(y == 0, 0, 1))
    counts = pd.crosstab(X_new["modality"], y_new)
    assert counts.loc["ultrasound", 0] < counts.loc["ultrasound", 1]


def test_the_strategy_holds_inside_each_modality():
    X, y = make_table()
    sampler = ImageOverSampler(by="modality", sampling_strategy=0.75)
    _, y_new = sampler.fit_resample(X, y)
    assert sampler.sampling_strategy_ == {"mammography": {1: 1}, "ultrasound": {0: 1}}
    assert len(y_new) == 12


def test_a_modality_of_one_class_is_left_as_it_is_with_a_warning():
    X, y = make_table()
    y[6:] = 1
    with pytest.warns(DataQualityWarning, match="modality 'ultrasound'.*class 1"):
        X_new, y_new = ImageOverSampler(by="modality").fit_resample(X, y)
    counts = pd.crosstab(X_new["modality"], y_new)
    assert counts.to_numpy().tolist() == [[4, 4], [0, 4]]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (make_table()[0], r"column 'view'.*\['image', 'modality', 'group'\]"),
        (PATHS, "DataFrame with the column 'view'. Got list"),
        (draw_images(), "DataFrame with the column 'view'. Got ndarray"),
    ],
)
def test_a_missing_column_is_named(X, message):
    y = np.arange(len(X)) % 2
    with pytest.raises(ValueError, match=message):
        ImageOverSampler(by="view").fit_resample(X, y)


def test_a_missing_modality_is_named():
    X, y = make_table()
    X.loc[3, "modality"] = None
    with pytest.raises(ValueError, match="Got none in row 3"):
        ImageOverSampler(by="modality").fit_resample(X, y)


def test_an_impossible_strategy_names_the_modality():
    X, y = make_table()
    sampler = ImageOverSampler(by="modality", sampling_strategy={0: 2})
    with pytest.raises(ValueError, match="Inside modality 'mammography'"):
        sampler.fit_resample(X, y)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ImageOverSampler().fit_resample(PATHS, [0, 1])


def test_a_missing_path_is_an_error():
    X, y = make_table()
    X.loc[2, "image"] = None
    with pytest.raises(ValueError, match="row 2"):
        ImageOverSampler().fit_resample(X, y)


@pytest.mark.parametrize("X", [draw_images(10), make_table()[0]])
def test_one_random_state_gives_one_result(X):
    y = make_table()[1]
    y[:4] = 1
    first, second, other = (
        np.asarray(ImageOverSampler(random_state=seed).fit_resample(X, y)[0])
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert not (first == other).all()


def test_the_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    ImageOverSampler(random_state=0).fit_resample(draw_images(), Y)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_names_out_are_the_columns_of_the_result():
    X, y = make_table()
    sampler = ImageOverSampler()
    X_new, _ = sampler.fit_resample(X, y)
    assert sampler.feature_names_in_.tolist() == X.columns.tolist()
    assert sampler.get_feature_names_out().tolist() == X_new.columns.tolist()


def test_string_labels_come_back():
    labels = np.array(["benign", "malignant"])[Y]
    for y in (labels, pd.Series(labels), labels.tolist()):
        _, y_new = ImageOverSampler().fit_resample(PATHS, y)
        assert type(y_new) is type(y)
        assert list(y_new).count("malignant") == 4


def test_fit_counts_the_copies():
    X, y = make_table()
    sampler = ImageOverSampler(by="modality").fit(X, y)
    assert sampler.sampling_strategy_ == {"mammography": {1: 2}, "ultrasound": {0: 2}}


def test_fewest_samples_that_the_strategy_adds_may_be_none():
    X, y = make_table()
    X_new, _ = ImageOverSampler().fit_resample(X, y)
    assert len(X_new) == 10
    assert (X_new["augmentation"] == 0).all()


def test_parameters_can_be_set_and_cloned():
    sampler = clone(ImageOverSampler(by="modality")).set_params(random_state=3)
    assert sampler.get_params() == {
        "sampling_strategy": "auto",
        "by": "modality",
        "augmentation": True,
        "random_state": 3,
    }


class CountingClassifier(ClassifierMixin, BaseEstimator):
    """Predict the first class; remember whether the training classes balanced."""

    def __init__(self, shift=0):
        self.shift = shift

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.is_balanced_ = len(set(counts)) == 1
        self.columns_ = list(X.columns)
        return self

    def predict(self, X):
        assert "augmentation" not in X.columns
        return np.full(len(X), self.classes_[0])


def test_it_acts_inside_cross_validation_on_the_training_side_only():
    X, y = make_table()
    model = make_pipeline(ImageOverSampler(by="modality"), CountingClassifier())
    result = cross_validate(
        model, X, y, cv=[([0, 1, 4, 6, 7, 8], [2, 3, 5, 9])], return_estimator=True
    )
    fitted = result["estimator"][0][-1]
    assert fitted.is_balanced_
    assert fitted.columns_[-1] == "augmentation"


def test_it_can_be_searched_over():
    X, y = make_table()
    X, y = pd.concat([X] * 3, ignore_index=True), np.tile(y, 3)
    model = make_pipeline(ImageOverSampler(random_state=0), CountingClassifier())
    grid = {"imageoversampler": [RandomOverSampler(), model[0], "passthrough"]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_pipeline_of_arrays_predicts():
    model = make_pipeline(ImageOverSampler(), DummyClassifier())
    assert len(model.fit(draw_images(), Y).predict(draw_images())) == 6


def test_a_balanced_array_is_unchanged():
    X = draw_images(4)
    X_new, _ = ImageOverSampler().fit_resample(X, [0, 0, 1, 1])
    np.testing.assert_array_equal(X_new, X)


def test_seeds_augment_as_augment_image_does():
    """One image, one copy: its seed is the only thing that is drawn."""
    X = draw_images(3)
    sampler = ImageOverSampler(random_state=5)
    X_new, _ = sampler.fit_resample(X, [0, 0, 1])
    table, _ = sampler.fit_resample(PATHS[:3], [0, 0, 1])
    seed = int(table["augmentation"].iloc[-1])
    np.testing.assert_array_equal(X_new[-1], augment_image(X[2], seed))
