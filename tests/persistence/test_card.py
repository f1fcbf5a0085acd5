"""The model card."""

import pickle
import re

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion.datasets import make_breast_images
from skfusion.exceptions import DataQualityWarning
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import compare_models
from skfusion.persistence import model_card, save_model
from skfusion.persistence._licences import terms_of_data, terms_of_weights

SECRET = "Doe_Jane_1961"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp(SECRET)
    data = make_breast_images(
        24, modality="both", image_size=16, folder=folder, random_state=0
    )
    X = data.data
    X["group"] = [f"{SECRET}_{group}" for group in X["group"]]
    image = CNNFeatureExtractor("cnn17", image_size=16)
    models = [
        ("prior", DummyClassifier()),
        ("features", make_pipeline(image, LogisticRegression())),
    ]
    study = compare_models(models, X, data.target, cv=2)
    study.refit("features")
    return study


def card_of(model, folder, study):
    return model_card(save_model(model, folder / "model.skfusion", comparison=study))


def test_a_card_states_data_split_results_and_licences(study, tmp_path):
    card = card_of(study.refit("features"), tmp_path, study)
    sections = re.findall("^## (.*)$", card, flags=re.MULTILINE)
    assert sections == [
        "Model",
        "Trained on",
        "Split",
        "Results",
        "Limits",
        "Licences",
        "Versions",
    ]
    assert "**Not for clinical use.**" in card
    rows = study.predictions.drop_duplicates("row")
    for modality, part in rows.groupby("modality"):
        prevalence = f"{part['y_true'].mean():.3f}"
        pattern = rf"\| {modality} \| {len(part)} \| .* \| {prevalence} \|"
        assert re.search(pattern, card)
    assert re.search("Digest of the data: [0-9a-f]{32}", card)
    assert "2 folds. No group" in card
    estimate = study.summary.query(
        "model == 'features' and measure == 'AUC' and modality == 'all'"
    ).iloc[0]
    found = f"{estimate.estimate:.3f} [{estimate.lower:.3f}, {estimate.upper:.3f}]"
    assert f"| features | cross-validation | all | AUC | {found} |" in card
    assert "| prior |" not in card
    assert "BSD-3-Clause" in card


def test_a_card_names_no_patient_and_no_path(study, tmp_path):
    model = study.refit("features")
    file = save_model(model, tmp_path / "model.skfusion", comparison=study)
    assert SECRET not in model_card(file)
    assert SECRET.encode() not in file.read_bytes()
    assert str(tmp_path).encode() not in file.read_bytes()


def test_the_results_of_all_models_are_stated_for_a_model_of_no_name(study, tmp_path):
    other = FunctionTransformer().fit([[0]])
    with pytest.warns(DataQualityWarning, match="no model that is equal"):
        card = card_of(other, tmp_path, study)
    assert "**other models: the comparison does not contain this one.**" in card
    assert "| prior |" in card
    assert "| features |" in card


def test_a_card_states_that_groups_cross_the_folds(tmp_path):
    X, y, groups = np.eye(8), np.tile([0, 1], 4), np.repeat(range(4), 2)
    halves = [(np.arange(0, 4), np.arange(4, 8)), (np.arange(1, 7), np.array([0, 7]))]
    models = [("prior", DummyClassifier())]
    with pytest.warns(DataQualityWarning):
        study = compare_models(
            models, X, y, groups=groups, cv=halves, on_leakage="warn"
        )
    card = card_of(study.refit("prior"), tmp_path, study)
    assert "on both sides of folds" in card


def test_a_pickled_comparison_has_no_digest(study, tmp_path):
    card = card_of(study.refit("prior"), tmp_path, pickle.loads(pickle.dumps(study)))
    assert "Digest of the data: not known" in card
    assert "may not contain this one" in card


def test_without_a_comparison_the_card_states_so(tmp_path):
    model = DummyClassifier().fit([[0], [1]], ["benign", "malignant"])
    card = card_of(model, tmp_path, None)
    assert "Classes: benign, malignant." in card
    assert "saved without a comparison" in card


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("busi", "Research, with citation"),
        ("rsna", "Non-commercial"),
        ("my own", "not known to skfusion"),
    ],
)
def test_terms_of_data_sets_are_those_of_their_pages(name, terms):
    assert terms_of_data(name).startswith(terms)


@pytest.mark.parametrize(
    ("backbone", "weights", "terms"),
    [
        ("resnet18", None, "random"),
        ("resnet18", "own.pth", "author"),
        ("resnet18", "DEFAULT", "ImageNet"),
        ("cnn17", "DEFAULT", "BSD-3-Clause"),
        ("timm/resnet18", "DEFAULT", "timm"),
        ("own:network", "DEFAULT", "author"),
    ],
)
def test_terms_of_weights(backbone, weights, terms):
    assert terms in terms_of_weights(backbone, weights)
