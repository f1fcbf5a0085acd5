"""The shape of the source: short files and functions, few loose files."""

import ast
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import skfusion

SOURCE = Path(skfusion.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MOST_LINES_OF_A_FILE = 350
MOST_LINES_OF_A_FUNCTION = 45
MOST_PARAMETERS = 12
# As many as the function needs to be called like cross_validate, which has 14.
MORE_PARAMETERS = {"compare_models": 13}
MOST_LOOSE_FILES = 3


def name_of(path):
    return path.relative_to(SOURCE).as_posix()


def functions(path):
    """Yield every function of a file, with the class that it is in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for parent in ast.walk(tree):
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield parent, node


def n_lines(path, function):
    """Number of lines of code: no docstring, no comment, no blank line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    body = function.body[1:] if ast.get_docstring(function) else function.body
    start = body[0].lineno if body else function.end_lineno
    signature = range(function.lineno, function.body[0].lineno)
    numbers = [*signature, *range(start, function.end_lineno + 1)]
    code = (lines[number - 1].strip() for number in numbers)
    return sum(bool(line) and not line.startswith("#") for line in code)


def n_parameters(function):
    arguments = function.args
    named = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
    return len([each for each in named if each.arg not in ("self", "cls")])


def is_init_of_an_estimator(parent, function):
    if function.name != "__init__" or not isinstance(parent, ast.ClassDef):
        return False
    named = (getattr(skfusion, room) for room in skfusion.__all__ if room[0] != "_")
    classes = (getattr(room, parent.name, None) for room in named)
    return any(isinstance(c, type) and issubclass(c, BaseEstimator) for c in classes)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_A_FILE


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_function_is_short_and_has_few_parameters(path):
    for parent, function in functions(path):
        if is_init_of_an_estimator(parent, function):
            continue
        assert n_lines(path, function) <= MOST_LINES_OF_A_FUNCTION, function.name
        most = MORE_PARAMETERS.get(function.name, MOST_PARAMETERS)
        assert n_parameters(function) <= most, function.name


def test_few_files_stand_loose_beside_the_packages():
    loose = {path.name for path in SOURCE.glob("*.py")} - {"__init__.py"}
    assert len(loose) <= MOST_LOOSE_FILES, sorted(loose)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_module_lists_its_public_names(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
    ]
    names = [
        element.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for element in node.value.elts
    ]
    # It is public to the package alone, and the module to everybody.
    assert set(public) - {"warn_user"} <= set(names)
