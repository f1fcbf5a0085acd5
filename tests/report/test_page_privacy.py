"""No page shows a patient, a path, or the machine."""

import getpass
import platform
import re
from base64 import b64decode

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from skfusion.model_selection import compare_models

PLANTED = [
    "DOE",
    "JANE",
    "Jane Doe",
    "ROE",
    "roe",
    "Ann Roe",
    "secret",
    "elsewhere",
    "/home",
]


@pytest.fixture(scope="module")
def texts(page):
    """The page without its figures, and the text of each drawn figure."""
    html = page.read_text(encoding="utf-8")
    pattern = r"data:image/([a-z+]+);base64,([\w+/=]+)"
    figures = re.findall(pattern, html)
    svgs = [b64decode(data).decode() for kind, data in figures if kind == "svg+xml"]
    assert len(svgs) > 5
    return [re.sub(pattern, "", html), *svgs]


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_name_is_not_on_the_page(texts, name):
    assert [text for text in texts if name in text] == []


def test_no_place_of_the_machine_is_on_the_page(texts, page, breast):
    places = [str(page.parent), str(breast.data["image"].iloc[0])]
    places += [part for place in places for part in place.split("/") if len(part) > 8]
    for place in [*places, platform.node(), f"/{getpass.getuser()}/"]:
        assert not [text for text in texts if len(place) > 3 and place in text], place


def test_no_absolute_path_is_on_the_page(texts):
    # A slash at the beginning of a word, after which a name comes.
    assert re.findall(r"(?<![\w<>*/])/\w+/[\w/.]+", texts[0]) == []


def test_options_and_names_of_weights_stay(texts):
    for shown in ("&lt;path&gt;/squeezenet1_1.pth", "seen &lt;group&gt; twice"):
        assert shown in texts[0]
    assert "&#39;squeezenet1_1&#39;" in texts[0]


def test_a_column_whose_values_are_patients_makes_no_parts(texts):
    assert "view: CC" in texts[0]
    assert "dataset: " not in texts[0]


def test_images_are_shown_only_if_they_are_wanted(study, page, tmp_path):
    assert "data:image/jpeg" in page.read_text(encoding="utf-8")
    other = study.to_html(tmp_path / "study.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" not in other
    assert "the most confident mistakes" in other


def test_a_subgroup_that_shows_patients_is_refused(study, tmp_path):
    with pytest.raises(ValueError, match="would show patients or images"):
        study.to_html(tmp_path / "study.html", subgroups=["name"])


def test_the_reason_why_a_model_has_no_maps_shows_no_patient(study, tmp_path):
    def planted(model, X):
        if isinstance(model, DummyClassifier):
            raise ValueError(f"cannot explain {X['image'].iloc[0]} of DOE^JANE7")
        return [np.ones((16, 16))] * len(X)

    options = {"images": True, "saliency": planted}
    with pytest.warns(UserWarning, match=r"No maps of prior: cannot .* of <group>"):
        page = study.to_html(tmp_path / "study.html", **options)
    text = page.read_text(encoding="utf-8")
    assert "No maps of prior: cannot explain &lt;path&gt;" in text
    assert "DOE" not in re.sub(r"base64,[\w+/=]+", "", text)


def test_a_value_that_is_a_path_makes_a_part_without_it(breast, tmp_path):
    places = ["/home/rad/DOE/one", "C:\\scans\\DOE", "CC/MLO"]
    X = breast.data.assign(view=np.tile(places, 20)).drop(columns="dataset")
    study = compare_models([("prior", DummyClassifier())], X, breast.target, cv=2)
    html = study.to_html(tmp_path / "study.html").read_text(encoding="utf-8")
    assert "view: CC/MLO" in html
    assert "view: &lt;path&gt;" in html
    assert "DOE" not in re.sub(r"base64,[\w+/=]+", "", html)
