"""Drawn maps."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion.datasets import make_breast_pairs
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import make_feature_fusion
from skfusion.inspection import SaliencyDisplay, saliency
from skfusion.model_selection import compare_models


@pytest.fixture(scope="module")
def model(files):
    extractor = CNNFeatureExtractor("cnn17", image_size=32)
    return make_pipeline(extractor, LogisticRegression()).fit(files.data, files.target)


def texts(figure):
    return " ".join(text.get_text() for text in figure.findobj(plt.Text))


def test_images_boxes_and_classes_are_drawn(model, files):
    X, y = files.data[:3], files.target[:3]
    display = SaliencyDisplay.from_estimator(model, X, y=y)
    assert len(display.ax_) == len(display.maps) == 3
    box = display.ax_[0].patches[0].get_bbox()
    found = [box.x0 + 0.5, box.y0 + 0.5, box.x1 + 0.5, box.y1 + 0.5]
    np.testing.assert_allclose(found, [float(n) for n in X["region"][0].split(",")])
    titles = [axis.get_title() for axis in display.ax_]
    assert titles[0].startswith(f"true {y[0]}, predicted {model.predict(X)[0]}")
    assert f"{model.predict_proba(X)[0].max():.2f}" in titles[0]
    assert "patient" not in texts(display.figure_)
    assert str(X["image"][0]) not in texts(display.figure_)


def test_axes_of_the_caller_are_used(model, files):
    _, axes = plt.subplots(1, 2)
    X = files.data[["image"]]
    display = SaliencyDisplay.from_estimator(model, X[:2], ax=axes)
    assert list(display.ax_) == list(axes)
    assert not axes[0].patches
    with pytest.raises(ValueError, match="at most 40 rows"):
        SaliencyDisplay.from_estimator(model, pd.concat([X] * 4))


def test_the_worst_mistakes_are_drawn_with_their_maps(files):
    extractor = CNNFeatureExtractor("cnn17", image_size=32)
    model = make_pipeline(extractor, LogisticRegression())
    y = np.random.RandomState(0).permutation(files.target)
    study = compare_models([("linear", model)], files.data, y, cv=2)
    seen = []

    def explain(estimator, X):
        seen.append((estimator, X))
        return saliency(estimator, X)

    figure = study.errors("linear", n=3, saliency=explain)
    drawn = [axis for axis in figure.axes if axis.images]
    assert drawn
    assert all(len(axis.images) == 2 for axis in drawn)
    for estimator, X in seen:  # the model that made the mistakes explains them
        wrong = study.predictions.set_index("row").loc[X.index]
        assert estimator.predict(X).tolist() == wrong["y_pred"].tolist()


@pytest.mark.parametrize("used", [["ultrasound", "mammogram"], ["ultrasound"]])
def test_a_map_is_drawn_over_the_image_of_its_column(used, tmp_path):
    pairs = make_breast_pairs(16, image_size=32, folder=tmp_path, random_state=0)
    extractor = CNNFeatureExtractor("cnn17", image_size=32)
    model = make_feature_fusion([(c, extractor) for c in used], LogisticRegression())
    y = np.random.RandomState(0).permutation(pairs.target)
    study = compare_models([("fusion", model)], pairs.data, y, cv=2)

    def mark(estimator, X):  # the image of ultrasound alone has a map
        found = saliency(estimator, X)
        for name, maps in found.maps.items():
            found.maps[name] = [0 * m + (name == "ultrasound") for m in maps]
        return found

    axis = study.errors("fusion", n=1, saliency=mark).axes[0]
    image, drawn = (each.get_array() for each in axis.images)
    assert drawn.shape[:2] == image.shape[:2]
    assert pairs.data.columns[:2].tolist() == ["mammogram", "ultrasound"]
    assert not drawn[:, :256].any()
    assert drawn[:, 256:].all()


def test_a_model_without_maps_leaves_no_figure(files):
    X, y = files.data, np.random.RandomState(0).permutation(files.target)
    study = compare_models([("prior", DummyClassifier())], X, y, cv=2)
    plt.close("all")
    with pytest.raises(TypeError, match="DummyClassifier"):
        study.errors("prior", saliency=saliency)
    assert plt.get_fignums() == []
