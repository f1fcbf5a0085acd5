"""An edit of any own file changes the keys of the models that use own code."""

import importlib
import os
import subprocess
import sys
import threading

import pytest
from sklearn.base import BaseEstimator
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from skfusion.exceptions import CacheWarning
from skfusion.model_selection import _own_sources
from skfusion.model_selection._identity import identify

HELPERS = "def scale(X):\n    return X\n"
STUDY = """
import functools
import threading
from sklearn.base import BaseEstimator
from sklearn.preprocessing import FunctionTransformer
from skfusion.model_selection._identity import identify
import study_helpers

weight = 1.0
lock = threading.Lock()


class Own(BaseEstimator):
    lock = threading.Lock()

    def __init__(self, size=3):
        self.size = size

    @functools.cached_property
    def cached(self):
        return 1

    @functools.lru_cache
    def remembered(self):
        return 2

    def fit(self, X, y=None):
        self.weight = weight
        return self


@functools.lru_cache
def remembered(X):
    return X


@functools.singledispatch
def dispatched(X):
    return X


def uses_helper(X):
    return study_helpers.scale(X)


def imports_later(X):
    import study_lazy

    return study_lazy.scale(X)


def make(k):
    def inner(model):
        model.k = k
        return model
    return inner


def make_class(k):
    class Made(BaseEstimator):
        scale = k

        def fit(self, X, y=None):
            return k
    return Made


def make_dispatched(k):
    return functools.singledispatch(lambda X: X * k)


def make_remembered(k):
    return functools.lru_cache(lambda X: X * k)


one, other = (lambda X: X + 1), (lambda X: X + 2)

if __name__ == "__main__":
    for value in (Own(), FunctionTransformer(uses_helper), one, make(1)):
        print(identify(value, "model").hex())
"""


def write(path, text):
    """Write a file that is older than this process."""
    path.write_text(text)
    os.utime(path, (0, 0))


@pytest.fixture
def study(tmp_path, monkeypatch):
    write(tmp_path / "study_helpers.py", HELPERS)
    write(tmp_path / "study_lazy.py", HELPERS)
    write(tmp_path / "study_own.py", STUDY)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("study_own")
    for name in ("study_helpers", "study_lazy", "study_own"):
        sys.modules.pop(name, None)


def key_of(value):
    return identify(value, "model")


CHANGES = {
    "a helper module": (
        "study_helpers.py",
        HELPERS.replace("return X", "return 2 * X"),
    ),
    "a module imported later": ("study_lazy.py", HELPERS + "# a comment"),
    "a global variable": ("study_own.py", STUDY.replace("weight = 1.0", "weight = 2")),
    "a cached property": ("study_own.py", STUDY.replace("return 1\n", "return 3\n")),
    "a cached method": ("study_own.py", STUDY.replace("return 2\n", "return 3\n")),
    "a new file": ("study_new.py", ""),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_edit_of_any_own_file_changes_the_keys_of_own_code(study, tmp_path, change):
    models = study.Own(), FunctionTransformer(study.imports_later), study.make(1)
    plain = key_of(SVC())
    first = [key_of(model) for model in models]
    name, text = change
    write(tmp_path / name, text)
    assert not {key_of(model) for model in models} & set(first)
    assert key_of(SVC()) == plain


def users(study):
    functions = ("dispatched", "imports_later", "remembered", "uses_helper")
    return [
        study.Own(),
        *[FunctionTransformer(getattr(study, name)) for name in functions],
        FunctionTransformer(study.make(1)),
        study.make_class(1)(),
        FunctionTransformer(study.one),
    ]


def test_all_own_code_differs(study):
    keys = [key_of(model) for model in users(study)]
    assert len(set(keys)) == len(keys)


PAIRS = {
    "closure": lambda study: [study.make(k) for k in (1, 2)],
    "class": lambda study: [study.make_class(k)() for k in (1, 2)],
    "lambda": lambda study: [study.one, study.other],
    "singledispatch": lambda study: [study.make_dispatched(k) for k in (1, 2)],
    "lru_cache": lambda study: [study.make_remembered(k) for k in (1, 2)],
    "parameter": lambda study: [study.Own(size) for size in (1, 2)],
    "bound method": lambda study: [study.Own(size).fit for size in (1, 2)],
}


@pytest.mark.parametrize("make", PAIRS.values(), ids=PAIRS.keys())
def test_values_that_own_code_holds_count(study, make):
    one, other = make(study)
    again, _ = make(study)
    assert key_of(one) == key_of(again)
    assert key_of(one) != key_of(other)


def test_defaults_of_a_function_count(study):
    first = key_of(study.uses_helper)
    study.uses_helper.__defaults__ = (1,)
    assert key_of(study.uses_helper) != first


def test_a_package_counts_with_all_folders_in_it(tmp_path, monkeypatch):
    folder = tmp_path / "study_package"
    (folder / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/__init__.py", "inner/far.py"):
        write(folder / name, "")
    write(folder / "models.py", HELPERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    scale = importlib.import_module("study_package.models").scale
    first = key_of(scale)
    write(folder / "inner" / "far.py", "edited = True")
    assert key_of(scale) != first


def run(folder):
    paths = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "7"}
    command = [sys.executable, folder / "study_own.py"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_another_process_and_another_folder_have_the_same_keys(study, tmp_path):
    first = run(tmp_path)
    assert len(set(first)) == 4
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in tmp_path.glob("*.py"):
        write(moved / path.name, path.read_text())
    assert run(moved) == first


def test_the_version_of_a_package_that_own_code_imports_counts(study, monkeypatch):
    first = key_of(study.Own())
    version = _own_sources.version
    versions = {"scikit-learn": "999"}
    monkeypatch.setattr(
        _own_sources, "version", lambda name: versions.get(name) or version(name)
    )
    assert key_of(study.Own()) != first
    first = key_of(SVC())
    versions["scikit-learn"] = "1000"
    assert key_of(SVC()) != first


def test_a_file_that_changed_after_it_was_loaded_is_not_reused(study, tmp_path):
    """The code that is loaded may be older than the file."""
    (tmp_path / "study_helpers.py").write_text(HELPERS)
    with pytest.warns(CacheWarning, match="'study_helpers.py' has changed"):
        keys = {key_of(study.Own()) for _ in range(2)}
    assert len(keys) == 2
    assert key_of(SVC()) == key_of(SVC())


def typed(source, module="__main__"):
    names = {"__name__": module, "BaseEstimator": BaseEstimator}
    exec(source, names)
    return names["own"]


TYPED = {
    "function": typed("def own(X):\n    return X\n"),
    "class": typed("class own(BaseEstimator):\n    def fit(self, X):\n        pass\n"),
    "notebook": typed("class own(BaseEstimator):\n    pass\n", "a notebook"),
}


@pytest.mark.parametrize("own", TYPED.values(), ids=TYPED.keys())
def test_code_without_a_file_is_named(own):
    with pytest.raises(ValueError, match=r"'model__func' holds .*module.*store=None"):
        key_of(FunctionTransformer(own))


def test_a_lock_that_a_function_holds_is_named(study):
    with pytest.raises(ValueError, match="'model__func' holds lock"):
        key_of(FunctionTransformer(study.make(threading.Lock())))
