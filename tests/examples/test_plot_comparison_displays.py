import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "plot_comparison_displays.py"


def code_of(path):
    """Lines of code: no docstring, no comment, no blank line."""
    _, _, code = path.read_text(encoding="utf-8").split('"""', 2)
    lines = (line.strip() for line in code.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def test_the_example_is_short():
    assert len(code_of(EXAMPLE)) <= 60


@pytest.mark.slow
def test_the_example_draws_every_kind_and_its_network_learns(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: None)
    before = set(plt.get_fignums())
    names = runpy.run_path(str(EXAMPLE))
    figures = set(plt.get_fignums()) - before
    for number in figures:
        plt.close(number)
    assert len(figures) == 10
    summary = names["comparison"].summary.query("modality == 'all'")
    kappa = summary.query("measure == 'kappa'").set_index("model")
    assert kappa.loc["17-layer CNN, small", "lower"] > 0.2
