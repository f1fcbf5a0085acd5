"""First steps of a new user work, or raise an error that gives the remedy."""

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.ensemble import BalancedBaggingClassifier
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import make_feature_fusion
from skfusion.metrics import classification_summary
from skfusion.model_selection import compare_models
from skfusion.networks import Backbone
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

Y = np.tile([0, 1], 8)
ENSEMBLES = pytest.mark.parametrize(
    "ensemble", [BaggingClassifier, BalancedBaggingClassifier]
)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The documented form of X, all of its columns."""
    folder = tmp_path_factory.mktemp("images")
    data = make_breast_images(16, image_size=16, folder=folder, random_state=0)
    return data.data.assign(inverted=[False, True] * 8)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (16, 12, 10), dtype=np.uint8)


def network(**params):
    params = {"width": 2, "image_size": 16, "max_epochs": 1, **params}
    return CNN17Classifier(weights=None, random_state=0, **params)


class Recorder(CNN17Classifier):
    """Remembers the columns that reach it."""

    def _check(self, X, *y, reset=False):
        self.columns_seen_ = list(X.columns)
        return super()._check(X, *y, reset=reset)


@ENSEMBLES
def test_an_ensemble_of_the_whole_table_is_refused_with_a_remedy(ensemble, table):
    model = ensemble(network(), n_estimators=2, random_state=0)
    with pytest.raises(ValueError, match=r"X\[\['image'\]\].*kw_args") as info:
        model.fit(table, Y)
    assert table["image"][0] not in str(info.value)


@ENSEMBLES
def test_an_ensemble_of_the_column_of_paths_works(ensemble, table):
    model = ensemble(network(), n_estimators=2, random_state=0)
    model.fit(table[["image"]], Y)
    assert model.predict_proba(table[["image"]]).shape == (16, 2)


@ENSEMBLES
def test_an_ensemble_works_when_column_names_are_restored(ensemble, table):
    names = FunctionTransformer(pd.DataFrame, kw_args={"columns": table.columns})
    net = Recorder(width=2, weights=None, image_size=16, max_epochs=1, random_state=0)
    model = ensemble(make_pipeline(names, net), n_estimators=2, random_state=0)
    assert model.fit(table, Y).predict_proba(table).shape == (16, 2)
    member = model.estimators_[0]
    steps = dict(member.steps) if hasattr(member, "steps") else {}
    member = steps.get("classifier", member)
    assert member[-1].columns_seen_ == list(table.columns)


@ENSEMBLES
def test_an_ensemble_of_fusions_works_by_the_remedy(ensemble):
    X = pd.DataFrame(
        {
            "mammogram": [f"{'m' * (1 + row)}" for row in range(16)],
            "ultrasound": [f"{'u' * (1 + row % 3)}" for row in range(16)],
        }
    )
    length = FunctionTransformer(lambda part: part[["image"]].map(len).to_numpy())
    fusion = make_feature_fusion(
        [(column, length) for column in X], LogisticRegression()
    )
    with pytest.raises(ValueError, match="names in a pipeline"):
        ensemble(fusion, n_estimators=2, random_state=0).fit(X, Y)
    names = FunctionTransformer(pd.DataFrame, kw_args={"columns": X.columns})
    fusion.steps.insert(0, ("names", names))
    model = ensemble(fusion, n_estimators=2, random_state=0).fit(X, Y)
    assert model.predict(X).shape == (16,)


@pytest.mark.parametrize(("name", "least"), [("squeezenet1_1", 17), ("alexnet", 63)])
def test_the_least_size_of_a_backbone_is_named(name, least):
    backbone = Backbone(name).eval()
    with pytest.raises(ValueError, match=f"at least {least} pixels. Got image_size=16"):
        backbone(torch.zeros(2, 1, 16, 16))
    assert len(backbone(torch.zeros(2, 1, least, least))) == 2
    with pytest.raises(ValueError, match=f"at least {least} pixels"):
        backbone(torch.zeros(2, 1, least - 1, least - 1))


def test_the_least_size_is_named_by_the_estimators(images):
    settings = {"weights": None, "image_size": 16}
    extractor = CNNFeatureExtractor("squeezenet1_1", **settings)
    with pytest.raises(ValueError, match=r"at least 17 pixels\. Got image_size=16"):
        extractor.fit_transform(images)
    transfer = TransferCNNClassifier("squeezenet1_1", max_epochs=1, **settings)
    with pytest.raises(ValueError, match=r"at least 17 pixels\. Got image_size=16"):
        transfer.fit(images, Y)


def test_another_error_of_a_backbone_is_unchanged():
    with pytest.raises(RuntimeError, match=r"[Dd]ouble"):
        Backbone("squeezenet1_1")(torch.zeros(2, 1, 64, 64, dtype=torch.float64))


@pytest.mark.parametrize("probabilities", [np.full(16, 0.3), np.full((16, 2), 0.5)])
def test_probabilities_are_refused_as_predicted_labels(probabilities):
    with pytest.raises(ValueError, match=r"class labels in y_pred.*as y_score"):
        classification_summary(Y, probabilities)


def test_labels_that_are_floats_are_labels():
    summary = classification_summary(Y.astype(float), Y.astype(float))
    assert summary.loc["kappa", "estimate"] == 1


def test_the_printed_summary_of_a_comparison_shows_the_estimate(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.random(40), "modality": ["mammography"] * 40})
    model = make_pipeline(
        FunctionTransformer(lambda table: table[["x"]]), LogisticRegression()
    )
    models = [("frozen features + SVM", model), ("17-layer CNN", model)]
    comparison = compare_models(models, X, np.tile([0, 1], 20), groups=range(40), cv=2)
    # As in a terminal of 80 characters.
    with pd.option_context("display.width", 80, "display.max_columns", 0):
        lines = str(comparison.summary).splitlines()
    assert len(lines[0]) <= 80
    assert {"model", "estimate", "modality", "measure"} <= set(lines[0].split())
