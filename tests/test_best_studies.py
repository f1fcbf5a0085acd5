"""What the final studies share: runs, fusion, goals and calibration."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

STUDIES = Path(__file__).parents[1] / "docs" / "studies"


@pytest.fixture
def load(monkeypatch):
    """A function that imports a script of the studies, and forgets it later."""
    monkeypatch.setattr(sys, "path", [str(STUDIES), *sys.path])
    for path in STUDIES.glob("*.py"):
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
    yield import_module
    for path in STUDIES.glob("*.py"):
        sys.modules.pop(path.stem, None)


def draw(n=400, spread=2.0, n_views=1, seed=0):
    """Classes, and probabilities whose log-odds are `spread` times too extreme."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = (rng.random(n) < expit(x)).astype(int)
    part = pd.DataFrame({"y_true": y, "y_score": expit(spread * x), "group": range(n)})
    part = part.assign(test="site", seed=0, y_pred=(x > 0).astype(int))
    return part.loc[part.index.repeat(n_views)].reset_index(drop=True)


def numbers(load, text):
    return load("best_runs").read_interval(text)


def test_the_slope_is_that_of_logistic_regression(load):
    part = draw()
    found = load("best_calibration").describe_calibration(part)
    x = load("best_calibration").log_odds(part["y_score"])
    line = LogisticRegression(C=np.inf, tol=1e-8).fit(x[:, None], part["y_true"])
    slope = numbers(load, found["slope"])
    assert slope["estimate"] == pytest.approx(line.coef_.item(), abs=0.001)
    assert slope["upper"] < 1  # too extreme


def test_the_intercept_gives_the_mean_probability(load):
    part = draw(spread=1).assign(y_true=1)
    part.loc[:299, "y_true"] = 0
    calibration = load("best_calibration")
    intercept = numbers(load, calibration.describe_calibration(part)["intercept"])
    x = calibration.log_odds(part["y_score"])
    assert expit(x + intercept["estimate"]).mean() == pytest.approx(0.25, abs=0.001)


def test_views_of_one_patient_do_not_narrow_the_interval(load):
    once, twice = (
        load("best_calibration").describe_calibration(draw(n_views=n))["slope"]
        for n in (1, 2)
    )
    once, twice = numbers(load, once), numbers(load, twice)
    assert twice == pytest.approx(once, abs=0.002)


def test_recalibration_at_the_site_makes_the_slope_right(load):
    calibration = load("best_calibration")
    part = calibration.recalibrate(draw(spread=3))
    slope = numbers(load, calibration.describe_calibration(part)["slope"])
    assert slope["lower"] < 1 < slope["upper"]
    decisions = draw().assign(y_score=lambda part: 5 * part["y_score"] - 2)
    assert calibration.describe_calibration(decisions)["slope"] == "-"
    assert calibration.recalibrate(decisions)["y_score"].between(0, 1).all()


def test_networks_are_fused_where_all_regions_are_there(load):
    rows = draw(4).assign(fold=0, image=list("abcd"), model="cnn17")
    runs = pd.concat(
        [
            rows.assign(region="image", y_score=0.2),
            rows[:3].assign(region="lesion", y_score=0.9),
        ]
    )
    fused = load("best_runs").fuse(runs, ["cnn17"], "cnn17")
    assert fused["image"].tolist() == list("abc")
    assert fused["y_score"].tolist() == pytest.approx([0.55] * 3)
    assert fused["y_pred"].tolist() == [1] * 3


def test_a_goal_stands_in_the_best_of_its_rows(load):
    table = pd.DataFrame(
        {"model": list("ab"), "AUC": ["0.7 (0.6 to 0.8)", "0.9 (0.4 to 1.0)"]}
    )
    goals = [
        ({"model": ["a"]}, "AUC", "estimate", 0.75),
        ({"model": ["a", "b"]}, "AUC", "estimate", 0.8),
        ({"model": ["b"]}, "AUC", "lower", 0.5),
        ({"model": ["c"]}, "AUC", "estimate", 0.5),
    ]
    assert load("best_runs").add_goals(table, goals)["goal"].tolist() == [
        "AUC at least 0.750: missed",
        "AUC at least 0.800: met; lower bound of AUC at least 0.500: missed",
    ]


def test_a_run_is_kept_and_refused_for_other_settings(load, tmp_path):
    runs = load("best_runs")
    X = pd.DataFrame({"image": list("abcd"), "group": list("ppqr"), "dataset": "s"})
    y, path = np.array([0, 1, 0, 1]), tmp_path / "runs" / "run.csv"
    model = make_pipeline(DummyClassifier(strategy="prior"))
    split = X.index[:2], X.index[2:]
    runs.fit_once(path, model, X, y, *split, {"model": "dummy"})
    first = path.read_text()
    runs.fit_once(path, model, X, y, *split, {"model": "other"})
    assert path.read_text() == first
    assert pd.read_csv(path)["y_true"].tolist() == [0, 1]
    other = make_pipeline(DummyClassifier(strategy="uniform"))
    with pytest.raises(ValueError, match="holds predictions of other settings"):
        runs.fit_once(path, other, X, y, *split, {"model": "dummy"})
    with pytest.raises(ValueError, match="1 on both, such as 'p'"):
        runs.fit_once(tmp_path / "new", model, X, y, X.index[:1], X.index[1:], {})
