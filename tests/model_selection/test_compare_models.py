import re
import sys
import types
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    LeaveOneGroupOut,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    cross_val_predict,
    cross_validate,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

import skfusion.model_selection
from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import classification_summary, kappa_scorer
from skfusion.model_selection import compare_models

VIEWS = 4


def draw_patients(n_patients=40, seed=0):
    """Signal in y, and a stronger one in the patient: the views look alike."""
    rng = np.random.default_rng(seed)
    y = np.repeat(rng.integers(2, size=n_patients), VIEWS)
    patient = np.repeat(rng.normal(size=(n_patients, 3)), VIEWS, axis=0)
    X = patient + y[:, np.newaxis] + 0.1 * rng.normal(size=(len(y), 3))
    return X, y, np.repeat([f"patient-{code}" for code in range(n_patients)], VIEWS)


def make_table(**options):
    X, y, groups = draw_patients(**options)
    modality = np.where(np.arange(len(y)) < 64, "ultrasound", "mammography")
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    paths = [f"secret/{row}.png" for row in range(len(y))]
    return table.assign(image=paths, group=groups, modality=modality), y


def on_numbers(model):
    return make_pipeline(FunctionTransformer(lambda X: X[["a", "b", "c"]]), model)


MODELS = [("linear", LogisticRegression()), ("prior", DummyClassifier())]
TABLE_MODELS = [(name, on_numbers(model)) for name, model in MODELS]


class ProbeClassifier(ClassifierMixin, BaseEstimator):
    """Predict the commonest class; fail or keep what fit was given."""

    seen = []

    def __init__(self, fails_on=None):
        self.fails_on = fails_on

    def fit(self, X, y, groups=None):
        ProbeClassifier.seen.append((len(X), groups))
        if self.fails_on is not None and self.fails_on in X[:, 0]:
            raise RuntimeError("this fold is not liked")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_every_public_name_exists():
    package = skfusion.model_selection
    assert all(hasattr(package, name) for name in package.__all__)


def test_every_model_sees_the_same_folds():
    X, y, groups = draw_patients()
    comparison = compare_models(MODELS, X, y, groups=groups)
    linear, prior = (
        comparison.predictions.query("model == @name")[["fold", "row"]].to_numpy()
        for name, _ in MODELS
    )
    np.testing.assert_array_equal(linear, prior)
    assert sorted(linear[:, 1]) == list(range(len(y)))


def test_scores_are_those_of_cross_validate():
    X, y, groups = draw_patients()
    cv = StratifiedGroupKFold(4)
    comparison = compare_models(MODELS, X, y, groups=groups, cv=cv)
    for name, model in MODELS:
        folds = comparison.folds[comparison.folds["model"] == name]
        expected = cross_validate(
            model,
            X,
            y,
            groups=groups,
            cv=cv,
            scoring={"kappa": kappa_scorer, "accuracy": "accuracy"},
        )
        assert folds["kappa"].to_list() == pytest.approx(expected["test_kappa"])
        assert folds["accuracy"].to_list() == pytest.approx(expected["test_accuracy"])


def test_predictions_are_those_of_cross_val_predict():
    X, y, groups = draw_patients()
    cv = StratifiedGroupKFold(4)
    table = compare_models(MODELS[:1], X, y, groups=groups, cv=cv).predictions
    table = table.sort_values("row")
    options = {"groups": groups, "cv": cv}
    expected = cross_val_predict(MODELS[0][1], X, y, **options)
    np.testing.assert_array_equal(table["y_pred"], expected)
    scores = cross_val_predict(MODELS[0][1], X, y, method="predict_proba", **options)
    np.testing.assert_allclose(table["y_score"], scores[:, 1])


def test_no_group_crosses_the_default_folds():
    X, y, groups = draw_patients()
    comparison = compare_models(MODELS[1:], X, y, groups=groups)
    assert len(comparison.splits) == 5
    for train, test in comparison.splits:
        assert not set(groups[train]) & set(groups[test])


def test_groups_are_taken_from_the_table():
    X, y = make_table()
    comparison = compare_models(TABLE_MODELS[1:], X, y)
    for train, test in comparison.splits:
        assert not set(X["group"].iloc[train]) & set(X["group"].iloc[test])


def test_permuted_labels_of_patients_are_not_predicted():
    """Nothing but the patient tells the label, and he is on one side only."""
    X, _, groups = draw_patients(n_patients=100)
    y = np.repeat(np.random.default_rng(5).integers(2, size=100), VIEWS)
    nearest = [("nearest", KNeighborsClassifier(1))]
    by_patient = compare_models(nearest, X, y, groups=groups).summary
    by_image = compare_models(nearest, X, y).summary
    assert abs(by_patient["estimate"].iloc[0]) < 0.25
    assert by_image["estimate"].iloc[0] > 0.7


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_a_group_on_both_sides_is_refused():
    X, y = make_table()
    with pytest.raises(ValueError, match=r"each group \(patient\) on one side"):
        compare_models(TABLE_MODELS, X, y, cv=KFold(3, shuffle=True, random_state=0))


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_the_refusal_names_no_patient():
    X, y, groups = draw_patients()
    with pytest.raises(ValueError) as error:
        compare_models(MODELS, X, y, groups=groups, cv=KFold(7))
    assert "patient-" not in str(error.value)


def test_a_row_on_both_sides_is_refused():
    X, y, _ = draw_patients()
    with pytest.raises(ValueError, match=r"each row on one side .* Got 1 on both"):
        compare_models(MODELS, X, y, cv=[([0, 1, 2, 150], [2, 3])])


@pytest.mark.parametrize(
    ("cv", "shown"),
    [
        ([3, 3], "[3, 3]"),
        ((StratifiedGroupKFold(3), 3), "[StratifiedGro"),
        (["dataset", "dataset"], "['dataset', 'dataset']"),
        ([range(100)], "[range(0, 100)]"),
        (iter([3]), "[3]"),
    ],
)
def test_a_list_of_anything_else_than_folds_is_refused(cv, shown):
    X, y, groups = draw_patients()
    with pytest.raises(ValueError, match=re.escape(f"generators. Got {shown}")):
        compare_models(MODELS, X, y, groups=groups, cv=cv)


def test_a_tuple_of_generators_repeats_the_folds():
    X, y, groups = draw_patients()
    cv = tuple(StratifiedGroupKFold(3, shuffle=True, random_state=i) for i in range(2))
    assert len(compare_models(MODELS, X, y, groups=groups, cv=cv).splits) == 6


def test_splits_can_be_masks():
    X, y, _ = draw_patients()
    is_train = np.arange(len(y)) % 2 == 0
    comparison = compare_models(MODELS[:1], X, y, cv=[(is_train, ~is_train)])
    assert comparison.predictions["row"].tolist() == list(range(1, len(y), 2))


def test_results_are_split_by_modality():
    X, y = make_table()
    comparison = compare_models(TABLE_MODELS, X, y)
    sizes = comparison.summary.groupby("modality")["n"].first().to_dict()
    assert sizes == {"all": 160, "mammography": 96, "ultrasound": 64}
    by_fold = comparison.folds.query("model == 'linear'").groupby("modality")["n"].sum()
    assert by_fold.to_dict() == sizes


def test_the_summary_is_that_of_the_pooled_predictions():
    X, y = make_table()
    comparison = compare_models(TABLE_MODELS[:1], X, y)
    part = comparison.predictions.query("modality == 'ultrasound'")
    expected = classification_summary(
        part["y_true"],
        part["y_pred"],
        y_score=part["y_score"],
        groups=part["group"],
        folds=part["fold"],
    )
    summary = comparison.summary.query("modality == 'ultrasound'")
    summary = summary.set_index("measure")[["estimate", "lower", "upper"]]
    pd.testing.assert_frame_equal(summary, expected)


def test_the_summary_counts_groups():
    X, y = make_table()
    summary = compare_models(TABLE_MODELS[1:], X, y).summary
    assert summary.groupby("modality")["n_groups"].first().to_dict() == {
        "all": 40,
        "mammography": 24,
        "ultrasound": 16,
    }


def test_predictions_hold_no_path_and_no_patient():
    X, y = make_table()
    text = compare_models(TABLE_MODELS[1:], X, y).predictions.to_csv()
    assert "secret" not in text
    assert "patient-" not in text


def auc_within_folds(y, score, splits):
    """Mean AUC of the folds, weighed by their pairs."""
    areas = [roc_auc_score(y[test], score[test]) for _, test in splits]
    n_pairs = [y[test].sum() * (1 - y[test]).sum() for _, test in splits]
    return np.average(areas, weights=n_pairs)


def test_decision_values_serve_as_scores():
    X, y, groups = draw_patients()
    cv = StratifiedGroupKFold(3)
    comparison = compare_models([("svm", LinearSVC())], X, y, groups=groups, cv=cv)
    options = {"groups": groups, "cv": cv, "method": "decision_function"}
    score = cross_val_predict(LinearSVC(), X, y, **options)
    expected = auc_within_folds(y, score, comparison.splits)
    summary = comparison.summary.set_index("measure")
    assert summary.loc["AUC", "estimate"] == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.DataQualityWarning")
def test_noise_has_no_auc_where_each_fold_is_a_patient():
    """Pooled, a dummy had 0.000 and a logistic regression 0.118."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 3)
    y = np.repeat(rng.permutation(np.arange(40) % 2), 3)
    summary = compare_models(
        MODELS, rng.normal(size=(120, 5)), y, groups=groups, cv=LeaveOneGroupOut()
    ).summary
    assert summary.loc[summary["measure"] == "AUC", "estimate"].isna().all()


def test_noise_has_an_auc_of_one_half_however_prevalence_differs():
    rng = np.random.default_rng(0)
    y = (rng.random(600) < np.repeat(np.linspace(0.1, 0.9, 10), 60)).astype(int)
    summary = compare_models(
        MODELS, rng.normal(size=(600, 5)), y, groups=np.arange(600), cv=KFold(10)
    ).summary.set_index(["model", "measure"])
    assert summary.loc[("prior", "AUC"), "estimate"] == 0.5
    assert summary.loc[("linear", "AUC"), "estimate"] == pytest.approx(0.5, abs=0.06)


def test_repeated_folds_are_compared_one_by_one():
    X, y, _ = draw_patients()
    cv = RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0)
    comparison = compare_models(MODELS[:1], X, y, groups=np.arange(len(y)), cv=cv)
    areas, n_pairs = [], []
    for _, part in comparison.predictions.groupby("fold"):
        areas.append(roc_auc_score(part["y_true"], part["y_score"]))
        n_pairs.append(part["y_true"].sum() * (1 - part["y_true"]).sum())
    summary = comparison.summary.set_index("measure")
    expected = np.average(areas, weights=n_pairs)
    assert summary.loc["AUC", "estimate"] == pytest.approx(expected)


def test_a_warning_names_a_modality_only_where_the_others_have_an_auc():
    X, y = make_table()
    model = [("prior", on_numbers(DummyClassifier()))]
    with pytest.warns(DataQualityWarning, match="AUC is NaN") as told:
        compare_models(model, X, y, cv=LeaveOneGroupOut())
    (warning,) = [str(one.message) for one in told if "AUC is NaN" in str(one.message)]
    assert warning.startswith("The AUC is NaN")


def test_folds_of_one_class_are_warned_of_once_by_number():
    X, y = make_table()
    lone = np.flatnonzero(y == 1)[:10]
    rest = np.setdiff1d(np.arange(len(y)), lone)
    cv = [(rest, lone), (rest[::2], rest[1::2])]
    with pytest.warns(DataQualityWarning, match="one class only") as told:
        compare_models(
            [(name, on_numbers(DummyClassifier())) for name in "ab"],
            X.drop(columns="group"),
            y,
            groups=np.arange(len(y)),
            cv=cv,
        )
    messages = [str(warning.message) for warning in told]
    assert messages[0].startswith("1 of 2 folds hold one class only: their 10 of 85 ")
    assert len(messages) == len(set(messages))
    assert {warning.filename for warning in told} == {__file__}


def test_a_model_without_scores_has_no_auc():
    X, y, groups = draw_patients()
    models = [("probe", ProbeClassifier())]
    comparison = compare_models(models, X, y, groups=groups)
    summary = comparison.summary.set_index("measure")
    assert np.isnan(summary.loc["AUC", "estimate"])
    assert summary.loc["kappa", "estimate"] == 0


def test_string_labels_take_the_greater_as_positive():
    X, y, groups = draw_patients()
    names = np.array(["benign", "malignant"])[y]
    options = {"groups": groups, "cv": 3}
    pd.testing.assert_frame_equal(
        compare_models(MODELS, X, names, **options).summary,
        compare_models(MODELS, X, y, **options).summary,
    )


def test_three_classes_have_three_measures():
    X, y, groups = draw_patients()
    y = y + (X[:, 0] > 1)
    comparison = compare_models(MODELS[:1], X, y, groups=groups, cv=3)
    measures = comparison.summary["measure"].tolist()
    assert measures == ["kappa", "accuracy", "balanced accuracy"]
    predictions = comparison.predictions
    expected = cohen_kappa_score(predictions["y_true"], predictions["y_pred"])
    assert comparison.summary["estimate"].iloc[0] == pytest.approx(expected)


def test_more_scorers_make_more_columns():
    X, y, groups = draw_patients()
    options = {"groups": groups, "cv": 3}
    several = compare_models(MODELS, X, y, scoring=["f1", "roc_auc"], **options).folds
    assert {"test_f1", "test_roc_auc"} <= set(several.columns)
    single = compare_models(MODELS, X, y, scoring=kappa_scorer, **options).folds
    assert single["test_score"].tolist() == pytest.approx(single["kappa"].tolist())


def test_lists_and_series_are_taken():
    X, y, groups = draw_patients()
    options = {"cv": 3}
    expected = compare_models(MODELS, X, y, groups=groups, **options).predictions
    listed = compare_models(
        MODELS, X.tolist(), y.tolist(), groups=pd.Series(groups), **options
    ).predictions
    pd.testing.assert_frame_equal(listed, expected)


def test_rows_that_are_predicted_repeatedly_are_one_group():
    X, y, _ = draw_patients()
    cv = RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0)
    summary = compare_models(MODELS[1:], X, y, cv=cv).summary
    assert summary["n"].iloc[0] == 480
    assert summary["n_groups"].iloc[0] == 160


class CountingTransformer(TransformerMixin, BaseEstimator):
    """Count the images that it is given after fit."""

    n_transformed = 0

    def fit(self, X, y=None):
        return self

    def fit_transform(self, X, y=None):
        return X

    def transform(self, X):
        CountingTransformer.n_transformed += len(X)
        return X


def test_a_pipeline_transforms_the_images_of_a_fold_once():
    X, y, groups = draw_patients()
    CountingTransformer.n_transformed = 0
    model = make_pipeline(
        RandomOverSampler(), CountingTransformer(), LogisticRegression()
    )
    table = compare_models([("linear", model)], X, y, groups=groups).predictions
    assert CountingTransformer.n_transformed == len(y)
    assert table["y_score"].notna().all()


def test_the_candidates_are_not_fitted():
    X, y, groups = draw_patients()
    model = LogisticRegression()
    compare_models([("linear", model)], X, y, groups=groups)
    assert not hasattr(model, "coef_")


def test_groups_reach_a_fit_that_takes_them():
    X, y, groups = draw_patients()
    ProbeClassifier.seen.clear()
    splits = compare_models(
        [("probe", ProbeClassifier())], X, y, groups=groups, cv=2
    ).splits
    for (train, _), (_, passed) in zip(splits, ProbeClassifier.seen, strict=True):
        np.testing.assert_array_equal(passed, groups[train])


def test_a_failing_fold_loses_nothing_else():
    X, y, groups = draw_patients()
    models = [("probe", ProbeClassifier(fails_on=X[0, 0])), *MODELS]
    cv = StratifiedGroupKFold(3)
    with pytest.warns(FitFailedWarning, match="'probe' failed on fold") as caught:
        comparison = compare_models(models, X, y, groups=groups, cv=cv)
    assert "this fold is not liked" in str(caught[0].message)
    counts = comparison.folds.groupby("model")["kappa"].count()
    assert counts.to_dict() == {"linear": 3, "probe": 1, "prior": 3}
    assert (comparison.predictions["model"] == "linear").sum() == len(y)


def test_two_jobs_agree_with_one_and_report_their_errors():
    X, y, _ = draw_patients()
    one_class = np.flatnonzero(y == 1)
    cv = [(np.arange(80), np.arange(80, 160)), (one_class[:-1], one_class[-1:])]
    models = [("svm", LinearSVC()), MODELS[1]]
    tables = []
    for n_jobs in (1, 2):
        with pytest.warns(FitFailedWarning, match="'svm' failed on fold 1"):
            comparison = compare_models(models, X, y, cv=cv, n_jobs=n_jobs)
        tables.append(comparison.predictions)
    pd.testing.assert_frame_equal(*tables)


def test_an_error_can_be_raised():
    X, y, groups = draw_patients()
    models = [("probe", ProbeClassifier(fails_on=X[0, 0]))]
    with pytest.raises(RuntimeError, match="not liked"):
        compare_models(models, X, y, groups=groups, error_score="raise")


def test_nothing_but_failures_is_an_error():
    X, y, _ = draw_patients()
    models = [("probe", ProbeClassifier(fails_on=X[0, 0]))]
    with pytest.raises(ValueError, match=r"All 1 fits failed(?s:.*)not liked"):
        compare_models(models, X, y, cv=[([0, 1, 2], [3, 4])])


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "empty list"),
        ([("a", DummyClassifier()), ("a", DummyClassifier())], "distinct names"),
        ([DummyClassifier()], "name"),
        ([(1, DummyClassifier())], "name"),
        ([("a", FunctionTransformer())], "'a' in estimators to have fit and predict"),
        ({"a": DummyClassifier()}, "'estimators' parameter"),
    ],
)
def test_bad_estimators_are_named(models, message):
    X, y, _ = draw_patients()
    with pytest.raises(ValueError, match=message):
        compare_models(models, X, y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": ["a", "b"]}, "inconsistent numbers of samples"),
        ({"groups": [None] * 160}, "row 0"),
        ({"cv": []}, "at least one split"),
        ({"cv": [([0, 1], [])]}, "0 to predict"),
        ({"scoring": "kappa"}, "scoring"),
        ({"error_score": "ignore"}, "'error_score' parameter"),
    ],
)
def test_bad_options_are_named(options, message):
    X, y, _ = draw_patients()
    with pytest.raises(ValueError, match=message):
        compare_models(MODELS, X, y, **options)


def test_lengths_must_agree():
    X, y, _ = draw_patients()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare_models(MODELS, X, y[:-1])


def test_progress_is_shown_when_asked_for(capsys):
    X, y, _ = draw_patients()
    compare_models(MODELS[1:], X, y, cv=2)
    assert capsys.readouterr() == ("", "")
    compare_models(MODELS[1:], X, y, cv=2, verbose=1)
    assert "prior" in capsys.readouterr().err


def test_the_answer_is_the_same_twice():
    X, y = make_table()
    first, second = (compare_models(TABLE_MODELS, X, y) for _ in range(2))
    pd.testing.assert_frame_equal(first.summary, second.summary)


@pytest.mark.parametrize("is_initialized", [True, False])
def test_memory_of_an_accelerator_is_freed_only_if_it_is_in_use(
    monkeypatch, is_initialized
):
    freed = []
    cuda = types.SimpleNamespace(
        is_available=lambda: False,
        is_initialized=lambda: is_initialized,
        empty_cache=lambda: freed.append(1),
    )
    torch = types.SimpleNamespace(
        cuda=cuda, get_num_threads=lambda: 1, set_num_threads=lambda n: None
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    X, y, _ = draw_patients()
    compare_models(MODELS[1:], X, y, cv=2)
    assert bool(freed) is is_initialized


@pytest.mark.parametrize("model", [LogisticRegression(), LinearSVC()])
def test_labels_say_which_class_is_positive(model):
    rng = np.random.default_rng(0)
    y = np.array(["cancer", "no cancer"])[rng.integers(2, size=60)]
    X = (y == "cancer")[:, np.newaxis] + 0.3 * rng.normal(size=(60, 2))
    comparison = compare_models([("m", model)], X, y, labels=["no cancer", "cancer"])
    measures = comparison.summary.set_index("measure")["estimate"]
    assert measures["prevalence"] == np.mean(y == "cancer")
    assert measures["AUC"] > 0.9


def test_labels_must_be_those_of_y():
    X, y = np.zeros((20, 1)), np.tile([0, 1], 10)
    with pytest.raises(ValueError, match="Expected labels to hold the classes"):
        compare_models([("m", LogisticRegression())], X, y, labels=[0, 2])


def test_processes_that_share_one_gpu_are_warned_of(monkeypatch):
    torch = pytest.importorskip("torch")
    from skfusion.neural_network import CNN17Classifier

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    X, y = np.zeros((8, 8, 8)), np.tile([0, 1], 4)
    network = CNN17Classifier(width=1, weights=None, image_size=8, max_epochs=1)
    with pytest.warns(RuntimeWarning, match="share one CUDA device"):
        compare_models([("network", network)], X, y, cv=2, n_jobs=2)


def test_one_process_on_one_gpu_is_not_warned_of(monkeypatch, recwarn):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    X, y = np.zeros((8, 2)), np.tile([0, 1], 4)
    compare_models([("prior", DummyClassifier())], X, y, cv=2, n_jobs=2)
    assert not [w for w in recwarn if "CUDA" in str(w.message)]


def test_the_inner_folds_of_a_search_know_the_groups():
    X, y, groups = draw_patients(n_patients=24)
    search = GridSearchCV(
        LogisticRegression(), {"C": [0.1, 1]}, cv=StratifiedGroupKFold(3)
    )
    comparison = compare_models([("search", search)], X, y, groups=groups, cv=2)
    assert comparison.folds["kappa"].notna().all()


def in_pipelines(model, depth):
    """Return a model at the end of nested pipelines."""
    for _ in range(depth):
        model = make_pipeline(StandardScaler(), model)
    return model


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("routing", [False, True])
def test_a_search_at_the_end_of_a_pipeline_knows_the_groups(routing, depth):
    X, y, groups = draw_patients(n_patients=24)
    search = GridSearchCV(
        LogisticRegression(), {"C": [0.1, 1]}, cv=StratifiedGroupKFold(3)
    )
    models = [("search", in_pipelines(search, depth))]
    with sklearn.config_context(enable_metadata_routing=routing):
        comparison = compare_models(models, X, y, groups=groups, cv=2)
    assert comparison.folds["kappa"].notna().all()


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_a_search_over_folds_without_groups_is_fitted(routing, depth):
    X, y, groups = draw_patients(n_patients=24)
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=3)
    models = [("search", in_pipelines(search, depth))]
    with sklearn.config_context(enable_metadata_routing=routing):
        comparison = compare_models(models, X, y, groups=groups, cv=2)
    assert comparison.folds["kappa"].notna().all()


def test_a_search_of_a_sampler_and_a_model_knows_the_groups():
    X, y, groups = draw_patients(n_patients=24)
    model = make_pipeline(RandomOverSampler(random_state=0), LogisticRegression())
    grid = {"logisticregression__C": [0.1, 1]}
    models = [("search", GridSearchCV(model, grid, cv=StratifiedGroupKFold(3)))]
    comparison = compare_models(models, X, y, groups=groups, cv=2)
    assert comparison.folds["kappa"].notna().all()


def test_images_of_unknown_patients_are_warned_of():
    X, y, _ = draw_patients()
    with pytest.warns(DataQualityWarning, match="No groups"):
        compare_models([("prior", DummyClassifier())], X, y, cv=2)


def test_a_positive_class_by_the_alphabet_is_warned_of():
    X, y, groups = draw_patients()
    names = np.array(["no cancer", "cancer"])[y]
    models = [("prior", DummyClassifier())]
    with pytest.warns(DataQualityWarning, match="'no cancer' as the positive class"):
        compare_models(models, X, names, groups=groups, cv=2)


def test_label_made_pairs_are_told_wherever_their_rows_went():
    X = pd.DataFrame({"density": np.arange(12), "paired_by": "label"})
    other = X.drop(columns="paired_by")
    X, y = pd.concat([other, X]).iloc[::-1], np.tile([0, 1], 12)
    models = [("prior", DummyClassifier())]
    with pytest.warns(DataQualityWarning, match="not a woman"):
        compare_models(models, X, y, groups=np.arange(24), cv=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataQualityWarning)
        compare_models(models, other, y[:12], groups=np.arange(12))
