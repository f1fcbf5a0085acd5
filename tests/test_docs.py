"""The directive of the documentation for results files."""

import json
import sys
from io import StringIO
from pathlib import Path

import pytest

sphinx_application = pytest.importorskip(
    "sphinx.application", reason='sphinx is not installed: pip install -e ".[docs]"'
)

EXTENSIONS = Path(__file__).parents[1] / "docs" / "_ext"
ORIGIN = {
    "title": "A tiny study",
    "command": "python study.py",
    "commit": "0123abc",
    "machine": "2 CPU cores",
}


def write_results(folder, name, table, origin):
    results = folder / "studies" / "results"
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{name}.csv").write_text(table)
    (results / f"{name}.json").write_text(json.dumps(origin))


def build(folder, monkeypatch, text):
    """Build a one-page documentation; return the page's words and the warnings."""
    monkeypatch.setattr(sys, "path", [str(EXTENSIONS), *sys.path])
    (folder / "index.rst").write_text("Title\n=====\n\n" + text)
    warnings = StringIO()
    app = sphinx_application.Sphinx(
        folder,
        confdir=None,
        outdir=folder / "out",
        doctreedir=folder / "doctrees",
        buildername="text",
        confoverrides={"extensions": ["results"]},
        status=None,
        warning=warnings,
    )
    app.build()
    words = (folder / "out" / "index.txt").read_text().split()
    return " ".join(words), warnings.getvalue()


def test_results_are_shown_with_their_origin(tmp_path, monkeypatch):
    write_results(tmp_path, "tiny", "model,kappa\nsvm,0.25\n", ORIGIN)
    page, warnings = build(tmp_path, monkeypatch, ".. study-results:: tiny\n")
    assert warnings == ""
    for expected in ("svm", "0.25", *ORIGIN.values()):
        assert expected in page


def test_without_a_name_every_results_file_is_shown(tmp_path, monkeypatch):
    for name in ("first", "second"):
        write_results(tmp_path, name, "a\n1\n", ORIGIN | {"title": f"The {name}"})
    page, _ = build(tmp_path, monkeypatch, ".. study-results::\n")
    assert "The first" in page
    assert "The second" in page


def test_other_pages_can_link_a_table_of_all_results(tmp_path, monkeypatch):
    write_results(tmp_path, "a_study", "a\n1\n", ORIGIN)
    text = ".. study-results::\n\nSee :ref:`the numbers <results-a_study>`.\n"
    page, warnings = build(tmp_path, monkeypatch, text)
    assert "label" not in warnings
    assert "See the numbers." in page


def test_without_results_the_page_states_it(tmp_path, monkeypatch):
    page, _ = build(tmp_path, monkeypatch, ".. study-results::\n")
    assert "No study has been run yet" in page


@pytest.mark.parametrize(
    ("table", "origin", "message"),
    [
        ("a\n1\n", ORIGIN | {"commit": ""}, "has no commit"),
        ("a,b\n1\n", ORIGIN, "differ in length"),
    ],
)
def test_results_without_origin_or_shape_fail_the_build(
    tmp_path, monkeypatch, table, origin, message
):
    write_results(tmp_path, "bad", table, origin)
    _, warnings = build(tmp_path, monkeypatch, ".. study-results:: bad\n")
    assert message in warnings


def test_unknown_results_fail_the_build(tmp_path, monkeypatch):
    _, warnings = build(tmp_path, monkeypatch, ".. study-results:: nowhere\n")
    assert "file 'nowhere.csv' of 'nowhere' is missing" in warnings
