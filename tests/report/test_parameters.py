"""Parameters as a page shows them."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.report._parameters import list_parameters, list_seeds, show_value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.5, "0.5"),
        (np.float64(0.5), "0.5"),
        (None, "None"),
        ("balanced", "'balanced'"),
        ("timm/resnet18.a1_in1k", "'timm/resnet18.a1_in1k'"),
        ("timm/../../home/jane", "<path>"),
        ("package.module:function", "'package.module:function'"),
        ("/home/jane", "<path>"),
        ("~", "<path>"),
        (r"C:\Users\jane\weights.pth", "<path>/weights.pth"),
        (Path("weights/a.pth"), "<path>/a.pth"),
        ("scans/jane.png", "<path>"),
        ([1, "a"], "[1, 'a']"),
        ({"b", "a"}, "['a', 'b']"),
        (range, "builtins.range"),
        (list(range(9)), "list of 9 items"),
        ({"class": 2.0}, "{'class': 2.0}"),
        (np.zeros((3, 4)), "ndarray of 3 x 4"),
        (SVC(), "SVC"),
        ("x" * 99, f"'{'x' * 56}..."),
    ],
)
def test_a_value_is_shown_without_places(value, shown):
    assert show_value(value) == shown


def test_changed_parameters_of_every_step_are_marked():
    voting = VotingClassifier([("a", SVC(C=2.0, random_state=3)), ("b", SVC())])
    found = list_parameters(make_pipeline(PCA(2), voting))
    changed = {(p.step, p.name): p.value for p in found if p.is_changed}
    assert changed["pca: PCA", "n_components"] == "2"
    assert changed["votingclassifier__a: SVC", "C"] == "2.0"
    assert ("votingclassifier__b: SVC", "C") not in changed
    assert ("votingclassifier__b: SVC", "C") in {(p.step, p.name) for p in found}


def test_what_changes_no_prediction_is_left_out():
    model = CNNFeatureExtractor("squeezenet1_1", cache="/home/jane")
    names = {parameter.name for parameter in list_parameters(model)}
    assert {"backbone", "weights", "image_size"} <= names
    assert {"cache", "image_cache", "n_jobs"}.isdisjoint(names)


def test_seeds_of_every_step():
    model = make_pipeline(PCA(random_state=0), SVC())
    seeds = {"pca__random_state": "0", "svc__random_state": "None"}
    assert list_seeds(model) == seeds
    assert list_seeds(object()) == {}
    assert list_parameters(object()) == []
