"""Private parts of other packages are imported in one file."""

import ast
import importlib
from pathlib import Path

import pytest

import skfusion
from skfusion._validation import _private

PACKAGES = {
    "PIL",
    "imblearn",
    "joblib",
    "pandas",
    "pydicom",
    "sklearn",
    "skorch",
    "torch",
    "torchvision",
}
FOLDER = Path(skfusion.__file__).parent
EXEMPT = FOLDER / "_validation" / "_private.py"


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def module_of(name):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def addresses(tree):
    """Yield (module, name) of each import, and of each attribute of a module."""
    bound = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield node.module, alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                bound[alias.asname or root] = alias.name if alias.asname else root
                yield alias.name, ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            root, *names = ast.unparse(node.value).split(".")
            module = ".".join([bound.get(root, ""), *names])
            # Estimators inherit private attributes, so those of classes are allowed.
            if module.partition(".")[0] in PACKAGES and module_of(module):
                yield module, node.attr


def private_uses(source):
    """Return the (module, name) of each private part of other packages in a source."""
    return sorted(
        {
            (module, name)
            for module, name in addresses(ast.parse(source))
            if module.partition(".")[0] in PACKAGES
            and any(map(is_private, [*module.split("."), name]))
        }
    )


PRIVATE = private_uses(EXEMPT.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from sklearn.utils import _safe_indexing", "sklearn.utils._safe_indexing"),
        ("from sklearn.base import BaseEstimator, _x as y", "sklearn.base._x"),
        ("from sklearn.utils._tags import Tags", "sklearn.utils._tags.Tags"),
        ("from torch import _C", "torch._C"),
        ("import pandas._libs.lib", "pandas._libs.lib."),
        ("import torch\ntorch._C.f()", "torch._C"),
        ("from PIL import Image\nImage._plugins[0]", "PIL.Image._plugins"),
        ("def f():\n    import torch as t\n    t.nn._x", "torch.nn._x"),
    ],
)
def test_a_private_part_is_found(source, expected):
    assert expected in [".".join(use) for use in private_uses(source)]


@pytest.mark.parametrize(
    "source",
    [
        "from sklearn.base import BaseEstimator",
        "from ._columns import _x",
        "import torch\ntorch.__version__",
        "from __future__ import annotations",
        "x._module",
        "from sklearn.svm import SVC\nSVC._parameter_constraints",
    ],
)
def test_a_public_part_is_not_taken_for_a_private_one(source):
    assert private_uses(source) == []


def test_no_other_file_uses_a_private_part():
    found = {
        str(path.relative_to(FOLDER)): uses
        for path in sorted(FOLDER.rglob("*.py"))
        if path != EXEMPT and (uses := private_uses(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_every_import_is_offered():
    names = {name for _, name in PRIVATE}
    names ^= {"_VisualBlock", "visual_block"}  # imported where it is drawn
    names.add("fitted_gamma")  # reads an attribute
    assert names == set(_private.__all__)


@pytest.mark.parametrize(("module", "name"), PRIVATE)
def test_a_private_name_is_where_it_was(module, name):
    # Otherwise follow it in skfusion/_validation/_private.py.
    assert hasattr(module_of(module), name)


def public_places(module, name):
    """Return the addresses at which a private name would be public."""
    parts = [part.lstrip("_") for part in module.split(".")]
    return [
        (".".join(parts[:length]), name.lstrip("_"))
        for length in range(1, len(parts) + 1)
    ]


@pytest.mark.parametrize(("module", "name"), PRIVATE)
def test_a_private_name_has_not_become_public(module, name):
    # Otherwise import the public one where it is used, and drop the private one.
    places = public_places(module, name)
    assert not [place for place in places if hasattr(module_of(place[0]), place[1])]


def test_a_name_that_became_public_would_be_found():
    places = public_places("sklearn.utils._validation", "_check_is_fitted")
    assert places[-1] == ("sklearn.utils.validation", "check_is_fitted")
    assert hasattr(module_of(places[-1][0]), places[-1][1])
