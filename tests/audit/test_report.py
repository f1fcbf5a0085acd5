import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skfusion.audit import audit_dataset
from skfusion.datasets import make_breast_images


@pytest.fixture
def audit(make_clean, plant):
    breast = make_clean(0)
    plant(breast, 0)
    audit = audit_dataset(breast, probes=False)
    numbers = {"auc": [0.9, np.nan], "low": [0.8, np.nan], "high": [0.95, np.nan]}
    audit.probes = pd.DataFrame(
        {"probe": ["border", "column a"], **numbers, "n": 48, "n_groups": 48}
    ).assign(flagged=[True, False], note=["A machine.", "Left out."])
    return audit


def test_text_has_lines_of_80_characters_and_names_every_kind(audit):
    text = repr(audit)
    assert max(map(len, text.splitlines())) <= 80
    for kind in audit.findings["kind"].unique():
        assert kind in text


def test_no_path_and_no_patient_is_shown(audit):
    shown = repr(audit) + audit._repr_html_()
    display = audit.plot("two groups")
    shown += "".join(axis.get_title() for axis in display.ax_)
    plt.close(display.figure_)
    assert "patient1" not in shown
    assert ".png" not in shown
    assert not audit.findings["detail"].str.contains("/").any()


def test_summary_counts_images(audit):
    summary = audit.summary.set_index("kind")
    assert summary.loc["constant", "n"] == 1
    assert summary.loc["constant", "share"] == 1 / audit.n_images
    assert summary.loc["constant", "severity"] == "error"
    assert summary.loc["shared overlay", "n"] == 0
    assert summary.loc["shared overlay", "severity"] is None


def test_html_escapes_and_lists_the_probes(audit):
    audit.probes.loc[0, "probe"] = "<column>"
    html = audit._repr_html_()
    assert "&lt;column&gt;" in html
    assert html.count("<table") == html.count("</table>") == 2


def test_sheets_of_every_kind_name_the_rows(audit):
    for kind, part in audit.findings.groupby("kind"):
        display = audit.plot(kind)
        titles = " ".join(axis.get_title() for axis in display.ax_)
        assert all(f"row {row}, " in titles for row in part["row"])
        plt.close(display.figure_)


def test_a_sheet_has_at_most_n_images(audit):
    display = audit.plot("two groups", n=2)
    assert len(display.ax_) == len(display.pictures) == 2
    assert sum(bool(axis.get_title()) for axis in display.figure_.axes) == 2
    plt.close(display.figure_)


def test_probes_are_drawn_by_default(audit):
    display = audit.plot()
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == ["border"]
    plt.close(display.figure_)


def test_axes_of_the_caller_are_drawn_on(audit):
    figure, axes = plt.subplots(1, 3)
    assert audit.plot("probes", ax=axes[0]).ax_ is axes[0]
    display = audit.plot("two groups", n=2, ax=axes[1:])
    assert display.figure_ is figure
    assert display.ax_.tolist() == axes[1:].tolist()
    with pytest.raises(ValueError, match="2 axes"):
        audit.plot("two groups", n=2, ax=axes[0])
    plt.close(figure)


@pytest.mark.parametrize(
    ("y", "first"),
    [
        (None, "row 2, benign"),
        (np.arange(12) % 2, "row 2, class 0"),
        (["cyst"] * 12, "row 2, cyst"),
    ],
)
def test_titles_of_a_sheet_are_row_class_and_detail(y, first):
    breast = make_breast_images(12, random_state=0)
    breast.target[2] = 0
    breast.data[5] = breast.data[2]
    display = audit_dataset(breast, y, probes=False).plot("exact duplicate")
    assert display.titles[0] == f"{first}\nall pixels are equal"
    plt.close(display.figure_)
    without = audit_dataset(breast.data).plot("exact duplicate")
    assert without.titles[0] == "row 2\nall pixels are equal"
    plt.close(without.figure_)


def probes_of(areas, flagged):
    table = pd.DataFrame({"auc": areas, "low": 0.4, "high": 0.9, "flagged": flagged})
    names = [f"column {'name ' * 12}{i}" for i in range(len(table))]
    return table.assign(probe=names, note="A machine." * 12)


def test_flagged_probes_are_the_first_lines_and_many_others_one(audit):
    areas = [0.85, 0.7, *np.linspace(0.43, 0.6, 25)]
    audit.probes = probes_of(areas, [False, True] + [False] * 25)
    lines = repr(audit).splitlines()
    assert max(map(len, lines)) <= 80
    numbers = [line for line in lines if "[0.40, 0.90]" in line]
    assert len(numbers) == 1
    assert numbers[0].endswith("0.70 [0.40, 0.90] *")
    after = lines[lines.index(numbers[0]) + 1 :]
    assert after[0].strip().startswith("Not flagged: 26 with 0.43 to 0.85")


def test_few_probes_that_are_not_flagged_are_lines(audit):
    audit.probes = probes_of([0.5, 0.55], [False, False])
    assert repr(audit).count("[0.40, 0.90]") == 2


def test_flagged_probes_are_explained(audit):
    assert "* border: A machine." in repr(audit)
    assert "A machine." in audit._repr_html_()
    assert "Left out." not in repr(audit)


def test_nothing_to_draw_is_an_error(audit):
    with pytest.raises(ValueError, match="n == 0, must be >= 1"):
        audit.plot("marks", n=0)
    audit.findings, audit.probes = audit.findings[:0], None
    with pytest.raises(ValueError, match="nothing was found"):
        audit.plot()


def test_an_unknown_kind_is_refused(audit):
    with pytest.raises(ValueError, match=r"'marks'.*Got 'shared overlay'"):
        audit.plot("shared overlay")
