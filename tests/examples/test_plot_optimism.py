"""The example of leakage, as it stands."""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "plot_optimism.py"


@pytest.fixture(scope="module")
def example():
    if not SCRIPT.exists():
        pytest.skip("the examples are not in this installation")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plt, "show", lambda: None)
        names = runpy.run_path(str(SCRIPT))
    yield names
    plt.close("all")


def kappas(comparison):
    rows = comparison.summary.query("measure == 'kappa'")
    return rows.set_index(["protocol", "model"])["estimate"].unstack()


@pytest.mark.slow
def test_what_the_text_of_the_example_states_is_so(example):
    noise, signal = kappas(example["noise"]), kappas(example["signal"])
    assert (noise.loc[["balanced first", "by image"]] > 0.5).all(axis=None)
    assert (noise.loc["by patient"].abs() < 0.2).all()
    assert (signal.loc[["balanced first", "by image"]] > 0.8).all(axis=None)
    assert signal.loc["by patient", "nearest neighbour"] > 0.1
    assert (
        signal.loc["by patient", "SVM"]
        > signal.loc["by patient", "nearest neighbour"] + 0.2
    )
    found, patient = example["shown"], example["patient"]
    assert patient[found["by image"]] == patient[found["test image"]]
    assert patient[found["by patient"]] != patient[found["test image"]]


def test_the_example_is_short_and_works_as_a_notebook():
    text = SCRIPT.read_text(encoding="utf-8").partition('\n"""\n')[2]
    lines = [line for line in text.splitlines() if line and line[0] != "#"]
    assert len(lines) <= 60
    assert "argparse" not in text
