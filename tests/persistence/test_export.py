"""Networks in ONNX predict what they predict in torch."""

import json

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from skfusion.neural_network import CNN17Classifier
from skfusion.persistence import export

from .conftest import MODELS

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def run(content, images):
    session = onnxruntime.InferenceSession(content)
    return session, session.run(None, {"images": images})[0]


def slow(name):
    return pytest.param(name, marks=pytest.mark.slow)


NAMES = ["members", slow("listed"), slow("transfer of squeezenet"), slow("branches")]


@pytest.mark.parametrize("name", NAMES)
def test_onnxruntime_computes_the_same_probabilities(name, fitted):
    model, X = fitted(name)
    source = model._source(model._check(X))
    images = np.ascontiguousarray(np.moveaxis(source[:], 3, 1))
    content = export(model, "onnx")
    session, found = run(content, images)
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-5)
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["classes"]) == model.classes_.tolist()
    assert json.loads(about["preprocessing"])[0]["image_size"] == model._size
    # Any number of images is taken.
    np.testing.assert_allclose(run(content, images[:1])[1], found[:1], atol=1e-6)


def test_what_is_no_network_is_an_error():
    with pytest.raises(ValueError, match="'estimator' parameter"):
        export(LogisticRegression())
    with pytest.raises(ValueError, match="'format' parameter"):
        export(MODELS["cnn17"], "torchscript")
    with pytest.raises(NotFittedError):
        export(CNN17Classifier())
