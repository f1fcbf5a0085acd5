import copy
import pickle
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image, ImageOps
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion.datasets import make_breast_images, make_breast_pairs
from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import make_level_scorer
from skfusion.model_selection import compare_models

N_PATIENTS = 40
MEASURES = ["kappa", "AUC", "accuracy", "sensitivity", "specificity"]


class RowClassifier(ClassifierMixin, BaseEstimator):
    """Give the scores in a column of X; count the fits."""

    n_fits = 0

    def __init__(self, column="score", fails_on=None, wrong=None):
        self.column = column
        self.fails_on = fails_on
        self.wrong = wrong

    def fit(self, X, y, groups=None):
        RowClassifier.n_fits += 1
        if self.fails_on is not None and self.fails_on in X["number"].to_numpy():
            raise RuntimeError("this row is not liked")
        self.groups_ = groups
        self.n_rows_ = len(X)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        positive = (X[self.column] > 0.5).to_numpy().astype(int)
        y_pred = self.classes_[np.minimum(positive, len(self.classes_) - 1)]
        return y_pred if self.wrong is None else np.full(len(X), self.wrong)

    def predict_proba(self, X):
        score = X[self.column].to_numpy()
        return np.column_stack([1 - score, score])


class Labels(RowClassifier):
    """Without scores."""

    predict_proba = None

    def __getattribute__(self, name):
        if name == "predict_proba":
            raise AttributeError(name)
        return super().__getattribute__(name)


def make_data(seed=0, prefix="patient-"):
    """Four images a patient: two breasts of two views."""
    rng = np.random.default_rng(seed)
    n = 4 * N_PATIENTS
    y = np.repeat(rng.permutation(2 * N_PATIENTS) % 2, 2)
    X = pd.DataFrame(
        {
            "number": np.arange(n),
            "group": np.repeat([f"{prefix}{i}" for i in range(N_PATIENTS)], 4),
            "laterality": ["L", "L", "R", "R"] * N_PATIENTS,
            "view": ["CC", "MLO"] * 2 * N_PATIENTS,
            "modality": np.where(np.arange(n) < 64, "ultrasound", "mammography"),
            "dataset": "A",
            "age": np.repeat(rng.integers(30, 80, size=N_PATIENTS), 4),
            "score": np.clip(0.2 * y + rng.random(n) * 0.8, 0, 1),
            "coin": rng.random(n),
        }
    )
    return X, y


MODELS = [("good", RowClassifier()), ("coin", RowClassifier("coin"))]


def compare(models=MODELS, seed=0, **options):
    X, y = make_data(seed)
    return compare_models(models, X, y, **{"cv": 3, **options})


@pytest.fixture(scope="module")
def study():
    return compare()


def external_data():
    return make_data(1, prefix="other-")


# -- print ---------------------------------------------------------------------------


def formatted(study, model, measure, modality="all"):
    rows = study.summary.query(
        "model == @model and measure == @measure and modality == @modality"
    )
    estimate, lower, upper = rows[["estimate", "lower", "upper"]].iloc[0]
    return f"{estimate:.2f}", f"{lower:.2f}, {upper:.2f}"


def test_every_estimate_is_printed_in_80_columns(study):
    text = str(study)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80
    for modality in ("all", "mammography", "ultrasound"):
        for model, _ in MODELS:
            for measure in MEASURES:
                for cell in formatted(study, model, measure, modality):
                    assert cell in text


def test_a_line_holds_the_estimates_of_its_model(study):
    lines = str(study).splitlines()
    (first,) = [i for i, line in enumerate(lines) if line.startswith("good")][:1]
    cells = [formatted(study, "good", measure) for measure in MEASURES]
    assert lines[first].split() == ["good", *(estimate for estimate, _ in cells)]
    intervals = " ".join(interval for _, interval in cells)
    assert " ".join(lines[first + 1].split()).endswith(f"ms {intervals}")


def test_the_head_counts_images_groups_and_folds(study):
    text = str(study)
    assert "2 models on 3 folds" in text
    assert "160 images of 40 groups, prevalence 0.50 (class 1)" in text


def test_one_modality_has_one_block():
    X, y = make_data()
    study = compare_models(MODELS, X.assign(modality="ultrasound"), y, cv=3)
    assert str(study).count("160 images") == 1
    assert "ultrasound:" not in str(study)


def test_a_long_name_is_printed_whole():
    name = "a frozen backbone with a support vector machine on top"
    text = str(compare([(name, RowClassifier())]))
    assert name in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(("length", "n_parts"), [(24, 6), (28, 6), (29, 1)])
def test_a_name_stands_in_its_row_if_there_is_room(length, n_parts):
    name = "n" * length
    lines = str(compare([(name, RowClassifier())])).splitlines()
    (line,) = [line for line in lines if line.startswith(name)][:1]
    assert len(line.split()) == n_parts
    assert max(map(len, lines)) <= 80


def test_three_classes_are_printed():
    X, y = make_data()
    y = y + (np.arange(len(y)) // 4 % 2)
    text = str(compare_models([("prior", DummyClassifier())], X, y, cv=3))
    assert "balanced accuracy" in text
    assert "sensitivity" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_an_undefined_measure_is_printed_as_a_dash():
    lines = str(compare([("labels", Labels())])).splitlines()
    cells = next(line for line in lines if line.startswith("labels")).split()
    assert cells[2] == "-"


def test_failed_folds_are_printed():
    with pytest.warns(FitFailedWarning):
        study = compare([("fails", RowClassifier(fails_on=0)), *MODELS])
    assert "2 of 3 folds failed" in str(study)


def test_a_model_that_never_worked_is_printed():
    splits = [(np.arange(80), np.arange(80, 160)), (np.arange(96), np.arange(96, 160))]
    with pytest.warns(FitFailedWarning):
        study = compare([("fails", RowClassifier(fails_on=0)), *MODELS], cv=splits)
    lines = str(study).splitlines()
    cells = next(line for line in lines if line.startswith("fails")).split()
    assert cells[1:] == ["-"] * 5
    assert "2 of 2 folds failed" in str(study)


class TableReader(HTMLParser):
    """Collect the text of the page, and the names of its tags."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags, self.open = [], set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_html_is_well_formed_and_shows_every_estimate(study):
    page = TableReader(study._repr_html_())
    assert page.open == []
    for model, _ in MODELS:
        for measure in MEASURES:
            estimate, interval = formatted(study, model, measure)
            assert estimate in page.text
            assert interval.replace(" ", "\xa0") in page.text


def test_names_in_the_html_are_escaped():
    study = compare([("<script>alert(1)</script>", RowClassifier())])
    page = TableReader(study._repr_html_())
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.text


def test_the_html_sets_no_colour(study):
    assert "color" not in study._repr_html_()


def test_the_printed_summary_shows_the_intervals(study):
    text = repr(study.summary)
    assert "estimate  lower  upper" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "kappa" in text


def test_long_names_in_a_printed_summary_are_shortened_in_the_middle():
    names = [
        "a frozen backbone with a support vector machine",
        "a frozen backbone, too",
    ]
    text = repr(compare([(name, RowClassifier()) for name in names]).summary)
    assert max(map(len, text.splitlines())) <= 80
    assert "a frozen ba...tor machine" in text


def test_the_printed_summary_shows_which_data_set_a_row_is_of():
    study = compare()
    assert "cross-validation" not in repr(study.summary)
    study.external("elsewhere", *external_data())
    text = repr(study.summary)
    assert max(map(len, text.splitlines())) <= 80
    assert all(name in text for name in ("cross-validation", "elsewhere"))
    assert "modality" in text


# -- summary -------------------------------------------------------------------------


def test_the_summary_is_a_table_and_a_call(study):
    assert isinstance(study.summary, pd.DataFrame)
    pd.testing.assert_frame_equal(study.summary(), study.summary)


def test_parts_and_copies_of_the_summary_are_plain_tables(study):
    for table in (
        study.summary.head(3),
        study.summary.query("measure == 'AUC'"),
        copy.deepcopy(study.summary),
        pickle.loads(pickle.dumps(study.summary)),
    ):
        assert type(table) is pd.DataFrame
    pickled = pickle.loads(pickle.dumps(study.summary))
    pd.testing.assert_frame_equal(pickled, pd.DataFrame(study.summary))


@pytest.mark.parametrize(("level", "by"), [("breast", "breast"), ("patient", "group")])
def test_a_level_agrees_with_the_scorer_of_levels(study, level, by):
    X, y = make_data()
    one_fold = study.splits[0]
    single = compare_models(MODELS[:1], X, y, cv=[one_fold])
    table = single.summary(level).query("modality == 'all'").set_index("measure")
    expected = make_level_scorer(by, cohen_kappa_score)
    model = RowClassifier().fit(X.iloc[one_fold[0]], y[one_fold[0]])
    test = X.iloc[one_fold[1]], y[one_fold[1]]
    assert table.loc["kappa", "estimate"] == pytest.approx(expected(model, *test))
    area = make_level_scorer(by, roc_auc_score, response_method="predict_proba")
    assert table.loc["AUC", "estimate"] == pytest.approx(area(model, *test))


def test_levels_count_breasts_and_patients(study):
    for level, n in (("image", 160), ("breast", 80), ("patient", 40)):
        part = study.summary(level).query("modality == 'all'")
        assert set(part["n"]) == {n}
        assert set(part["n_groups"]) == {40}


def test_repeated_folds_are_combined_one_by_one():
    cv = [StratifiedGroupKFold(4, shuffle=True, random_state=s) for s in range(2)]
    study = compare(cv=cv)
    assert set(study.summary("breast").query("modality == 'all'")["n"]) == {160}


def test_a_part_of_each_value_of_a_column(study):
    table = study.summary(by="view")
    assert "modality" not in table
    sizes = table.groupby("view")["n"].first()
    assert sizes.to_dict() == {"CC": 80, "MLO": 80}
    part = study.predictions.query("model == 'good' and view == 'CC'")
    expected = cohen_kappa_score(part["y_true"], part["y_pred"])
    kappa = table.query("model == 'good' and view == 'CC' and measure == 'kappa'")
    assert kappa["estimate"].item() == pytest.approx(expected)


def test_a_part_of_any_column_of_the_data(study):
    X, _ = make_data()
    table = study.summary(by="age")
    assert sorted(table["age"].unique()) == sorted(X["age"].unique())


def test_parts_of_age_bands_keep_their_order(study):
    X, _ = make_data()
    band = pd.cut(X["age"], [0, 50, 60, 120], labels=["young", "middle", "old"])
    table = study.summary(by=band.rename("age band"))
    assert table["age band"].unique().tolist() == ["young", "middle", "old"]
    sizes = table.groupby("age band", observed=True)["n"].first()
    assert sizes.to_dict() == band.value_counts().to_dict()


def test_rows_of_an_array_are_taken_by_position(study):
    values = np.arange(160) < 40
    table = study.summary(by=pd.Series(values, index=np.arange(160)[::-1]))
    assert table.groupby("by")["n"].first().to_dict() == {False: 120, True: 40}


def test_rows_without_a_value_are_a_part_of_their_own():
    X, y = make_data()
    X.loc[:15, "view"] = None
    table = compare_models(MODELS, X, y, cv=3).summary(by="view")
    assert table[table["view"].isna()]["n"].unique().tolist() == [16]


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.DataQualityWarning")
def test_a_part_of_one_class_has_no_auc(study):
    _, y = make_data()
    table = study.summary(by=y).query("model == 'good'").set_index(["by", "measure"])
    assert np.isnan(table.loc[(1, "AUC"), "estimate"])
    assert np.isnan(table.loc[(1, "specificity"), "estimate"])
    assert table.loc[(1, "sensitivity"), "estimate"] > 0


def test_a_breast_needs_a_laterality():
    X, y = make_data()
    study = compare_models(MODELS, X.drop(columns="laterality"), y, cv=3)
    with pytest.raises(ValueError, match="needs the laterality of every row"):
        study.summary("breast")
    X.loc[7, "laterality"] = None
    study = compare_models(MODELS, X, y, cv=3)
    with pytest.raises(ValueError, match="Got none in row 7"):
        study.summary("breast")


def test_a_patient_needs_a_group():
    X, y = make_data()
    with pytest.warns(DataQualityWarning, match="No groups"):
        study = compare_models(MODELS, X.drop(columns="group"), y, cv=3)
    with pytest.raises(ValueError, match="needs the group of every row"):
        study.summary("patient")


def test_three_classes_need_an_order():
    X, y = make_data()
    names = np.array(["normal", "benign", "malignant"])[y + np.arange(160) // 4 % 2]
    models = [("prior", DummyClassifier())]
    with pytest.raises(ValueError, match="the worst one last"):
        compare_models(models, X, names, cv=3).summary("patient")
    labels = ["normal", "benign", "malignant"]
    table = compare_models(models, X, names, cv=3, labels=labels).summary("patient")
    assert table["n"].iloc[0] == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": "woman"}, "level to be one of"),
        ({"by": "size"}, "by to be a column of X"),
        ({"by": "model"}, "another name"),
        ({"by": np.arange(10)}, "one value for each of the 160 rows"),
        ({"by": pd.Series(np.arange(160), name="n")}, "another name"),
    ],
)
def test_bad_levels_and_parts_are_named(study, options, message):
    with pytest.raises(ValueError, match=message):
        study.summary(**options)


def test_no_table_shows_paths(image_rows):
    X, y = image_rows
    study = compare_models([("prior", DummyClassifier())], X, y, cv=2)
    with pytest.raises(ValueError, match="holds paths"):
        study.summary(by="image")
    table = study.predictions.to_csv()
    assert not any(Path(path).name in table for path in X["image"])


# -- errors --------------------------------------------------------------------------


def pixels(X, image_size=8):
    from skfusion.images import ImageSource

    return ImageSource(X, image_size=image_size).to_array().reshape(len(X), -1)


def titles(figure):
    return [axis.get_title() for axis in figure.axes if axis.images]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    data = make_breast_images(
        40,
        n_views=2,
        image_size=16,
        folder=tmp_path_factory.mktemp("x"),
        random_state=0,
    )
    rng = np.random.default_rng(0)
    return data.data.assign(score=rng.random(40), number=np.arange(40)), data.target


def test_the_worst_mistakes_are_drawn(images):
    X, y = images
    study = compare_models(MODELS[:1], X, y, cv=2)
    table = study.predictions
    confidence = np.where(table["y_pred"] == 1, 1, -1) * (table["y_score"] - 0.5)
    wrong = table.assign(confidence=confidence).query("y_true != y_pred")
    expected = wrong.sort_values("confidence", ascending=False)["row"].head(5)
    drawn = titles(study.errors("good", n=5))
    assert [int(t.split("row ")[1].split(",")[0]) for t in drawn] == expected.tolist()
    first = wrong.loc[wrong["row"] == expected.iloc[0]].iloc[0]
    assert drawn[0] == (
        f"true {first['y_true']}\npredicted {first['y_pred']}, score "
        f"{first['y_score']:.2f}\nrow {first['row']}, fold {first['fold']}"
    )


def test_the_sheet_holds_no_path_and_no_patient(images):
    X, y = images
    X = X.assign(group=[f"patient-{row // 2}" for row in range(40)])
    figure = compare_models(MODELS[:1], X, y, cv=2).errors("good")
    texts = "".join(text.get_text() for text in figure.findobj(Text))
    assert "row" in texts
    assert "patient" not in texts
    assert not any(Path(path).stem in texts for path in X["image"])


def test_the_drawn_image_is_that_of_the_row():
    rng = np.random.default_rng(0)
    X, y = rng.random((40, 6, 5)), np.tile([0, 1], 20)
    model = make_pipeline(FunctionTransformer(flatten), LogisticRegression())
    study = compare_models([("linear", model)], X, y, groups=np.arange(40), cv=2)
    figure = study.errors("linear", n=1)
    row = int(titles(figure)[0].split("row ")[1].split(",")[0])
    drawn = figure.axes[0].images[0].get_array()
    middle = drawn[:, drawn.shape[1] // 2].mean()
    assert middle == pytest.approx(X[row, :, 2].mean(), abs=0.05)


def flatten(X):
    return X.reshape(len(X), -1)


def test_mistakes_without_scores_are_drawn_in_the_order_of_rows(images):
    X, y = images
    drawn = titles(compare_models([("labels", Labels())], X, y, cv=2).errors("labels"))
    rows = [int(title.split("row ")[1].split(",")[0]) for title in drawn]
    assert rows == sorted(rows)
    assert "score" not in drawn[0]


class Halves(ClassifierMixin, BaseEstimator):
    """Decision values between 0 and 1, which are no probabilities.

    As with a tuned threshold, their sign does not decide.
    """

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0.2).astype(int)]

    def decision_function(self, X):
        return X["score"].to_numpy() / 2


@pytest.mark.parametrize("stored", [False, True])
def test_decision_values_are_not_taken_for_probabilities(images, tmp_path, stored):
    X, y = images
    store = tmp_path if stored else None
    for _ in range(2):
        study = compare_models([("halves", Halves())], X, y, cv=2, store=store)
    rows = study.predictions.query("y_true != y_pred")
    confidence = np.where(rows["y_pred"] == 1, 1, -1) * rows["y_score"]
    expected = rows.assign(confidence=confidence).sort_values("confidence")["row"][::-1]
    drawn = titles(study.errors("halves", n=40))
    assert [int(t.split("row ")[1].split(",")[0]) for t in drawn] == expected.tolist()
    for each in (study, pickle.loads(pickle.dumps(study))):
        with pytest.raises(ValueError, match="decision values from 'halves'"):
            each.plot("calibration")


def test_a_row_of_repeated_folds_is_drawn_once(images):
    X, y = images
    cv = [StratifiedGroupKFold(2, shuffle=True, random_state=s) for s in range(3)]
    drawn = titles(compare_models(MODELS[:1], X, y, cv=cv).errors("good", n=40))
    rows = [title.split("row ")[1].split(",")[0] for title in drawn]
    assert len(rows) == len(set(rows))


def test_a_model_without_mistakes_has_an_empty_sheet(images):
    X, y = images
    X = X.assign(score=y.astype(float))
    figure = compare_models(MODELS[:1], X, y, cv=2).errors("good")
    assert "0 of 0" in figure.get_suptitle()
    assert titles(figure) == []


def test_several_images_of_a_row_stand_side_by_side(tmp_path):
    pairs = make_breast_pairs(24, image_size=16, folder=tmp_path, random_state=0)
    X = pairs.data.assign(score=0.9)
    study = compare_models(MODELS[:1], X, pairs.target, cv=2)
    (image,) = study.errors("good", n=1).axes[0].images
    height, width = image.get_array().shape
    assert width == 2 * height


def test_rows_of_numbers_cannot_be_drawn(study):
    with pytest.raises(ValueError, match="errors draws images"):
        study.errors("good")
    rows = compare_models(
        [("linear", LogisticRegression())],
        np.random.default_rng(0).random((40, 3)),
        np.tile([0, 1], 20),
        groups=np.arange(40),
        cv=2,
    )
    with pytest.raises(ValueError, match="errors draws images"):
        rows.errors("linear")


@pytest.mark.parametrize("n", [0, 2.5, 41])
def test_the_number_of_mistakes_is_checked(study, n):
    with pytest.raises(ValueError, match="'n' parameter"):
        study.errors("good", n)


def test_an_unknown_model_is_named(study):
    for method in (study.errors, study.refit):
        with pytest.raises(ValueError, match=r"one of 'good', 'coin'. Got 'svm'"):
            method("svm")


# -- refit and external --------------------------------------------------------------


def test_a_model_is_refitted_on_all_data_with_its_groups():
    study = compare()
    model = study.refit("good")
    assert model.n_rows_ == 160
    np.testing.assert_array_equal(model.groups_, make_data()[0]["group"])
    assert not hasattr(MODELS[0][1], "classes_")


def test_an_external_data_set_is_added_to_every_table():
    study = compare()
    X, y = external_data()
    assert study.external("hospital B", X, y) is study
    table = study.externals["hospital B"]
    assert list(table.columns) == list(study.predictions.columns)
    assert set(table["fold"]) == {0}
    rows = study.summary[study.summary["data"] == "hospital B"]
    kappa = rows.query("measure == 'kappa' and modality == 'all'").set_index("model")
    model = RowClassifier().fit(*make_data())
    expected = cohen_kappa_score(y, model.predict(X))
    assert kappa.loc["good", "estimate"] == pytest.approx(expected)
    area = rows.query("measure == 'AUC' and modality == 'all'").set_index("model")
    expected = roc_auc_score(y, X["score"])
    assert area.loc["good", "estimate"] == pytest.approx(expected)
    assert "hospital B: 160 images of 40 groups" in str(study)
    assert "hospital B" in study._repr_html_()


def test_models_are_refitted_once_for_several_data_sets():
    study = compare()
    RowClassifier.n_fits = 0
    study.external("B", *external_data()).external("C", *make_data(2, "third-"))
    study.refit("good")
    assert RowClassifier.n_fits == 2
    assert list(study.externals) == ["B", "C"]


def test_levels_and_parts_of_an_external_data_set():
    study = compare().external("B", *external_data())
    sizes = study.summary("breast").query("modality == 'all'").groupby("data")["n"]
    assert sizes.first().to_dict() == {"B": 80, "cross-validation": 80}
    by_view = study.summary(by="view").groupby(["data", "view"])["n"].first()
    assert by_view.loc["B"].to_dict() == {"CC": 80, "MLO": 80}
    assert set(study.summary(by=np.arange(160) % 2)["data"]) == {"cross-validation"}
    X, y = external_data()
    ages = study.summary(by="age").query("data == 'B'")["age"]
    assert sorted(ages.unique()) == sorted(X["age"].unique())
    study.external("C", X.drop(columns=["view", "age"]).assign(group="one"), y)
    for column in ("view", "age"):
        assert set(study.summary(by=column)["data"]) == {"cross-validation", "B"}


def test_mistakes_on_an_external_data_set_are_drawn(images, tmp_path):
    X, y = images
    study = compare_models(MODELS[:1], X, y, cv=2)
    other = X.assign(group=[f"other {i}" for i in range(40)]).drop(columns="image")
    other["picture"] = [tmp_path / f"{i}.png" for i in range(40)]
    for source, target in zip(X["image"], other["picture"], strict=True):
        ImageOps.invert(Image.open(source)).save(target)
    study.external("B", other, y)
    figure = study.errors("good", n=3, data="B")
    assert len(titles(figure)) == 3
    assert figure.get_suptitle().startswith("good, B: the worst 3 of")
    assert not any("fold" in title for title in titles(figure))
    assert "fold" in titles(study.errors("good", n=1))[0]
    with pytest.raises(ValueError, match="data to be one of"):
        study.errors("good", data="C")


def test_a_patient_of_the_study_is_no_external_one():
    X, y = external_data()
    X.loc[:3, "group"] = "patient-7"
    study = compare()
    with pytest.raises(ValueError, match="Got 1 groups") as error:
        study.external("B", X, y)
    assert "patient-7" not in str(error.value)
    assert study.externals == {}


def test_an_image_of_the_study_is_no_external_one(images):
    X, y = images
    study = compare_models(MODELS[:1], X, y, cv=2)
    other = X.assign(group=[f"other {i}" for i in range(40)])
    with pytest.raises(ValueError, match="Got 40 images"):
        study.external("B", other, y)


@pytest.mark.parametrize("name", ["cross-validation", "", 3, "B"])
def test_the_name_of_an_external_data_set_is_its_own(name):
    study = compare().external("B", *external_data())
    with pytest.raises(ValueError, match="Expected name"):
        study.external(name, *make_data(2, "third-"))


def test_an_unknown_label_is_named():
    X, y = external_data()
    with pytest.raises(ValueError, match=r"Got [23] in row 0"):
        compare().external("B", X, y + 2)


def test_unknown_groups_of_an_external_data_set_are_warned_of():
    X, y = external_data()
    with pytest.warns(DataQualityWarning, match="No groups were passed for the ext"):
        study = compare().external("B", X.drop(columns="group"), y)
    assert "B: 160 images, prevalence" in str(study)


def test_an_external_data_set_of_one_class_keeps_what_is_defined():
    X, y = external_data()
    study = compare().external("B", X[y == 1], y[y == 1])
    rows = study.summary.query("data == 'B' and modality == 'all' and model == 'good'")
    rows = rows.set_index("measure")["estimate"]
    assert np.isnan(rows["AUC"])
    assert rows["sensitivity"] > 0


def test_a_model_that_fails_on_external_data_leaves_the_others():
    X, y = external_data()
    study = compare([("age", RowClassifier("age")), *MODELS])
    with pytest.warns(FitFailedWarning, match="'age' failed on the external data set"):
        study.external("B", X.drop(columns="age"), y)
    assert set(study.externals["B"]["model"]) == {"good", "coin"}
    with pytest.raises(ValueError, match="All 3 models failed"):
        study.external("C", X[["group"]], y)
    assert list(study.externals) == ["B"]


class Interrupted(RowClassifier):
    """Interrupted by Ctrl-C when it sees external data for the first time."""

    is_stopped = False

    def predict(self, X):
        if X["group"].iloc[0].startswith("other") and not Interrupted.is_stopped:
            Interrupted.is_stopped = True
            raise KeyboardInterrupt
        return super().predict(X)


def test_an_interrupted_external_data_set_can_be_added_again():
    study = compare([*MODELS, ("interrupted", Interrupted())])
    RowClassifier.n_fits = 0
    text = str(study)
    with pytest.raises(KeyboardInterrupt):
        study.external("B", *external_data())
    assert str(study) == text
    study.external("B", *external_data())
    assert set(study.externals["B"]["model"]) == {"good", "coin", "interrupted"}
    assert RowClassifier.n_fits == 3


def test_an_error_on_external_data_can_be_raised():
    X, y = external_data()
    study = compare(error_score="raise")
    with pytest.raises(KeyError):
        study.external("B", X[["group"]], y)


# -- repetitions ---------------------------------------------------------------------


def repeats(n_repeats=3, n_splits=4):
    return [
        StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
        for seed in range(n_repeats)
    ]


def test_a_list_of_generators_repeats_the_folds():
    study = compare(cv=repeats())
    assert len(study.splits) == 12
    X, y = make_data()
    for number, cv in enumerate(repeats()):
        for fold, (_, test) in enumerate(cv.split(X, y, X["group"])):
            np.testing.assert_array_equal(study.splits[4 * number + fold][1], test)
    counts = study.predictions.query("model == 'good'")["row"].value_counts()
    assert set(counts) == {3}
    assert "3 x 4 folds" in str(study)
    assert "160 images of 40 groups" in str(study)


def test_repetitions_are_pooled_and_their_intervals_are_by_group():
    study = compare(cv=repeats())
    once = compare(cv=repeats(1))
    kappa, expected = (
        each.summary.query("model == 'good' and measure == 'kappa'").iloc[0]
        for each in (study, once)
    )
    # The model does not learn, so that each repetition predicts the same.
    assert kappa["estimate"] == pytest.approx(expected["estimate"])
    assert kappa["lower"] == pytest.approx(expected["lower"])
    assert kappa["n_groups"] == 40


def test_repetitions_of_scikit_learn_are_counted():
    X, y = make_data()
    cv = RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0)
    study = compare_models(MODELS, X, y, groups=np.arange(160), cv=cv)
    assert "3 x 2 folds" in str(study)


def test_equal_repetitions_are_warned_of():
    with pytest.warns(DataQualityWarning, match="Only 1 of the 3 repetitions"):
        compare(cv=[StratifiedGroupKFold(3)] * 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataQualityWarning)
        compare(cv=repeats())


def test_uneven_folds_are_only_counted():
    splits = [(np.arange(80), np.arange(80, 160)), (np.arange(96), np.arange(96, 160))]
    assert "on 2 folds" in str(compare(cv=splits))


# -- pickles -------------------------------------------------------------------------


def test_a_pickle_holds_the_tables_alone(images):
    X, y = images
    study = compare_models(MODELS[:1], X, y, cv=2)
    other = X.assign(image="elsewhere.png", group=[f"other {i}" for i in range(40)])
    study.external("B", other, y)
    content = pickle.dumps(study)
    names = [Path(X["image"].iloc[0]).name, Path(X["image"].iloc[0]).parent.name]
    for text in [*names, *map(str, X["group"].unique())]:
        assert text.encode() not in content
    assert b"elsewhere" not in content
    loaded = pickle.loads(content)
    assert repr(loaded) == repr(study)
    assert loaded._repr_html_() == study._repr_html_()
    for name in ("folds", "summary", "predictions", "training"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(study, name))
    pd.testing.assert_frame_equal(loaded.summary("breast"), study.summary("breast"))


@pytest.mark.parametrize(
    "call",
    [
        lambda study: study.refit("good"),
        lambda study: study.errors("good"),
        lambda study: study.external("B", *external_data()),
    ],
)
def test_what_a_pickle_cannot_do_is_an_error_with_advice(study, call):
    loaded = pickle.loads(pickle.dumps(study))
    with pytest.raises(ValueError, match="Run compare_models again"):
        call(loaded)


def test_a_pickle_knows_the_columns_of_its_tables_alone(study):
    loaded = pickle.loads(pickle.dumps(study))
    assert set(loaded.summary(by="view")["view"]) == {"CC", "MLO"}
    with pytest.raises(ValueError, match="which a pickle does not hold"):
        loaded.summary(by="age")


# -- bad input -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "split", [([0, 1], [160]), (np.ones(80, bool), np.zeros(80, bool))]
)
def test_folds_of_other_data_are_an_error(split):
    with pytest.raises(ValueError, match="split of fold 0 to hold rows of X"):
        compare(cv=[split])


def test_scores_that_are_missing_are_warned_of():
    X, y = make_data()
    X.loc[:15, "score"] = np.nan
    with pytest.warns(DataQualityWarning, match="'good' has no score .NaN. for 16 of"):
        study = compare_models(MODELS, X, y, cv=3)
    rows = study.summary.query("modality == 'all'").set_index(["model", "measure"])
    assert np.isnan(rows.loc[("good", "AUC"), "estimate"])
    assert rows.loc[("good", "kappa"), "estimate"] > 0
    assert rows.loc[("coin", "AUC"), "estimate"] > 0


def test_training_data_of_one_class_are_warned_of():
    X, y = make_data()
    one = np.flatnonzero(y == 1)
    splits = [(one[:40], one[40:]), (one[40:], np.setdiff1d(np.arange(160), one[40:]))]
    groups = np.arange(160)
    with pytest.warns(DataQualityWarning, match="no score") as caught:
        study = compare_models(
            [("prior", DummyClassifier())], X, y, groups=groups, cv=splits
        )
    assert any("in the folds [0, 1]" in str(each.message) for each in caught)
    assert len(study.predictions) == len(splits[0][1]) + len(splits[1][1])


@pytest.mark.parametrize("wrong", [np.nan, 0.5, 7])
def test_predictions_that_are_no_class_fail_one_model_alone(wrong):
    models = [("wrong", RowClassifier(wrong=wrong)), *MODELS]
    with pytest.warns(FitFailedWarning, match="one of the classes"):
        study = compare(models)
    kappa = study.folds.query("modality == 'all'").groupby("model")["kappa"].count()
    assert kappa.to_dict() == {"good": 3, "coin": 3, "wrong": 0}


def test_models_without_scores_are_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataQualityWarning)
        compare([("labels", Labels())])
