"""The chapter on defaults lists every default of every estimator, as it is."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from skfusion.fusion import MultiBranchCNNClassifier
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.preprocessing import ContrastEqualizer, LateralityFlipper, OverlayRemover

PAGE = Path(__file__).parents[1] / "docs" / "user_guide" / "defaults.rst"
SECTION = re.compile(r"\n(\S.*)\n-{3,}\n")
ROW = re.compile(r"\n   \* - (``.+)\n     - ``(.+)``\n")
SHARED = {
    "All networks": (
        CNN17Classifier,
        TransferCNNClassifier,
        MultiBranchCNNClassifier,
    ),
    "Cleaning of images": (ContrastEqualizer, LateralityFlipper, OverlayRemover),
}


@pytest.fixture(scope="module")
def rows():
    """Section, parameter, class (or None) and default of each row."""
    if not PAGE.exists():
        pytest.skip("the documentation is not in this installation")
    parts = SECTION.split(PAGE.read_text(encoding="utf-8"))
    found = []
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        for head, default in ROW.findall(text):
            names, _, owner = head.partition(" of ")
            for name in re.findall(r"``(\w+)``", names):
                value = ast.literal_eval(default)
                found.append((title, name, owner.strip("`") or None, value))
    return found


def defaults_of(cls):
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def concerns(cls, title, owner):
    if owner is not None:
        return owner == cls.__name__
    return title == cls.__name__ or cls in SHARED.get(title, ())


def test_every_default_is_listed_once_as_it_is(rows, public_estimators):
    for cls in public_estimators:
        defaults = defaults_of(cls)
        listed = [
            (name, default)
            for title, name, owner, default in rows
            if concerns(cls, title, owner) and name in defaults
        ]
        assert sorted(listed, key=str) == sorted(defaults.items(), key=str), cls


def test_every_row_is_a_parameter(rows, public_estimators):
    for title, name, owner, _ in rows:
        classes = [cls for cls in public_estimators if concerns(cls, title, owner)]
        assert any(name in defaults_of(cls) for cls in classes), (title, name)
