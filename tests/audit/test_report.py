import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skfusion.audit import audit_dataset


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
    figure = audit.plot("two groups")
    shown += "".join(axis.get_title() for axis in figure.axes)
    plt.close(figure)
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
        figure = audit.plot(kind)
        titles = " ".join(axis.get_title() for axis in figure.axes)
        assert all(f"row {row}\n" in titles for row in part["row"])
        plt.close(figure)


def test_a_sheet_has_at_most_n_images(audit):
    figure = audit.plot("two groups", n=2)
    assert sum(bool(axis.get_title()) for axis in figure.axes) == 2
    plt.close(figure)


def test_probes_are_drawn_by_default(audit):
    figure = audit.plot()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert any("border" in label for label in labels)
    plt.close(figure)


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
