"""The examples: short, readable as notebooks; and, slowly, as they run."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

FOLDER = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(FOLDER.glob("*.py"))
MOST_LINES = 60
MOST_SECONDS = 90
LOWEST_KAPPA = 0.5


def lines_of_code(path):
    """Lines of a script that hold code: neither docstring, comment nor blank."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = (n for part in tree.body[1:] for n in ast.walk(part))
    spans = [range(n.lineno, n.end_lineno + 1) for n in nodes if hasattr(n, "lineno")]
    return len(set().union(*spans))


def run(name, **variables):
    return subprocess.run(
        [sys.executable, str(FOLDER / name)],
        env=os.environ | {"MPLBACKEND": "Agg"} | variables,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def kappas(printed):
    """The first estimate of each model of a printed comparison."""
    return [float(k) for k in re.findall(r"^\S.*?(-?\d\.\d\d) {4,}", printed, re.M)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_an_example_is_short_and_reads_no_command_line(path):
    assert lines_of_code(path) <= MOST_LINES
    text = path.read_text(encoding="utf-8")
    assert "argparse" not in text
    assert "sys.argv" not in text


def test_there_are_examples():
    if not FOLDER.exists():
        pytest.skip("the examples are not in this installation")
    names = {path.stem for path in SCRIPTS}
    assert {"plot_compare_models", "plot_optimism", "plot_fusion"} <= names
    assert "compare_on_cluster" in names


@pytest.mark.slow
def test_the_first_example_shows_models_that_learn():
    start = perf_counter()
    printed = run("plot_compare_models.py")
    assert perf_counter() - start < MOST_SECONDS
    assert "SYNTHETIC" in printed
    found = kappas(printed)
    assert len(found) == 4
    assert min(found) >= LOWEST_KAPPA


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["plot_fusion.py", "plot_optimism.py", "plot_report.py"]
)
def test_another_example_runs(name):
    assert "kappa" in run(name)


@pytest.mark.slow
def test_the_example_of_halving_states_its_rounds():
    assert "Epochs in each round: [5, 10, 20]" in run("plot_halving.py")


@pytest.mark.slow
def test_the_example_of_new_images_refuses_each_kind():
    printed = run("plot_new_images.py")
    for reason in ("size", "polarity", "modality", "distance", "unreadable"):
        assert reason in printed.partition("decision")[2]
    assert "Doe" not in printed
    assert ".dcm" not in printed
