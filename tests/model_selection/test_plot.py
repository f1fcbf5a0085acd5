"""Displays of a comparison: what they draw is what the tables hold."""

import copy
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student_t
from sklearn.calibration import calibration_curve
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    auc,
    average_precision_score,
    confusion_matrix,
    roc_auc_score,
    roc_curve,
)
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import decision_curve
from skfusion.model_selection import (
    CalibrationDisplay,
    ConfusionDisplay,
    DecisionCurveDisplay,
    FoldsDisplay,
    ForestDisplay,
    PrecisionRecallDisplay,
    RocDisplay,
    TrainingDisplay,
    compare_models,
)
from skfusion.model_selection._plot._curves import FoldCurves, resample_patients

LONG = "frozen features of a network + logistic regression"
KINDS = {
    "forest": ForestDisplay,
    "folds": FoldsDisplay,
    "roc": RocDisplay,
    "precision_recall": PrecisionRecallDisplay,
    "calibration": CalibrationDisplay,
    "decision_curve": DecisionCurveDisplay,
    "confusion": ConfusionDisplay,
    "training": TrainingDisplay,
}


def on_numbers(model):
    return make_pipeline(FunctionTransformer(lambda X: X[["a", "b"]]), model)


MODELS = [
    (LONG, on_numbers(LogisticRegression())),
    ("neighbours", on_numbers(KNeighborsClassifier(5))),
    ("prior", on_numbers(DummyClassifier())),
]


def draw_patients(n_patients=60, seed=0):
    """Two alike images of each patient, in one of two modalities."""
    rng = np.random.default_rng(seed)
    y = np.repeat(rng.random(n_patients) < 0.4, 2)
    patient = np.repeat(rng.normal(size=(n_patients, 2)), 2, axis=0)
    X = patient + y[:, np.newaxis] + 0.3 * rng.normal(size=(len(y), 2))
    group = np.arange(len(y)) // 2
    X = pd.DataFrame(X, columns=["a", "b"]).assign(
        image=[f"secret/path-{row}.png" for row in range(len(y))],
        group=[f"patient-{code}" for code in group],
        modality=np.where(group % 2, "ultrasound", "mammography"),
    )
    return X, np.where(y, "malignant", "benign")


@pytest.fixture(scope="module")
def study():
    return compare_models(MODELS, *draw_patients(), cv=3)


@pytest.fixture(scope="module")
def external():
    """The study, with predictions on another data set."""
    X, y = draw_patients(20, seed=1)
    X = X[["a", "b"]].assign(group="other " + X["group"])
    comparison = compare_models(MODELS, *draw_patients(), cv=3)
    return comparison.external("elsewhere", X, y)


@pytest.fixture(scope="module")
def with_training(study):
    """The study, with losses as two networks leave them."""
    rng = np.random.default_rng(0)
    rows = [
        (model, fold, 0, epoch, rng.random(), rng.random() if model == LONG else np.nan)
        for model in (LONG, "prior")
        for fold in range(3)
        for epoch in range(1, 5 + fold)
    ]
    columns = ["model", "fold", "member", "epoch", "train_loss", "valid_loss"]
    return altered(study, training=pd.DataFrame(rows, columns=columns))


def altered(study, **tables):
    """Return a copy of a study with other tables."""
    comparison = copy.copy(study)
    for name, table in tables.items():
        setattr(comparison, name, table)
    return comparison


@pytest.fixture(autouse=True)
def close_figures():
    before = set(plt.get_fignums())
    yield
    for number in set(plt.get_fignums()) - before:
        plt.close(number)


def predictions_of(study, model, data="cross-validation"):
    inner = data == "cross-validation"
    table = study.predictions if inner else study.externals[data]
    table = table.query("model == @model")
    return table.assign(is_positive=table["y_true"] == "malignant")


def lines_of(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def texts_of(figure):
    figure.draw_without_rendering()
    return [text for text in figure.findobj(plt.Text) if text.get_text()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_returns_its_display(with_training, kind):
    display = with_training.plot(kind)
    assert isinstance(display, KINDS[kind])
    assert display.figure_ is np.ravel(display.ax_)[0].figure
    assert display.plot() is display


def test_the_forest_is_the_default(study):
    assert isinstance(study.plot(), ForestDisplay)


def test_an_unknown_kind_lists_the_kinds(study):
    with pytest.raises(ValueError, match="nonsense") as caught:
        study.plot("nonsense")
    assert ", ".join(map(repr, sorted(KINDS))) in str(caught.value)


def test_scores_that_are_nan_are_named_as_such(study):
    predictions = study.predictions.copy()
    predictions.loc[predictions["model"] == "prior", "y_score"] = np.nan
    with pytest.raises(ValueError, match="Got scores that are NaN from 'prior'"):
        altered(study, predictions=predictions).plot("roc")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "training"])
def test_a_display_draws_on_the_axes_that_are_passed(study, kind):
    figure, ax = plt.subplots(figsize=(5, 4))
    n_figures = len(plt.get_fignums())
    display = study.plot(kind, ax=ax, models=["prior"])
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert len(plt.get_fignums()) == n_figures
    assert figure.axes == [ax]


def test_several_panels_take_several_axes(study):
    figure, axes = plt.subplots(1, 3)
    display = study.plot("confusion", ax=axes)
    assert list(display.ax_) == list(axes)
    with pytest.raises(ValueError, match=r"3 axes.*Got 1"):
        study.plot("confusion", ax=axes[0])
    assert study.plot("calibration", ax=axes[:2], models="prior").figure_ is figure


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "training"])
def test_a_figure_is_readable_at_640_pixels(study, kind):
    display = study.plot(kind)
    width, _ = display.figure_.get_size_inches() * 100
    assert width <= 640
    texts = texts_of(display.figure_)
    assert min(text.get_fontsize() for text in texts) >= 8


def test_long_names_do_not_overlap(study):
    models = [(f"{LONG}, number {n}", MODELS[2][1]) for n in range(4)]
    comparison = compare_models(models, *draw_patients(), cv=2)
    ax = comparison.plot("folds").ax_
    ax.figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert all(a.x1 <= b.x0 for a, b in itertools.pairwise(boxes))
    ax = comparison.plot("forest").ax_
    ax.figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(a.y0 >= b.y1 - 1 for a, b in itertools.pairwise(boxes))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "training"])
def test_no_path_and_no_patient_is_drawn(study, kind):
    text = " ".join(text.get_text() for text in texts_of(study.plot(kind).figure_))
    assert "secret" not in text
    assert "patient-" not in text


def test_the_forest_draws_the_summary(study):
    display = study.plot(modality="ultrasound")
    rows = study.summary.query("measure == 'kappa' and modality == 'ultrasound'")
    lines = display.ax_.get_lines()
    drawn = [line.get_xdata()[0] for line in lines[1::2]]
    np.testing.assert_allclose(drawn, rows["estimate"])
    bounds = [line.get_xdata() for line in lines[::2]]
    np.testing.assert_allclose(bounds, rows[["lower", "upper"]])


def test_the_forest_has_a_block_for_each_modality_and_data_set(study, external):
    blocks = ["cross-validation", "mammography", "ultrasound"]
    assert study.plot().table["block"].unique().tolist() == blocks
    display = ForestDisplay.from_comparison(external)
    assert display.table["block"].unique().tolist() == [*blocks, "elsewhere"]
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert set(labels) >= {*blocks, "elsewhere"}
    assert len(labels) == 4 * (1 + len(MODELS))


def test_one_modality_has_one_block(study):
    rows = study.summary.query("modality != 'mammography'")
    table = ForestDisplay.from_comparison(altered(study, summary=rows)).table
    assert table["block"].unique().tolist() == ["cross-validation"]


def test_the_forest_describes_each_block(study):
    text = study.plot().table["description"].iloc[0]
    share = study.summary.query("measure == 'prevalence'")["estimate"].iloc[0]
    assert text == f"120 images of 60 groups, {100 * share:.0f} % malignant"


def test_the_forest_draws_a_panel_for_each_measure(study):
    display = study.plot(measure=["kappa", "AUC", "accuracy"])
    assert display.ax_.shape == (3,)
    chance = display.table.drop_duplicates("measure").set_index("measure")["chance"]
    prevalence = (predictions_of(study, "prior")["is_positive"]).mean()
    assert chance.to_dict() == pytest.approx(
        {"kappa": 0, "AUC": 0.5, "accuracy": 1 - prevalence}
    )


def test_models_are_drawn_in_the_order_that_is_passed(study):
    order = ["prior", LONG]
    assert study.plot(models=order, modality="all").table["model"].tolist() == order
    assert study.plot("folds", models=order).scores.columns.tolist() == order
    assert study.plot("roc", models=order).names == order


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", [list, tuple, np.array, pd.Series])
def test_models_may_be_in_any_sequence(with_training, kind, form):
    displays = [
        with_training.plot(kind, models=models)
        for models in (form(["prior", LONG]), form(["prior"]), "prior")
    ]
    texts = [[text.get_text() for text in texts_of(d.figure_)] for d in displays]
    assert texts[1] == texts[2]
    assert any("frozen" in text for text in texts[0])
    assert not any("frozen" in text for text in texts[1])


@pytest.mark.parametrize("kind", KINDS)
def test_no_model_is_an_error(with_training, kind):
    with pytest.raises(ValueError, match=r"models to name at least one of.*'prior'"):
        with_training.plot(kind, models=[])


def test_no_measure_is_an_error(study):
    with pytest.raises(ValueError, match=r"measure to name at least one of.*'kappa'"):
        study.plot(measure=[])


def test_the_folds_are_those_of_the_table(study):
    display = study.plot("folds", measure="accuracy", modality="mammography")
    part = study.folds.query("modality == 'mammography'")
    for name, _ in MODELS:
        expected = part.query("model == @name")["accuracy"]
        np.testing.assert_array_equal(display.scores[name], expected)
    pooled = study.summary.query("modality == 'mammography' and measure == 'accuracy'")
    np.testing.assert_array_equal(display.pooled, pooled["estimate"])


@pytest.mark.parametrize("modality", ["all", "ultrasound"])
def test_the_folds_have_every_measure_of_the_summary(study, modality):
    for measure in study.summary["measure"].unique():
        display = study.plot("folds", measure=measure, modality=modality)
        assert display.scores.shape == (3, len(MODELS))
        assert display.ax_.get_ylabel().endswith(measure)
    display = study.plot("folds", measure="AUC", modality=modality, models=LONG)
    table = predictions_of(study, LONG)
    table = table if modality == "all" else table.query("modality == @modality")
    expected = [
        roc_auc_score(fold["is_positive"], fold["y_score"])
        for _, fold in table.groupby("fold")
    ]
    np.testing.assert_allclose(display.scores[LONG], expected)
    part = study.summary.query("modality == @modality and measure == 'AUC'")
    assert display.pooled[LONG] == part.query("model == @LONG")["estimate"].item()


def test_a_fold_without_a_measure_is_left_out(study):
    gone = study.predictions.eval("fold == 1 and y_true == 'malignant'")
    part = altered(study, predictions=study.predictions[~gone])
    scores = part.plot("folds", measure="AUC").scores
    assert scores.isna().all(axis=1).tolist() == [False, True, False]


def test_times_have_no_pooled_estimate(study):
    display = study.plot("folds", measure="fit_time")
    assert display.pooled.isna().all()
    assert display.ax_.get_ylabel() == "fit time in seconds"


def test_the_area_under_the_roc_curve_is_the_auc_of_the_summary(study):
    display = study.plot("roc", n_resamples=20)
    summary = study.summary.query("measure == 'AUC' and modality == 'all'")
    areas = [auc(*curve) for curve in zip(display.fpr, display.tpr, strict=True)]
    np.testing.assert_allclose(areas, summary["estimate"], atol=1e-12)
    np.testing.assert_array_equal(display.auc, summary[["estimate", "lower", "upper"]])


def test_the_roc_curve_of_one_fold_is_that_of_scikit_learn(external):
    display = RocDisplay.from_comparison(external, data="elsewhere", n_resamples=20)
    for name, fpr, tpr in zip(display.names, display.fpr, display.tpr, strict=True):
        table = predictions_of(external, name, "elsewhere")
        x, y, _ = roc_curve(table["is_positive"], table["y_score"])
        np.testing.assert_allclose(tpr[1::2], np.interp(fpr[1::2], x, y))
        assert auc(fpr, tpr) == pytest.approx(auc(x, y))


def test_scores_of_two_folds_are_not_compared(study):
    """A shift of the scores of one fold changes no curve."""
    shifted = study.predictions.assign(
        y_score=study.predictions["y_score"] + 5 * (study.predictions["fold"] == 1)
    )
    comparison = altered(study, predictions=shifted)
    for cls in (RocDisplay, PrecisionRecallDisplay):
        first, second = (
            cls.from_comparison(each, n_resamples=20) for each in (study, comparison)
        )
        np.testing.assert_allclose(first.lower, second.lower)
    table = predictions_of(comparison, LONG)
    pooled = roc_auc_score(table["is_positive"], table["y_score"])
    assert pooled < second.average_precision[0][0]


def test_the_precision_of_one_fold_is_that_of_scikit_learn(external):
    display = PrecisionRecallDisplay.from_comparison(
        external, data="elsewhere", n_resamples=20
    )
    for name, values in zip(display.names, display.average_precision, strict=True):
        table = predictions_of(external, name, "elsewhere")
        expected = average_precision_score(table["is_positive"], table["y_score"])
        assert values[0] == pytest.approx(expected)
    assert display.prevalence == pytest.approx(table["is_positive"].mean())


@pytest.mark.parametrize("kind", ["roc", "precision_recall"])
def test_a_band_contains_its_curve(study, kind):
    display = study.plot(kind, models=[LONG, "neighbours"])
    lines = lines_of(display.ax_)
    for name, lower, upper in zip(
        display.names, display.lower, display.upper, strict=True
    ):
        assert (lower <= upper).all()
        (line,) = (line for label, line in lines.items() if name[:20] in label)
        table = predictions_of(study, name)
        curves, once = FoldCurves(table), np.ones((1, len(table)))
        value = (
            curves.mean_tpr(once, display.grid)
            if kind == "roc"
            else curves.pooled_precision(once, display.grid)
        )[0]
        assert (lower - 1e-9 <= value).all()
        assert (value <= upper + 1e-9).all()
        assert (upper > lower)[display.grid < 1].all()
        assert kind != "roc" or (np.diff(lower) >= 0).all()
        assert len(line.get_xdata()) > 4


def test_whole_groups_are_resampled(study):
    """Copies of the images of the patients leave the band as it is."""
    once = study.plot("roc", models=LONG)
    twice = altered(study, predictions=pd.concat([study.predictions] * 2))
    copied = RocDisplay.from_comparison(twice, models=LONG)
    np.testing.assert_allclose(once.lower[0], copied.lower[0])
    single = twice.predictions.drop(columns="group")
    single = single.assign(row=np.arange(len(single)))
    apart = RocDisplay.from_comparison(altered(study, predictions=single), models=LONG)
    width = (once.upper[0] - once.lower[0]).mean()
    assert (apart.upper[0] - apart.lower[0]).mean() < 0.8 * width


def test_images_of_a_group_have_one_weight(study):
    table = predictions_of(study, LONG)
    weights = resample_patients(table, lambda each: each, n_resamples=5, random_state=0)
    by_group = pd.DataFrame(weights.T).groupby(table["group"].to_numpy()).nunique()
    assert (by_group == 1).to_numpy().all()
    assert (weights.sum(axis=1) == len(table)).all()


@pytest.fixture(scope="module")
def perfect():
    """A model without any mistake in 20 patients of each class."""
    y = np.arange(40) % 2
    X = y[:, np.newaxis] + 0.01 * np.random.default_rng(0).normal(size=(40, 1))
    models = [("perfect", LogisticRegression())]
    return compare_models(models, X, y, groups=np.arange(40), cv=4)


def test_a_model_without_mistakes_is_not_certain(perfect):
    """Its bounds are those of Wilson's interval for the number of patients."""
    bound = 1 / (1 + student_t.ppf(0.975, 39) ** 2 / 20)
    (area,) = perfect.plot("precision_recall").average_precision
    np.testing.assert_allclose(area, [1, bound, 1])
    summary = perfect.summary.query("measure == 'AUC' and modality == 'all'")
    np.testing.assert_array_equal(
        perfect.plot("roc").auc, summary[["estimate", "lower", "upper"]]
    )
    roc = perfect.plot("roc")
    np.testing.assert_allclose(roc.lower[0][1:-1], bound)
    assert roc.lower[0][-1] == 1  # where every image is called positive
    calibration = perfect.plot("calibration", n_bins=2)
    np.testing.assert_allclose(calibration.lower[0], [0, bound])
    np.testing.assert_allclose(calibration.upper[0], [1 - bound, 1])


def test_a_model_of_one_score_has_the_diagonal(study):
    display = study.plot("roc", models="prior")
    np.testing.assert_allclose(display.lower[0], display.grid, atol=1e-9)
    np.testing.assert_allclose(display.upper[0], display.grid, atol=1e-9)


def test_the_precision_at_a_recall_counts_the_groups_above_the_threshold(perfect):
    """At the least recall only the first patient of each fold is above it."""
    display = perfect.plot("precision_recall")
    n_counted = np.array([4, 20])
    expected = 1 / (1 + student_t.ppf(0.975, 39) ** 2 / n_counted)
    np.testing.assert_allclose(display.lower[0][[0, -1]], expected)


def test_groups_above_a_threshold_are_counted_once(study):
    table = predictions_of(study, LONG)
    recall = np.array([0.01, 0.5, 1.0])
    counts = FoldCurves(table).n_reaching(recall)
    above = [set() for _ in recall]
    for _, fold in table.groupby("fold"):
        fold = fold.sort_values("y_score", ascending=False)
        reached = fold["is_positive"].cumsum() / fold["is_positive"].sum()
        for each, groups in zip(recall, above, strict=True):
            n_rows = int((reached < each - 1e-9).sum()) + 1
            groups.update(fold["group"][:n_rows])
    assert counts.tolist() == [len(groups) for groups in above]


@pytest.mark.parametrize(
    "kind", ["roc", "precision_recall", "calibration", "decision_curve"]
)
def test_without_resamples_there_is_no_band(study, kind):
    display = study.plot(kind, n_resamples=0)
    assert np.isnan(display.lower[0]).all()


def test_the_calibration_is_that_of_scikit_learn(study):
    display = study.plot("calibration", models=[LONG, "neighbours"])
    for number, name in enumerate(display.names):
        table = predictions_of(study, name)
        expected = calibration_curve(
            table["is_positive"], table["y_score"], n_bins=5, strategy="quantile"
        )
        line = lines_of(display.ax_[0])[name]
        np.testing.assert_allclose(line.get_xdata(), expected[1])
        np.testing.assert_allclose(line.get_ydata(), expected[0])
        assert (display.lower[number] <= expected[0]).all()
        assert (expected[0] <= display.upper[number]).all()


def test_the_decision_curve_is_that_of_the_pooled_predictions(study):
    display = study.plot("decision_curve", models=LONG, thresholds=[0.2, 0.4])
    table = predictions_of(study, LONG)
    expected = decision_curve(
        table["is_positive"],
        table["y_score"],
        groups=table["group"],
        thresholds=[0.2, 0.4],
    )
    for name in ("net_benefit", "lower", "upper"):
        np.testing.assert_array_equal(getattr(display, name)[0], expected[name])
    lines = lines_of(display.ax_)
    np.testing.assert_array_equal(lines[LONG].get_ydata(), expected["net_benefit"])
    np.testing.assert_array_equal(lines["treat all"].get_ydata(), expected["treat_all"])
    assert set(lines["treat none"].get_ydata()) == {0}
    assert "malignant" in display.ax_.get_xlabel()


def test_a_decision_curve_leaves_out_what_is_far_below_zero(study):
    display = study.plot("decision_curve", models=["prior"])
    low, high = display.ax_.get_ylim()
    assert display.treat_all.min() < -10
    assert -0.5 < low < 0 < high < 1


def test_the_decision_curve_of_an_estimator_finds_the_patients():
    X, y = draw_patients()
    model = on_numbers(LogisticRegression()).fit(X, y)
    display = DecisionCurveDisplay.from_estimator(model, X, y, name="line")
    p = model.predict_proba(X)[:, 1]
    same = DecisionCurveDisplay.from_predictions(y, p, groups=X["group"])
    alone = DecisionCurveDisplay.from_predictions(y, p)
    np.testing.assert_array_equal(display.lower[0], same.lower[0])
    assert (display.lower[0] < alone.lower[0]).mean() > 0.9
    assert display.names == ["line"]
    assert display.pos_label == same.pos_label == "malignant"
    benign = DecisionCurveDisplay.from_estimator(model, X, y, pos_label="benign")
    expected = DecisionCurveDisplay.from_predictions(y, 1 - p, pos_label="benign")
    np.testing.assert_array_equal(benign.net_benefit[0], expected.net_benefit[0])
    assert benign.pos_label == "benign"
    assert benign.names == ["Pipeline"]


def test_an_estimator_without_two_probabilities_has_no_decision_curve():
    X, y = draw_patients()
    svm = on_numbers(LinearSVC()).fit(X, y)
    with pytest.raises(ValueError, match=r"with predict_proba\. Got Pipeline"):
        DecisionCurveDisplay.from_estimator(svm, X, y)
    model = on_numbers(LogisticRegression()).fit(X, np.where(X["a"] > 1, "other", y))
    with pytest.raises(ValueError, match=r"two classes, .*'other'"):
        DecisionCurveDisplay.from_estimator(model, X, y)
    model = on_numbers(LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match=r"pos_label='nonsense'"):
        DecisionCurveDisplay.from_estimator(model, X, y, pos_label="nonsense")
    names = np.where(y == "malignant", "cancer", "no cancer")
    model = on_numbers(LogisticRegression()).fit(X, names)
    with pytest.warns(DataQualityWarning, match="'no cancer' as the positive class"):
        DecisionCurveDisplay.from_estimator(model, X, names)


def test_decision_values_are_no_probabilities():
    models = [("svm", on_numbers(LinearSVC())), MODELS[2]]
    comparison = compare_models(models, *draw_patients(), cv=2)
    with pytest.raises(ValueError, match=r"decision values from 'svm':.*models=\["):
        comparison.plot("calibration", models=["svm", "prior"])
    with pytest.warns(DataQualityWarning, match=r"decision curve of 'svm' is not"):
        assert comparison.plot("decision_curve").names == ["prior"]
    with pytest.warns(DataQualityWarning, match=r"calibration of 'svm' is not drawn"):
        assert comparison.plot("calibration").names == ["prior"]
    only = compare_models(models[:1], *draw_patients(), cv=2)
    with pytest.raises(ValueError, match=r"decision values from 'svm'"):
        only.plot("calibration")
    assert comparison.plot("calibration", models="prior").names == ["prior"]
    assert comparison.plot("roc", n_resamples=0).names == ["svm", "prior"]


def test_the_matrices_are_those_of_scikit_learn(study):
    display = study.plot("confusion", modality="ultrasound")
    for name, matrix, ax in zip(
        display.names, display.matrices, display.ax_, strict=True
    ):
        table = predictions_of(study, name).query("modality == 'ultrasound'")
        expected = confusion_matrix(table["y_true"], table["y_pred"])
        np.testing.assert_array_equal(matrix, expected)
        shares = expected / expected.sum(axis=1, keepdims=True)
        texts = [text.get_text() for text in ax.texts]
        assert texts == [
            f"{count}\n{100 * share:.0f} %"
            for count, share in zip(expected.ravel(), shares.ravel(), strict=True)
        ]
    labels = [label.get_text() for label in display.ax_[0].get_yticklabels()]
    assert labels == ["benign", "malignant"]


def test_the_losses_are_those_of_the_table(with_training):
    display = TrainingDisplay.from_comparison(with_training)
    first, second = (ax.get_lines() for ax in display.ax_)
    assert len(first) == 6
    assert len(second) == 3  # it has no validation loss
    part = with_training.training.query("model == @LONG and fold == 2")
    line = next(line for line in first[:3] if len(line.get_xdata()) == len(part))
    np.testing.assert_array_equal(line.get_ydata(), part["train_loss"])


def test_each_member_of_a_network_has_a_line(with_training):
    training = with_training.training
    members = pd.concat([training.assign(member=number) for number in range(2)])
    display = TrainingDisplay(training=members).plot()
    assert [len(ax.get_lines()) for ax in display.ax_] == [12, 6]
    assert "training, one line per fold and member" in lines_of(display.ax_[0])


def test_without_a_network_there_are_no_losses(study, with_training):
    with pytest.raises(ValueError, match=r"Expected a network.*'prior'"):
        study.plot("training")
    with pytest.raises(ValueError, match=r"Got none from 'neighbours'"):
        TrainingDisplay.from_comparison(with_training, models=["neighbours"])


@pytest.mark.parametrize("cls", [RocDisplay, ConfusionDisplay, CalibrationDisplay])
def test_external_data_are_drawn_by_name(external, cls):
    display = cls.from_comparison(external, data="elsewhere")
    assert display.title.startswith("elsewhere\n40 images of 20 groups")
    with pytest.raises(ValueError, match=r"'cross-validation', 'elsewhere'. Got 'x'"):
        cls.from_comparison(external, data="x")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "training"])
def test_what_is_unknown_is_named_with_what_is_known(study, kind):
    with pytest.raises(ValueError, match=r"models.*'prior'. Got 'x'"):
        study.plot(kind, models=["x"])
    with pytest.raises(ValueError, match=r"modality.*'mammography'.*Got 'x'"):
        study.plot(kind, modality="x")


def test_an_unknown_measure_lists_the_measures(study):
    with pytest.raises(ValueError, match=r"measure.*'AUC'.*Got 'x'"):
        study.plot(measure=["kappa", "x"])
    with pytest.raises(ValueError, match=r"measure.*'accuracy'.*Got 'x'"):
        study.plot("folds", measure="x")


def test_classes_in_an_error_are_plain_numbers():
    X, y = draw_patients()
    classes = np.where(np.arange(len(y)) % 3, y == "malignant", 2).astype(int)
    groups = np.arange(len(y))
    X = X.drop(columns="group")
    comparison = compare_models(MODELS[2:], X, classes, groups=groups, cv=2)
    with pytest.raises(ValueError, match=r"Got labels=\[0, 1, 2\]"):
        comparison.plot("roc")


@pytest.fixture(scope="module")
def three_classes():
    X, y = draw_patients()
    y[::3] = "other"
    groups = np.arange(len(y))
    return compare_models(MODELS[1:], X.drop(columns="group"), y, groups=groups, cv=2)


@pytest.mark.parametrize(
    "kind", ["roc", "precision_recall", "calibration", "decision_curve"]
)
def test_curves_need_two_classes(three_classes, kind):
    with pytest.raises(ValueError, match=r"two classes"):
        three_classes.plot(kind)


@pytest.mark.parametrize("kind", ["forest", "folds", "confusion"])
def test_the_other_plots_take_three_classes(three_classes, kind):
    figure = three_classes.plot(kind).figure_
    assert texts_of(figure)


def test_a_fold_on_which_a_model_failed_is_left_out(study):
    is_failed = study.predictions.eval("model == 'prior' and fold == 0")
    folds = study.folds.copy()
    folds.loc[folds.eval("model == 'prior' and fold == 0"), "kappa"] = np.nan
    comparison = altered(study, predictions=study.predictions[~is_failed], folds=folds)
    assert FoldsDisplay.from_comparison(comparison).scores.isna().sum().sum() == 1
    for cls in (RocDisplay, PrecisionRecallDisplay, ConfusionDisplay):
        assert len(cls.from_comparison(comparison).names) == 3


def test_folds_of_one_class_have_no_curve(study):
    lone = study.predictions.assign(
        fold=(study.predictions["y_true"] == "malignant").astype(int)
    )
    with pytest.raises(ValueError, match=r"Expected a fold that holds both classes"):
        RocDisplay.from_comparison(altered(study, predictions=lone))


def test_two_drawings_are_equal(study):
    first, second = (study.plot("roc", models=LONG) for _ in range(2))
    np.testing.assert_array_equal(first.lower, second.lower)


def test_an_image_of_two_repetitions_is_counted_once(study):
    again = study.predictions.assign(fold=study.predictions["fold"] + 3)
    predictions = pd.concat([study.predictions, again], ignore_index=True)
    comparison = altered(study, predictions=predictions)
    for cls in (ForestDisplay, RocDisplay):
        texts = texts_of(cls.from_comparison(comparison).figure_)
        start = "120 images of 60 groups, 2 repetitions"
        assert any(start in text.get_text() for text in texts)


def test_repetitions_are_stated_where_they_are_counted():
    folds = [StratifiedGroupKFold(3, shuffle=True, random_state=i) for i in range(2)]
    comparison = compare_models(MODELS[2:], *draw_patients(), cv=folds)
    matrix = comparison.plot("confusion")
    assert "60 groups, 2 repetitions" in matrix.title
    assert matrix.matrices[0].sum() == 240
    assert comparison.plot("folds").title == "2 x 3 folds"
    once = comparison.predictions.query("fold < 4")
    matrix = altered(comparison, predictions=once).plot("confusion")
    assert "60 groups, 1 to 2 repetitions" in matrix.title


@pytest.mark.parametrize("kind", ["folds", "roc", "calibration"])
def test_text_stays_inside_a_narrow_panel(study, kind):
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 3.2))
    ax = study.plot(kind, ax=axes[1]).ax_
    figure.draw_without_rendering()
    panel = ax.get_window_extent()
    for artist in (ax.title, ax.get_legend()):
        box = artist.get_window_extent()
        assert panel.x0 - 10 <= box.x0
        assert box.x1 <= panel.x1 + 10


def test_a_number_that_rounds_to_zero_has_no_sign(study):
    rows = study.summary.assign(estimate=0.2, lower=-0.001, upper=0.3)
    for cls in (ForestDisplay, RocDisplay):
        figure = cls.from_comparison(altered(study, summary=rows)).figure_
        text = " ".join(text.get_text() for text in texts_of(figure))
        assert "0.20 [0.00, 0.30]" in text.replace("\u00a0", " ")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "training"])
def test_models_are_named_in_any_sequence_but_not_in_an_empty_one(study, kind):
    for names in (("prior",), np.array(["prior"]), pd.Series(["prior"])):
        study.plot(kind, models=names)
        plt.close("all")
    for names in ([], ()):
        with pytest.raises(
            ValueError, match=r"Expected models to name at least one of"
        ):
            study.plot(kind, models=names)
