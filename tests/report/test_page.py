"""The page of a comparison: complete, self-contained, well formed, and the same."""

import copy
import re
from base64 import b64decode
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier

from skfusion.model_selection import compare_models

VOID = {"meta", "img", "br", "link", "hr", "input"}
SECTIONS = [
    "flow",
    "splits",
    "models",
    "results",
    "calibration",
    "subgroups",
    "mistakes",
    "audit",
    "protocol",
    "warnings",
    "checklists",
]


class Parsed(HTMLParser):
    """Tags, attributes and texts of a page; raises an error where tags do not match."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.open = Counter(), [], []
        self.texts, self.rows = [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.texts.append(data)
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += f"{data} " if data.strip() else ""

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all_of(self, name):
        return [value for _, found, value in self.attributes if found == name]


@pytest.fixture(scope="module")
def html(page):
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def parsed(html):
    return Parsed(html)


def test_the_page_is_well_formed_and_has_every_section(html, parsed):
    assert html.startswith("<!DOCTYPE html>\n<html lang=")
    assert [each for each in parsed.all_of("id") if each in SECTIONS] == SECTIONS
    assert parsed.tags["table"] > 20
    assert parsed.tags["img"] > 8


def test_a_cell_stands_below_each_name_of_a_column(html):
    for table in re.findall(r"<table.*?</table>", html, re.DOTALL):
        if "colspan" not in table:
            lengths = {len(row) for row in Parsed(table).rows}
            assert len(lengths) == 1, table[:200]


def test_links_lead_to_sections_of_the_page(parsed):
    ids = parsed.all_of("id")
    assert len(set(ids)) == len(ids)
    targets = {link.removeprefix("#") for link in parsed.all_of("href")}
    assert targets <= set(ids)


def test_the_page_requests_nothing_and_runs_nothing(html, parsed):
    assert parsed.tags["script"] == parsed.tags["link"] == parsed.tags["iframe"] == 0
    for tag, name, value in parsed.attributes:
        assert not name.startswith("on"), tag
        if name in ("src", "srcset", "poster", "data", "action", "background"):
            assert value.startswith("data:image/"), (tag, name, value[:80])
        if name == "href":
            assert value.startswith("#")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_no_figure_requests_anything(parsed):
    for source in parsed.all_of("src"):
        kind, _, content = source.partition(";base64,")
        if kind == "data:image/svg+xml":
            svg = b64decode(content).decode()
            # Addresses of name spaces and of the type are names: nothing is loaded.
            links = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', svg)
            assert links
            assert all(max(pair).startswith(("#", "data:")) for pair in links)


def test_the_page_is_small(page):
    assert page.stat().st_size < 2_000_000


def test_the_page_is_for_phones_paper_and_the_dark(html, parsed):
    assert "width=device-width, initial-scale=1" in parsed.all_of("content")
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert all(parsed.all_of("alt"))
    # A wide table scrolls in its box, and the page does not.
    assert html.count('<div class="scroll"') >= parsed.tags["table"]


def test_the_same_comparison_makes_the_same_page(study, tmp_path):
    pages = [study.to_html(tmp_path / name).read_bytes() for name in ("a", "b")]
    assert pages[0] == pages[1]


def test_names_are_escaped(html, parsed):
    assert "<b>fails" not in html
    assert "<b>fails</b>" in parsed.text


def test_the_flow_counts_what_was_left_out(parsed):
    assert "Before the study 73 images Left out 12 images: no biopsy" in parsed.text
    assert "The study 60 images 30 groups, usually patients benign:" in parsed.text
    assert "predictions of <b>fails</b>: 2 of 3 fits failed" in parsed.text
    assert "External data set: other hospital 30 images 15 groups" in parsed.text
    assert (
        "models fitted on all images of the study Left out No predictions of <b>"
        in (parsed.text)
    )


def test_the_folds_have_the_counts_of_the_study(study, breast, parsed):
    start = next(n for n, row in enumerate(parsed.rows) if "groups on both" in row[-1])
    for fold, (train, test) in enumerate(study.splits):
        cells = [cell.strip() for cell in parsed.rows[start + 1 + fold]]
        sides = [[len(side), len(side) // 2] for side in (train, test)]
        for side, rows in zip(sides, (train, test), strict=True):
            n_malignant = int(breast.target[rows].sum())
            side += [len(rows) - n_malignant, n_malignant]
        assert cells == [str(n) for n in (fold, *sides[0], *sides[1], 0)]


def test_the_tables_have_the_numbers_of_the_summary(study, parsed):
    kappa = study.summary.query(
        "model == 'planted' and measure == 'kappa' and modality == 'all'"
        "and data == 'cross-validation'"
    ).iloc[0]
    cell = f"{kappa.estimate:.2f} {kappa.lower:.2f}, {kappa.upper:.2f}"
    row = next(row for row in parsed.rows if row[0].startswith("planted fit"))
    assert row[1].strip() == cell
    bands = {row[0].strip() for row in parsed.rows}
    assert {"young", "old", "view: CC"} <= bands


def test_the_protocol_is_told(parsed):
    rows = {row[0].strip(): row[1].strip() for row in parsed.rows if len(row) == 2}
    cv = "StratifiedGroupKFold(n_splits=3, shuffle=True, random_state=0)"
    assert rows["cross-validation"] == cv
    assert rows["fits"] == "9, of which 2 failed"
    assert rows["groups, usually patients"] == "30; none is on both sides of a fold"
    assert "cores" in rows["machine"]


def test_warnings_of_the_data_stand_on_the_page(parsed):
    assert "uses the" in parsed.text[parsed.text.index("Warnings The test of") :]


def test_a_pickled_comparison_is_written_without_its_models(study, tmp_path):
    page = copy.copy(study).to_html(tmp_path / "copy.html").read_text(encoding="utf-8")
    assert "does not hold their parameters" in Parsed(page).text
    with pytest.raises(ValueError, match="errors needs the data"):
        copy.copy(study).to_html(tmp_path / "copy.html", images=True)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_page_without_groups_scores_and_tables_of_x(classes, tmp_path):
    hard = VotingClassifier([("prior", DummyClassifier())])
    y = np.tile(np.arange(classes), 20)
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    with pytest.warns(UserWarning, match="No groups"):
        study = compare_models([("hard", hard)], X, y, cv=2)
    parsed = Parsed(study.to_html(tmp_path / "study.html").read_text(encoding="utf-8"))
    assert {"calibration", "audit", "subgroups"}.isdisjoint(parsed.all_of("id"))
    assert "no groups were known" in parsed.text


@pytest.mark.parametrize(
    "excluded", [{"no biopsy": -1}, {"no biopsy": "12"}, {3: 3}, {"no biopsy": True}]
)
def test_exclusions_that_are_no_numbers_are_refused(study, excluded, tmp_path):
    with pytest.raises(ValueError, match="Expected excluded to be a dict"):
        study.to_html(tmp_path / "study.html", excluded=excluded)


def test_a_folder_that_is_missing_is_refused_at_once(study, tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected the folder of path"):
        study.to_html(tmp_path / "nowhere" / "study.html")


def test_an_audit_that_is_none_is_refused(study, tmp_path):
    with pytest.raises(TypeError, match="Expected audit to be what audit_dataset"):
        study.to_html(tmp_path / "study.html", audit="clean")
    assert list(tmp_path.iterdir()) == []


def test_exclusions_may_be_counts_of_numpy(study, tmp_path):
    excluded = {"no biopsy": np.int64(12)}
    page = study.to_html(tmp_path / "study.html", excluded=excluded)
    assert "12 images: no biopsy" in page.read_text(encoding="utf-8")
