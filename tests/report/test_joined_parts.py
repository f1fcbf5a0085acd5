"""Maps, tables at an operating point, and calibration on the page."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion.datasets import make_breast_images
from skfusion.exceptions import DataQualityWarning
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.inspection import saliency
from skfusion.metrics import calibration_summary
from skfusion.model_selection import compare_models

from .test_page import Parsed


@pytest.fixture(scope="module")
def images():
    return make_breast_images(40, image_size=16, n_views=2, random_state=0)


@pytest.fixture(scope="module")
def small(images):
    """A study of a model that has maps and one that has none."""
    features = CNNFeatureExtractor("cnn17", image_size=16)
    linear = make_pipeline(features, LogisticRegression(C=0.01))
    models = [("linear", linear), ("prior", DummyClassifier())]
    options = {"groups": images.groups, "cv": 2}
    return compare_models(models, images.data, images.target, **options)


def parse(study, folder, **options):
    path = study.to_html(folder / "study.html", **options)
    return Parsed(path.read_text(encoding="utf-8"))


def item_of(parsed, topic):
    """The cells of an item of a guideline."""
    return next(row for row in parsed.rows if len(row) == 5 and topic in row[2])


def test_maps_are_drawn_of_the_models_that_have_them(small, tmp_path):
    with pytest.warns(UserWarning, match="No maps of prior: Expected"):
        parsed = parse(small, tmp_path, images=True, saliency=saliency)
    assert "linear: maps of the most confident mistakes" in parsed.text
    assert "No maps of prior: Expected" in parsed.text
    assert "What the models looked at" in item_of(parsed, "Explainability")[3]


def test_the_maps_are_those_of_the_models_of_the_folds(small, tmp_path):
    seen = []

    def whole_image(model, X):
        seen.append(model)
        return [np.ones((16, 16))] * len(X)

    parsed = parse(small, tmp_path, images=True, saliency=whole_image)
    assert "prior: maps of the most confident mistakes" in parsed.text
    assert len(seen) == 4  # two models, each of two folds
    assert all(hasattr(model, "classes_") for model in seen)
    assert any(s.startswith("data:image/jpeg") for s in parsed.all_of("src"))


def test_a_page_without_maps_leaves_them_to_the_author(small, tmp_path):
    parsed = parse(small, tmp_path, images=True)
    assert "maps" not in parsed.all_of("id")
    assert item_of(parsed, "Explainability")[4].startswith("the whole item")


def test_maps_without_images_are_refused(small, tmp_path):
    with pytest.raises(ValueError, match="Expected images=True"):
        small.to_html(tmp_path / "study.html", saliency=saliency)


def test_a_saliency_without_any_map_is_refused(small, tmp_path):
    def broken(model, X):
        raise ValueError("no layer")

    options = {"images": True, "saliency": broken}
    with pytest.raises(ValueError, match=r"at least one model.*linear: no layer"):
        small.to_html(tmp_path / "study.html", **options)


def test_a_table_at_an_operating_point_has_its_summary(small, tmp_path):
    plain = parse(small, tmp_path)
    parsed = parse(small, tmp_path, at="specificity=0.8")
    assert "At specificity>=0.8, 40 images of 20 groups" in parsed.text
    with pytest.warns(DataQualityWarning, match="'prior' reaches specificity>=0.8"):
        summary = small.summary(at="specificity=0.8")
    summary = summary.query("model == 'linear'")
    numbers = summary.set_index("measure")[["estimate", "lower", "upper"]].round(2)
    cells = [
        "{:.2f} {:.2f}, {:.2f}".format(*numbers.loc[measure])
        for measure in ("sensitivity", "specificity")
    ]
    tables = [[cell.strip() for cell in row[4:6]] for row in parsed.rows]
    assert cells in tables
    assert cells not in [[c.strip() for c in row[4:6]] for row in plain.rows]
    assert "Results" in item_of(parsed, "how thresholds were found")[3]


def test_an_operating_point_of_another_form_is_refused(small, tmp_path):
    with pytest.raises(ValueError, match="Expected at to be"):
        small.to_html(tmp_path / "study.html", at="kappa=0.5")
    assert list(tmp_path.iterdir()) == []


def test_the_calibration_has_the_numbers_of_its_summary(small, tmp_path):
    parsed = parse(small, tmp_path)
    table = small.predictions.query("model == 'linear'")
    numbers = calibration_summary(
        table["y_true"], table["y_score"], groups=table["group"]
    )
    found = numbers.loc["Brier score"]
    head = next(row for row in parsed.rows if "Brier score" in row[1:2][0].strip())
    assert [cell.strip() for cell in head[1:]] == numbers.index.tolist()
    row = parsed.rows[parsed.rows.index(head) + 1]
    cell = f"{found.estimate:.2f} {found.lower:.2f}, {found.upper:.2f}"
    assert [row[0].strip(), row[1].strip()] == ["linear", cell]
    assert "Decision curves, cross-validation" in parsed.text
