"""No model is asked about a file, or a group, that it learnt from.

Every model at the bottom of a fusion writes down the files that it learnt from and
those that it was asked about, whatever stands above it.
"""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_validate

from skfusion.datasets import make_breast_images, make_breast_pairs, make_label_pairs
from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    MultiBranchCNNClassifier,
    PerModalityClassifier,
    make_feature_fusion,
)
from skfusion.model_selection import fusion_gain
from skfusion.neural_network import CNN17Classifier
from skfusion.neural_network._base import BaseCNNClassifier

COLUMNS = ["mammogram", "ultrasound"]


class Log:
    """What was learnt from, and what was asked of whom.

    Parameters
    ----------
    owners : dict
        Of each file, whom it belongs to: groups, and patients.
    """

    def __init__(self, owners):
        self.owners = owners
        self.files = list(owners)
        self.fits = []
        self.asked = []

    def is_clean(self):
        """Whether what was asked is strange to whom was asked; False if nothing was."""
        sides = [
            (self._names(learnt), self._names(files)) for learnt, files in self.asked
        ]
        return bool(sides) and all(
            learnt and files and not learnt & files for learnt, files in sides
        )

    def _names(self, files):
        return set(files).union(*(self.owners[file] for file in files))


class Spy(ClassifierMixin, BaseEstimator):
    """Classifier of images, or of features that tell the file."""

    log = None

    def fit(self, X, y=None):
        self.classes_ = np.array([0, 1])
        self.learnt_ = files_of(X, self.log)
        self.log.fits.append(self.learnt_)
        return self

    def predict_proba(self, X):
        self.log.asked.append(
            (self.learnt_ | learnt_before(X, self.log), files_of(X, self.log))
        )
        # Any number that differs between rows.
        p = np.random.default_rng(len(X)).uniform(0.1, 0.9, len(X))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


class Through(TransformerMixin, Spy):
    """Stands where features are filled in and scaled, and leaves them alone."""

    def fit_transform(self, X, y=None):
        self.fit(X)  # what it learns from is no question
        return X

    def transform(self, X):
        self.predict_proba(X)
        return X


class Tell(TransformerMixin, BaseEstimator):
    """Features that tell the file, and which fit told it."""

    log = None

    def fit(self, X, y=None):
        self.number_ = len(self.log.fits)
        self.log.fits.append(files_of(X, self.log))
        return self

    def transform(self, X):
        return np.array(
            [[self.log.files.index(file), self.number_] for file in X["image"]]
        )


def files_of(X, log):
    """Files of an image table, of a table of samples, or of what Tell told."""
    if not isinstance(X, pd.DataFrame):
        codes = X[:, ::3]  # file, fit and missing of each column
        return {log.files[int(code)] for code in codes[~np.isnan(codes)]}
    columns = ["image"] if "image" in X else COLUMNS
    return {file for column in columns for file in X[column].dropna()}


def learnt_before(X, log):
    """Files from which the features were learnt."""
    if isinstance(X, pd.DataFrame):
        return set()
    fits = X[:, 1::3]
    return set().union(
        *(log.fits[int(fit)] for fit in np.unique(fits[~np.isnan(fits)]))
    )


def each(model):
    return [(column, model) for column in COLUMNS]


NETWORK = {
    "width": 2,
    "image_size": 16,
    "max_epochs": 1,
    "early_stopping": True,
    "random_state": 0,
}
EARLY = CNN17Classifier(weights=None, **NETWORK)
DECISIONS = {"cv": 2, "random_state": 0}
FUSIONS = {
    "pooled": ImageLevelClassifier(Spy(), COLUMNS),
    "pooled, early": ImageLevelClassifier(EARLY, COLUMNS),
    "a model each": ImageLevelClassifier(PerModalityClassifier(each(Spy())), COLUMNS),
    "a network each": ImageLevelClassifier(PerModalityClassifier(each(EARLY)), COLUMNS),
    "features": make_feature_fusion(
        each(Tell()), Spy(), sampler=RandomOverSampler(random_state=0)
    ).set_params(imputer=Through(), scaler=Through()),
    "decisions": DecisionFusionClassifier(each(Spy()), **DECISIONS),
    "decisions, weighted": DecisionFusionClassifier(
        each(EARLY), weights="cv", **DECISIONS
    ),
    "decisions, stacked": DecisionFusionClassifier(
        each(Spy()), final_estimator=LogisticRegression(), **DECISIONS
    ),
    "branches": MultiBranchCNNClassifier(COLUMNS, **NETWORK),
    "levels": LevelAggregator(ImageLevelClassifier(EARLY, COLUMNS), by="group"),
}


class Leaky(DecisionFusionClassifier):
    """Its inner folds do not keep groups together."""

    def _split(self, codes, there, groups):
        return super()._split(codes, there, np.arange(len(codes)))


@pytest.fixture(scope="module")
def label_pairs(tmp_path_factory):
    """Label-made pairs; a file belongs to its block and to its own patient."""
    sets = [
        make_breast_images(
            48,
            modality=name,
            n_views=2,
            image_size=16,
            folder=tmp_path_factory.mktemp(name),
            random_state=0,
        )
        for name in ("mammography", "ultrasound")
    ]
    pairs = make_label_pairs(*sets, n_blocks=12, random_state=0)
    owners = {
        row[column]: {row["group"], (column, row[f"{column}_group"])}
        for row in pairs.frame.to_dict("records")
        for column in COLUMNS
    }
    return pairs.data, pairs.target, owners


@pytest.fixture(scope="module")
def gaps(tmp_path_factory):
    """Synthetic pairs, two of a group, of which some lack an image."""
    pairs = make_breast_pairs(
        96,
        image_size=16,
        folder=tmp_path_factory.mktemp("gaps"),
        random_state=0,
    )
    X = pairs.data.assign(group=[f"group{row // 2}" for row in range(96)])
    X.loc[::7, "mammogram"] = None
    X.loc[1::7, "ultrasound"] = None
    owners = {
        row[column]: {row["group"]}
        for row in X.to_dict("records")
        for column in COLUMNS
        if isinstance(row[column], str)
    }
    return X, pairs.target, owners


@pytest.fixture(params=["label_pairs", "gaps"])
def data(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def log(data, monkeypatch):
    log = Log(data[2])
    monkeypatch.setattr(Spy, "log", log)
    monkeypatch.setattr(Tell, "log", log)
    watch_networks(log, monkeypatch)
    # Collecting garbage takes longer than all the rest here.
    monkeypatch.setattr("skfusion.model_selection._folds.free_memory", lambda: None)
    return log


def watch_networks(log, monkeypatch):
    """Let networks write into the log: of early stopping, too."""
    fit, split, predict = (
        getattr(BaseCNNClassifier, name) for name in ("fit", "_split", "predict_proba")
    )

    def spying_fit(self, X, y, groups=None):
        self.learnt_ = files_of(X, log)
        log.fits.append(self.learnt_)
        return fit(self, X, y, groups)

    def spying_split(self, X, *arguments):
        train, valid = split(self, X, *arguments)
        log.asked.append([files_of(X.iloc[rows], log) for rows in (train, valid)])
        return train, valid

    def spying_predict(self, X):
        log.asked.append((self.learnt_, files_of(X, log)))
        return predict(self, X)

    monkeypatch.setattr(BaseCNNClassifier, "fit", spying_fit)
    monkeypatch.setattr(BaseCNNClassifier, "_split", spying_split)
    monkeypatch.setattr(BaseCNNClassifier, "predict_proba", spying_predict)


def validate(model, data):
    X, y, _ = data
    cv = StratifiedGroupKFold(2, shuffle=True, random_state=0)
    cross_validate(model, X, y, groups=X["group"], cv=cv, error_score="raise")


@pytest.mark.parametrize("name", FUSIONS)
def test_nothing_leaks_in_cross_validation(name, data, log):
    validate(FUSIONS[name], data)
    assert log.is_clean()


def test_nothing_leaks_in_a_gain_and_its_controls(data, log):
    X, y, _ = data
    fusion_gain(
        each(Spy()), list(FUSIONS.items())[2:], X, y, cv=3, inner_cv=2, n_resamples=5
    )
    assert log.is_clean()


@pytest.mark.parametrize("data", ["gaps"], indirect=True)
def test_no_patient_leaks_where_images_change_rows(data, log):
    """A group of one: its images are shuffled among others, which become a group."""
    X, y, _ = data
    X = X.assign(group=np.arange(len(y)))
    log.owners = {
        file: {row}
        for column in COLUMNS
        for file, row in zip(X[column], X["group"], strict=True)
    }
    fusions = [(name, FUSIONS[name]) for name in ("features", "decisions", "branches")]
    fusion_gain(each(Spy()), fusions, X, y, cv=2, inner_cv=2, n_resamples=5)
    assert log.is_clean()


@pytest.mark.parametrize("name", ["decisions", "decisions, weighted"])
def test_inner_folds_are_asked_too(name, data, log):
    validate(FUSIONS[name], data)
    # Two folds of two models: each is asked in two inner folds, and at the end.
    assert len(log.asked) >= 2 * 2 * 3


def test_a_leak_is_found(data, log):
    validate(Leaky(each(Spy()), **DECISIONS), data)
    assert not log.is_clean()


def test_being_asked_what_was_learnt_is_found(data, log):
    X, y, _ = data
    clone(FUSIONS["features"]).fit(X, y).predict(X)
    assert not log.is_clean()
