import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_resampling_pipeline
from imblearn.under_sampling import RandomUnderSampler
from joblib import parallel_config
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from skfusion.datasets import make_breast_images
from skfusion.exceptions import DataQualityWarning
from skfusion.feature_extraction import CNNFeatureExtractor, _cnn
from skfusion.metrics import classification_summary
from skfusion.model_selection import OptimismDisplay, compare_models, optimism
from skfusion.over_sampling import ImageOverSampler

VIEWS, N_PATIENTS = 4, 100
UNSOUND = ["balanced first", "by image"]
REFERENCE = "by patient"
SOUND = ["by patient", "by data set"]
NUMBERS = [f"feature{i}" for i in range(20)]
TAKE_NUMBERS = FunctionTransformer(lambda X: X[NUMBERS])
NEAREST = make_pipeline(TAKE_NUMBERS, KNeighborsClassifier(1))
LINEAR = make_pipeline(TAKE_NUMBERS, LogisticRegression(class_weight="balanced"))


def draw_table(class_sep=0.0, seed=0):
    """Four similar views a patient, two data sets, 15 % malignant patients."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(N_PATIENTS), VIEWS)
    y = rng.permutation(np.arange(N_PATIENTS) < 15).astype(int)[patient]
    X = rng.normal(size=(N_PATIENTS, 20))[patient] + class_sep * y[:, np.newaxis]
    X += 0.3 * rng.normal(size=X.shape)
    table = pd.DataFrame(X, columns=NUMBERS)
    names = np.array([f"patient-{code}" for code in range(N_PATIENTS)])[patient]
    dataset = np.where(patient % 2, "there", "here")
    paths = [f"secret/{row}.png" for row in range(len(y))]
    return table.assign(image=paths, group=names, dataset=dataset), y


X, Y = draw_table()


@pytest.fixture(scope="module")
def noise():
    models = [("nearest", NEAREST), ("linear", LINEAR)]
    return optimism(models, X, Y, cv=4)


def rows_of(comparison, measure, model="nearest"):
    rows = comparison.summary.query("measure == @measure and model == @model")
    return rows.set_index("protocol")


def test_on_noise_only_the_unsound_protocols_claim_something(noise):
    kappa = rows_of(noise, "kappa")
    assert kappa.index.tolist() == UNSOUND + SOUND
    assert (kappa.loc[UNSOUND, "lower"] > 0.5).all()
    assert (kappa.loc[SOUND, "lower"] < 0).all()
    assert (kappa.loc[SOUND, "upper"] > 0).all()
    assert (kappa.loc[UNSOUND, "optimism_lower"] > 0.5).all()
    assert kappa.loc["by data set", "optimism_lower"] < 0
    assert kappa.loc["by data set", "optimism_upper"] > 0
    assert kappa["sound"].tolist() == [False, False, True, True]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_on_ten_other_draws_of_noise_a_forest_is_fooled_too(seed):
    table, y = draw_table(seed=seed)
    forest = RandomForestClassifier(100, class_weight="balanced", random_state=0)
    model = make_resampling_pipeline(TAKE_NUMBERS, forest)
    kappa = rows_of(optimism([("nearest", model)], table, y), "kappa")
    assert (kappa.loc[UNSOUND, "estimate"] > 0.5).all()
    # A quarter is above four standard errors of kappa in 100 patients.
    assert (kappa.loc[SOUND, "estimate"].abs() < 0.25).all()


def test_the_sound_protocols_are_those_of_compare_models(noise):
    nearest = noise.predictions.query("model == 'nearest'").set_index("protocol")
    for protocol, cv in [("by patient", None), ("by data set", "dataset")]:
        ours = nearest.loc[protocol]
        splits = [
            (np.setdiff1d(np.arange(len(Y)), rows), rows)
            for _, rows in ours.groupby("fold")["row"]
        ]
        study = compare_models([("nearest", NEAREST)], X, Y, cv=cv or splits)
        pd.testing.assert_series_equal(
            study.predictions.sort_values("row")["y_pred"].reset_index(drop=True),
            ours.sort_values("row")["y_pred"].reset_index(drop=True),
        )


def test_each_protocol_keeps_on_one_side_what_it_should(noise):
    predictions = noise.predictions.query("model == 'linear'")
    assert set(predictions.columns) >= {"model", "protocol", "fold", "row", "group"}
    n_folds = predictions.groupby(["protocol", "group"])["fold"].nunique()
    assert (n_folds[SOUND] == 1).all()
    assert (n_folds["by image"] > 1).any()
    copies = predictions.query("protocol == 'balanced first'")
    assert copies["y_true"].mean() == 0.5
    malignant = copies.query("y_true == 1")
    assert (malignant.groupby("row")["fold"].nunique() > 1).any()
    assert (copies["y_true"] == Y[copies["row"]]).all()
    assert not predictions.astype(str).map(lambda text: "secret" in text).any(axis=None)


def test_a_protocol_claims_what_scikit_learn_computes_from_all_its_rows(noise):
    for protocol, part in noise.predictions.query("model == 'linear'").groupby(
        "protocol"
    ):
        kappa = rows_of(noise, "kappa", "linear").loc[protocol]
        expected = cohen_kappa_score(part["y_true"], part["y_pred"])
        assert kappa["estimate"] == pytest.approx(expected, abs=1e-12)
        assert kappa["n"] == len(part)
        assert kappa["n_groups"] == N_PATIENTS
        areas, pairs = [], []
        for _, fold in part.groupby("fold"):
            areas.append(roc_auc_score(fold["y_true"], fold["y_score"]))
            pairs.append(fold["y_true"].sum() * (1 - fold["y_true"]).sum())
        area = rows_of(noise, "AUC", "linear").loc[protocol, "estimate"]
        assert area == pytest.approx(np.average(areas, weights=pairs), abs=1e-12)


def test_an_interval_resamples_the_original_patients(noise):
    part = noise.predictions.query("model == 'linear' and protocol == 'balanced first'")
    summary = classification_summary(
        part["y_true"], part["y_pred"], groups=part["group"], folds=part["fold"]
    )
    bounds = rows_of(noise, "kappa", "linear").loc["balanced first", ["lower", "upper"]]
    assert bounds.tolist() == summary.loc["kappa", ["lower", "upper"]].tolist()


def test_optimism_is_the_difference_and_its_interval_is_paired(noise):
    kappa = rows_of(noise, "kappa", "linear")
    reference = kappa.loc["by patient"]
    assert np.isnan(reference["optimism"])
    others = kappa.drop("by patient")
    expected = others["estimate"] - reference["estimate"]
    assert np.allclose(others["optimism"], expected)
    # Drawn again, patient by patient.
    codes = [
        noise.predictions.query("model == 'linear' and protocol == @p").copy()
        for p in ("by image", "by patient")
    ]
    rows = [dict(list(part.groupby("group"))) for part in codes]
    rng, draws = np.random.default_rng(0), []
    for _ in range(200):
        drawn = rng.integers(N_PATIENTS, size=N_PATIENTS)
        parts = [pd.concat([by[code] for code in drawn]) for by in rows]
        values = [cohen_kappa_score(part["y_true"], part["y_pred"]) for part in parts]
        draws.append(values[0] - values[1])
    bounds = others.loc["by image", ["optimism_lower", "optimism_upper"]]
    assert np.allclose(bounds.tolist(), np.quantile(draws, [0.025, 0.975]), atol=0.06)


def test_the_same_seed_gives_the_same_tables_and_another_one_others():
    first, again, other = (
        optimism(NEAREST, X, Y, cv=3, random_state=seed).predictions
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_repeats_are_pooled_and_a_data_set_is_left_out_once():
    predictions = optimism(LINEAR, X, Y, cv=3, n_repeats=2).predictions
    folds = predictions.groupby("protocol")["fold"].nunique()
    assert folds.to_dict() == dict.fromkeys([*UNSOUND, "by patient"], 6) | {
        "by data set": 2
    }
    n_times = predictions.query("protocol == 'by patient'")["row"].value_counts()
    assert (n_times == 2).all()


def test_folds_in_several_processes_give_equal_tables(noise):
    with parallel_config(n_jobs=2):
        again = optimism([("nearest", NEAREST), ("linear", LINEAR)], X, Y, cv=4)
    pd.testing.assert_frame_equal(again.predictions, noise.predictions)


def test_models_may_be_in_a_tuple(noise):
    models = (("nearest", NEAREST), ("linear", LINEAR))
    again = optimism(models, X, Y, cv=4)
    pd.testing.assert_frame_equal(again.summary, noise.summary)


def test_labels_determine_the_positive_class():
    y = np.array(["present", "absent"])[Y]  # rare, but first in the alphabet
    only = {"protocols": [REFERENCE], "cv": 3}
    with pytest.warns(DataQualityWarning, match="labels=.*'present', 'absent'"):
        other = optimism(LINEAR, X, y, **only)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataQualityWarning)
        comparison = optimism(LINEAR, X, y, labels=["present", "absent"], **only)
    assert comparison.labels.tolist() == ["present", "absent"]
    found, wrong = (each.summary.set_index("measure") for each in (comparison, other))
    assert found.loc["prevalence", "estimate"] == Y.mean()
    assert found.loc["sensitivity", "estimate"] == wrong.loc["specificity", "estimate"]
    assert found.loc["AUC", "estimate"] == pytest.approx(wrong.loc["AUC", "estimate"])


def test_the_columns_of_both_summaries_are_in_one_order(noise):
    columns = compare_models([("linear", LINEAR)], X, Y).summary.columns
    common = [name for name in columns if name in noise.summary]
    assert [name for name in noise.summary if name in columns] == common
    assert noise.summary.columns[[0, -1]].tolist() == ["model", "measure"]


def test_a_single_model_is_named_after_its_class():
    comparison = optimism(DummyClassifier(), X, Y, cv=2, protocols=["by patient"])
    assert comparison.summary["model"].unique().tolist() == ["DummyClassifier"]


def test_augmented_copies_belong_to_the_patient_of_their_image(tmp_path):
    data = make_breast_images(
        80, n_views=2, image_size=16, prevalence=0.2, folder=tmp_path, random_state=0
    )
    comparison = optimism(
        DummyClassifier(strategy="stratified", random_state=0),
        data.data,
        data.target,
        cv=3,
        sampler=ImageOverSampler(random_state=0),
    )
    part = comparison.predictions.query("protocol == 'balanced first'")
    codes = pd.factorize(data.groups)[0]
    assert part["y_true"].mean() == 0.5
    assert (part["group"] == codes[part["row"]]).all()


def test_patients_whom_a_sampler_drops_are_still_compared():
    sampler = RandomUnderSampler(random_state=0)
    comparison = optimism(LINEAR, X, Y, cv=3, sampler=sampler)
    kappa = comparison.summary.query("measure == 'kappa'").set_index("protocol")
    first = kappa.loc["balanced first"]
    assert first["n"] == 2 * Y.sum()
    assert first["n_groups"] < N_PATIENTS
    expected = first["estimate"] - kappa.loc["by patient", "estimate"]
    assert first["optimism"] == pytest.approx(expected)
    assert first["optimism_lower"] < expected < first["optimism_upper"]


def test_print_shows_every_protocol_in_80_columns(noise):
    lines = repr(noise).splitlines()
    assert max(map(len, lines)) < 80
    for protocol in UNSOUND + SOUND:
        assert sum(line.strip().startswith(protocol) for line in lines) == 2
    block = lines[lines.index("nearest") :]
    assert block.index("unsound") < block.index("sound")
    kappa = rows_of(noise, "kappa").loc["by image", "estimate"]
    assert f"{kappa:.2f} [" in repr(noise)


def test_html_escapes_names_and_shows_what_print_shows():
    comparison = optimism([("<b>", NEAREST)], X, Y, cv=2, protocols=["by patient"])
    page = comparison._repr_html_()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "by patient" in page


def test_a_model_without_scores_has_a_dash_for_the_auc():
    class Labels(KNeighborsClassifier):
        predict_proba = property(doc="Not there.", fget=None)

    model = make_pipeline(TAKE_NUMBERS, Labels(1))
    comparison = optimism([("labels", model)], X, Y, cv=2, protocols=["by patient"])
    assert repr(comparison).splitlines()[4].endswith("  -")
    with pytest.raises(ValueError, match="AUC needs two classes, and a model with"):
        comparison.plot("AUC")


def test_decision_values_are_scores():
    model = make_pipeline(TAKE_NUMBERS, LinearSVC())
    area = rows_of(optimism([("nearest", model)], X, Y, cv=2), "AUC")
    assert area["estimate"].notna().all()


def test_the_plot_has_a_row_for_each_protocol_and_a_marker_for_each_model(noise):
    display = noise.plot()
    assert isinstance(display, OptimismDisplay)
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == UNSOUND + SOUND
    drawn = [line.lines[0] for line in display.lines_]
    assert [float(line.get_xdata()[0]) for line in drawn] == noise.summary.query(
        "measure == 'kappa'"
    )["estimate"].tolist()
    colours = [line.get_color() for line in drawn]
    assert colours == 2 * ([colours[0]] * 2 + [colours[2]] * 2)
    assert colours[0] != colours[2]
    assert len({line.get_marker() for line in drawn}) == 2
    (legend,) = display.figure_.legends
    legend = [text.get_text() for text in legend.get_texts()]
    assert legend == ["unsound", "sound", "nearest", "linear", "chance"]


def test_the_plot_shows_the_chance_of_each_protocol(noise):
    """The accuracy by chance depends on the prevalence, which copies change."""
    display = noise.plot("accuracy")
    (lines,) = display.ax_.collections[-1:]
    drawn = [segment[0, 0] for segment in lines.get_segments()]
    prevalence = noise.summary.query("measure == 'prevalence' and model == 'linear'")
    share = prevalence["estimate"].to_numpy()
    np.testing.assert_allclose(drawn, np.maximum(share, 1 - share))
    assert drawn[0] == pytest.approx(0.5)
    assert drawn[-1] > 0.6
    (legend,) = noise.plot("sensitivity").figure_.legends
    assert "chance" not in [text.get_text() for text in legend.get_texts()]


def test_the_plot_draws_on_given_axes_and_another_measure(noise):
    _, ax = OptimismDisplay.from_comparison(noise).figure_.subplots(1, 2)
    display = noise.plot("AUC", ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert "AUC" in ax.get_xlabel()


def test_each_image_passes_a_frozen_network_once(tmp_path, monkeypatch):
    counts, run = [], _cnn.run_network

    def counted(function, source, rows=None, **options):
        counts.append(len(source) if rows is None else len(rows))
        return run(function, source, rows, **options)

    monkeypatch.setattr(_cnn, "run_network", counted)
    data = make_breast_images(
        40, n_views=2, image_size=16, folder=tmp_path, random_state=0
    )
    features = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    model = make_pipeline(
        features.set_params(random_state=0), LogisticRegression(class_weight="balanced")
    )
    optimism(model, data.data, data.target, cv=2, n_repeats=2)
    assert sum(counts) == 40


def test_a_stored_study_is_not_computed_again(tmp_path, monkeypatch):
    options = {"cv": 3, "store": tmp_path}
    first = optimism(LINEAR, X, Y, **options)

    def fail(*args, **kwargs):
        raise AssertionError("fitted again")

    monkeypatch.setattr(LogisticRegression, "fit", fail)
    pd.testing.assert_frame_equal(
        optimism(LINEAR, X, Y, **options).summary, first.summary
    )
    with pytest.raises(AssertionError, match="fitted again"):
        optimism(LINEAR, X, 1 - Y, **options)


# Without own code, which is compared by what is loaded in a process.
PLAIN = {"X": X[NUMBERS].to_numpy(), "y": Y, "groups": X["group"], "cv": 3}
_KILLED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from test_optimism import LogisticRegression, PLAIN, optimism
fit, done = LogisticRegression.fit, []
def stopping(self, X, y):
    if len(done) == 5:
        os.kill(os.getpid(), 9)
    done.append(None)
    return fit(self, X, y)
LogisticRegression.fit = stopping
optimism(LogisticRegression(), **PLAIN, store=sys.argv[2])
"""


def count_fits(monkeypatch, stop=None):
    """List with an item for each fit of the linear model; fit `stop` is interrupted."""
    done, fit = [], LogisticRegression.fit

    def counted(self, X, y):
        done.append(len(y))
        if len(done) == stop:
            raise KeyboardInterrupt
        return fit(self, X, y)

    monkeypatch.setattr(LogisticRegression, "fit", counted)
    return done


@pytest.mark.parametrize("stop", [1, 5, 11])
def test_an_interrupted_study_resumes_with_equal_tables(tmp_path, monkeypatch, stop):
    expected = optimism(LINEAR, X, Y, cv=3)
    fits = count_fits(monkeypatch, stop)
    with pytest.raises(KeyboardInterrupt):
        optimism(LINEAR, X, Y, cv=3, store=tmp_path)
    resumed = optimism(LINEAR, X, Y, cv=3, store=tmp_path)
    assert len(fits) == 11 + 1  # three folds of three protocols, two data sets
    pd.testing.assert_frame_equal(resumed.summary, expected.summary)
    pd.testing.assert_frame_equal(resumed.predictions, expected.predictions)


@pytest.mark.slow
def test_a_killed_study_resumes_with_equal_tables(tmp_path, monkeypatch):
    command = [sys.executable, "-c", _KILLED, str(Path(__file__).parent), str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    fits = count_fits(monkeypatch)
    resumed = optimism(LogisticRegression(), **PLAIN, store=tmp_path)
    assert len(fits) == 9 - 5
    expected = optimism(LogisticRegression(), **PLAIN)
    pd.testing.assert_frame_equal(resumed.summary, expected.summary)
    pd.testing.assert_frame_equal(resumed.predictions, expected.predictions)


def test_what_a_change_of_the_study_leaves_equal_is_not_fitted_again(
    tmp_path, monkeypatch
):
    options = {"cv": 3, "store": tmp_path}
    optimism(LINEAR, X, Y, **options)
    fits = count_fits(monkeypatch)
    few = RandomUnderSampler(random_state=0)
    for change, n_fits in [
        ({"protocols": SOUND}, 0),
        ({"n_repeats": 2}, 9),  # one more draw of all protocols but "by data set"
        ({"sampler": few}, 3),  # "balanced first" has other rows
        ({"random_state": 1}, 9),
        ({"labels": [1, 0]}, 11),
        ({"sampler": few}, 0),
    ]:
        fits.clear()
        stored = optimism(LINEAR, X, Y, **options | change)
        assert len(fits) == n_fits, change
    plain = optimism(LINEAR, X, Y, cv=3, sampler=few)
    pd.testing.assert_frame_equal(stored.predictions, plain.predictions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": X[NUMBERS]}, "optimism needs the patient of each row"),
        ({"protocols": ["by image"]}, "Expected 'by patient' among the protocols"),
        ({"protocols": ["by patient", "by week"]}, "Got 'by week' among them"),
        ({"sampler": SMOTE(random_state=0)}, "with the attribute sample_indices_"),
        ({"estimator": ()}, "Expected at least one"),
        ({"estimator": ("a", LINEAR)}, "give every estimator a name"),
        ({"labels": [0, 2]}, "Expected labels to hold the classes of y"),
        ({"estimator": [("a", LINEAR), ("a", LINEAR)]}, "distinct names"),
        ({"cv": 1}, "'cv' parameter of optimism must be an int"),
        ({"y": Y[:-1]}, "inconsistent numbers of samples"),
        (
            {"X": X.assign(dataset="here"), "protocols": SOUND},
            "Expected at least two data sets",
        ),
        (
            {"X": X.drop(columns="dataset"), "protocols": SOUND},
            "needs the column 'dataset' in X",
        ),
    ],
)
def test_bad_input_raises_a_clear_error(change, message):
    options = {"estimator": LINEAR, "X": X, "y": Y, "cv": 3} | change
    if "sampler" in change:
        options["X"], options["groups"] = X[NUMBERS], X["group"]
    with pytest.raises(ValueError, match=message):
        optimism(**options)


def test_one_data_set_is_not_left_out_unless_it_must():
    comparison = optimism(LINEAR, X.assign(dataset="here"), Y, cv=2)
    assert "by data set" not in set(comparison.summary["protocol"])


def test_few_patients_and_folds_of_one_class_are_warned_of():
    few = X["group"].isin([f"patient-{code}" for code in range(8)])
    y = X.loc[few, "group"].isin(["patient-3", "patient-5"]).to_numpy().astype(int)
    with pytest.warns(DataQualityWarning) as caught:
        optimism(DummyClassifier(), X[few], y, cv=3, protocols=["by patient"])
    messages = [str(each.message) for each in caught]
    assert any("20 groups or more" in message for message in messages)
    assert any(message.startswith("For 'by patient': ") for message in messages)


@pytest.mark.parametrize("given", [None, 0])
def test_random_state_determines_the_copies_of_a_sampler(given):
    """Given a state of its own or not, the sampler draws anew in each repetition."""
    sampler = RandomUnderSampler(random_state=given)
    options = {"cv": 3, "sampler": sampler, "protocols": ["balanced first", REFERENCE]}
    one, same = (optimism(NEAREST, X, Y, n_repeats=2, **options) for _ in range(2))
    other = optimism(NEAREST, X, Y, n_repeats=2, random_state=1, **options)
    drawn = [
        [set(part.loc[part["fold"] // 3 == repeat, "row"]) for repeat in range(2)]
        for each in (one, same, other)
        for part in [each.predictions.query("protocol == 'balanced first'")]
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[0][1]
    assert drawn[0] != drawn[2]
    assert sampler.random_state == given
