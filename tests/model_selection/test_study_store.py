"""A study that was interrupted computes what is missing, and nothing else."""

import json
import os
import re
import shutil
import sqlite3
import stat
import time
import warnings
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion._store._row_store import _digest
from skfusion.datasets import make_breast_images
from skfusion.exceptions import CacheWarning
from skfusion.images import ImageSource
from skfusion.model_selection import _study_fits, compare_models
from skfusion.model_selection._study_store import StudyStore
from skfusion.neural_network import CNN17Classifier

N, N_FOLDS = 60, 3


class CountedNB(GaussianNB):
    """Write a line to the file in a folder for each fit; stop or fail at one of them.

    A file that a parameter names would count by its content.
    """

    def __init__(self, log=None, fails=False, var_smoothing=1e-9):
        super().__init__(var_smoothing=var_smoothing)
        self.log = log
        self.fails = fails

    def fit(self, X, y):
        with file_of(self.log).open("a") as file:
            file.write("fit\n")
        if str(count(self.log)) == os.environ.get("STOPS_AT"):
            raise KeyboardInterrupt
        if self.fails and X[0, 0] == self.fails:
            raise RuntimeError("this fold is not liked")
        return super().fit(X, y)


class FirstClass(ClassifierMixin, BaseEstimator):
    """Predict the first class, without scores."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0], dtype=self.classes_.dtype)


def file_of(log):
    return log / "fits"


def count(log):
    file = file_of(log)
    return len(file.read_text().splitlines()) if file.exists() else 0


def draw(n=N, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return y[:, np.newaxis] + rng.normal(size=(n, 3)), y


def compare(models, folder, data=None, **options):
    X, y = draw() if data is None else data
    groups = options.pop("groups", np.arange(len(y)) // 2)
    return compare_models(
        models, X, y, groups=groups, cv=N_FOLDS, store=folder, **options
    )


def check_equal(one, other, *, times=True):
    dropped = [] if times else ["fit_time", "score_time"]
    for name in ("predictions", "summary", "training"):
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name), check_exact=True
        )
    pd.testing.assert_frame_equal(
        one.folds.drop(columns=dropped),
        other.folds.drop(columns=dropped),
        check_exact=True,
    )


@pytest.fixture
def log(tmp_path):
    (tmp_path / "log").mkdir()
    return tmp_path / "log"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "study"


def test_a_second_run_fits_nothing_and_has_the_same_tables(log, folder):
    models = [("counted", CountedNB(log)), ("linear", LogisticRegression())]
    plain = compare(models, None)
    first = compare(models, folder)
    n_fits = count(log)
    second = compare(models, str(folder))
    assert count(log) == n_fits == 2 * N_FOLDS
    check_equal(first, second)  # the stored times, too
    check_equal(first, plain, times=False)


LABELS = {
    "int": [0, 1],
    "int8": np.array([3, 7], np.int8),
    "bool": [False, True],
    "float": [0.0, 1.0],
    "float32": np.array([3, 7], np.float32),
    "text": ["benign", "malignant"],
    "objects": np.array(["benign", "malignant"], dtype=object),
    "three": ["a", "b", "c"],
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
def test_labels_of_every_kind_come_back_as_they_were(folder, labels):
    labels = np.asarray(labels)
    X, codes = draw()
    codes = (codes + np.arange(N) % 3) % len(labels)
    models = [("first", FirstClass()), ("linear", LogisticRegression())]
    options = {"groups": np.arange(N), "data": (X, labels[codes])}
    plain = compare(models, None, **options)
    compare(models, folder, **options)
    stored = compare(models, folder, **options)
    check_equal(plain, stored, times=False)
    assert stored.predictions["y_pred"].dtype == plain.predictions["y_pred"].dtype


def test_scores_and_histories_come_back_as_they_were(folder):
    images = np.random.default_rng(0).integers(0, 256, (24, 16, 16), dtype=np.uint8)
    model = CNN17Classifier(
        image_size=16, width=2, weights=None, max_epochs=2, random_state=0
    )
    data = images, np.arange(24) % 2
    options = {"data": data, "scoring": {"roc_auc", "f1", "recall"}}
    first = compare([("network", model)], folder, **options)
    assert len(first.training) == 2 * N_FOLDS
    check_equal(first, compare([("network", model)], folder, **options))


def test_a_new_model_and_another_order_fit_only_what_is_new(log, folder):
    compare([("a", CountedNB(log)), ("b", CountedNB(log, var_smoothing=1))], folder)
    more = [("c", CountedNB(log, var_smoothing=2)), ("b2", CountedNB(log))]
    comparison = compare(more, folder)
    assert count(log) == 3 * N_FOLDS
    assert comparison.folds["model"].unique().tolist() == ["c", "b2"]


def test_two_equal_models_that_are_random_have_results_of_their_own(folder):
    coin = DummyClassifier(strategy="uniform")
    table = compare([("a", coin), ("b", coin)], folder).predictions
    a, b = (part["y_pred"].to_numpy() for _, part in table.groupby("model"))
    assert not np.array_equal(a, b)
    again = compare([("a", coin), ("b", coin)], folder).predictions
    pd.testing.assert_frame_equal(table, again)


def test_ctrl_c_says_what_is_stored_and_the_next_call_resumes(
    log, folder, monkeypatch, capsys
):
    models = [("a", CountedNB(log)), ("b", CountedNB(log, var_smoothing=1))]
    expected = compare(models, None)
    file_of(log).unlink()
    monkeypatch.setenv("STOPS_AT", "5")
    with pytest.raises(KeyboardInterrupt) as raised:
        compare(models, folder)
    [note] = raised.value.__notes__
    assert "4 of 6 fits are stored in 'study.sqlite'" in note
    assert "same call resumes" in note
    monkeypatch.delenv("STOPS_AT")
    capsys.readouterr()
    resumed = compare(models, folder, verbose=1)
    assert count(log) == 5 + 2
    bar = capsys.readouterr().err
    assert re.search(r"4/6 \[.*<", bar)  # where it starts, with the time that is left
    check_equal(expected, resumed, times=False)


def test_ctrl_c_without_a_store_is_as_it_was(log, monkeypatch):
    monkeypatch.setenv("STOPS_AT", "1")
    with pytest.raises(KeyboardInterrupt) as raised:
        compare([("a", CountedNB(log))], None)
    assert not hasattr(raised.value, "__notes__")


def test_a_fit_that_fails_is_tried_again(log, folder):
    X, _ = draw()
    models = [("a", CountedNB(log, fails=X[0, 0])), ("b", DummyClassifier())]
    for n_fits in (3, 5):  # two of the three folds train on the first row
        with pytest.warns(FitFailedWarning, match="this fold is not liked"):
            compare(models, folder)
        assert count(log) == n_fits


def test_two_workers_share_a_store(log, folder):
    models = [("a", CountedNB(log)), ("b", CountedNB(log, var_smoothing=1))]
    with parallel_config("threading"):
        first = compare(models, folder, n_jobs=2)
        check_equal(first, compare(models, folder, n_jobs=2))
    assert count(log) == 2 * N_FOLDS


def test_a_fit_of_another_process_is_waited_for(log, folder):
    """As long as it takes: its lock ends with the process, and not by time."""
    models = [("a", CountedNB(log))]
    expected = compare(models, folder)
    other = folder.with_name("other")
    fits = _study_fits.StudyFits(
        models, expected._data, {"scorer": None, "error_score": np.nan}, other
    )
    key = fits._keys["a", 1]
    with ThreadPoolExecutor(1) as pool:
        # Another lock object, as that of another process.
        with fits.store.lock(key, wait=False):
            running = pool.submit(compare, models, other)
            wait_for(lambda: count(log) == 2 * N_FOLDS - 1)
            # The other folds are done; the one that is held is not computed.
            assert wait([running], timeout=0.5).not_done == {running}
            assert count(log) == 2 * N_FOLDS - 1
            record = StudyStore(folder).read([key])[key]
            fits.store.write([key], [record])
        found = running.result(timeout=60)
    check_equal(expected, found, times=False)
    assert found.folds.loc[1, "fit_time"] == expected.folds.loc[1, "fit_time"]
    assert count(log) == 2 * N_FOLDS - 1


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_the_store_is_its_owners_alone_and_holds_no_lock_afterwards(folder):
    compare([("a", DummyClassifier())], folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "study.sqlite").stat().st_mode) == 0o600
    assert list((folder / "running").iterdir()) == []


def test_no_path_and_no_patient_is_in_the_store(tmp_path, folder):
    images = [f"Doe_Jane/left_{row}.png" for row in range(N)]
    X = pd.DataFrame({"a": draw()[0][:, 0], "image": images})
    X["group"] = [f"Doe_Jane_{row // 2}" for row in range(N)]
    compare([("Smith", DummyClassifier())], folder, (X, draw()[1]), groups=None)
    content = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert b"y_pred" in content
    assert not any(word in content for word in (b"Doe", b"left", b"Smith", b"pickle"))


def change_rows(folder, change):
    """Change the JSON of every row, as one who knows its digest."""
    connection = sqlite3.connect(folder / "study.sqlite")
    with connection:
        for key, value in connection.execute("SELECT key, value FROM rows").fetchall():
            value = change(value)
            new = (value, _digest(key, value), key)
            connection.execute("UPDATE rows SET value=?, digest=? WHERE key=?", new)
    connection.close()


def put(**changes):
    return lambda value: json.dumps(json.loads(value) | changes).encode()


OTHER_FORMS = {
    "no JSON": lambda value: b"no JSON",
    "not UTF-8": lambda value: b"\xff\xfe\x00",
    "a list": lambda value: b"[]",
    "a number": lambda value: b"1",
    "deep": lambda value: b"[" * 100_000,
    "empty": lambda value: b"",
    "null": put(y_pred=None),
    "a key more": put(other=1),
    "an error": lambda value: b'{"error": "x"}',
    "too few": put(y_score=[0.5]),
    "too many": put(y_score=[0.5] * 30),
    "text": put(y_score=["0.5"] * 20),
    "not a list": put(y_score="x" * 20),
    "a kind of score that is a number": put(has_probabilities=1),
    "a time that is text": put(fit_time="1"),
    "a score that is text": put(scores={"f1": "1"}),
    "scores that are a list": put(scores=[]),
    "a history of numbers": put(history=[1]),
    "an epoch without a loss": put(history=[{"epoch": 1}]),
    "labels of another kind": put(y_pred={"dtype": "<i8", "values": ["a"] * 20}),
    "labels that overflow": put(y_pred={"dtype": "|i1", "values": [300] * 20}),
    "labels in two axes": put(y_pred={"dtype": "<i8", "values": [[1]] * 20}),
    "labels that are objects": put(y_pred={"dtype": "O", "values": [None] * 20}),
    "a dtype that is none": put(y_pred={"dtype": "patient", "values": [1] * 20}),
    "a dtype that is a number": put(y_pred={"dtype": 5, "values": [1] * 20}),
    "too few labels": put(y_pred={"dtype": "<i8", "values": [1] * 19}),
}


@pytest.mark.parametrize("change", OTHER_FORMS.values(), ids=OTHER_FORMS.keys())
def test_a_row_of_another_form_is_computed_again(log, folder, change):
    models = [("a", CountedNB(log))]
    expected = compare(models, folder)
    change_rows(folder, change)
    with pytest.warns(CacheWarning, match="another form"):
        check_equal(expected, compare(models, folder), times=False)
    assert count(log) == 2 * N_FOLDS
    compare(models, folder)
    assert count(log) == 2 * N_FOLDS


def test_a_store_of_another_version_is_set_aside(log, folder):
    models = [("a", CountedNB(log))]
    expected = compare(models, folder)
    connection = sqlite3.connect(folder / "study.sqlite")
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    before = (folder / "study.sqlite").read_bytes()
    with pytest.warns(CacheWarning, match="another version"):
        check_equal(expected, compare(models, folder), times=False)
    assert (folder / "study.sqlite").read_bytes() == before
    assert count(log) == 2 * N_FOLDS


def test_a_store_that_cannot_be_written_loses_nothing(log, tmp_path):
    (tmp_path / "Doe_Jane").write_text("a file, not a folder")
    models = [("a", CountedNB(log))]
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        comparison = compare(models, tmp_path / "Doe_Jane" / "study")
    [warning] = [each for each in shown if each.category is CacheWarning]
    assert "not stored" in str(warning.message)
    assert "Doe" not in str(warning.message)
    check_equal(comparison, compare(models, None), times=False)
    assert count(log) == 2 * N_FOLDS


def test_a_disk_that_is_full_loses_nothing(log, folder, monkeypatch):
    models = [("a", CountedNB(log))]
    compare([("b", DummyClassifier())], folder)

    def write(store, keys, rows):
        raise OSError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(StudyStore, "write", write)
        with pytest.warns(CacheWarning, match="kept in memory: .* disk is full"):
            comparison = compare(models, folder)
    check_equal(comparison, compare(models, folder), times=False)
    compare(models, folder)
    assert count(log) == 2 * N_FOLDS


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write")
def test_a_store_that_may_only_be_read_is_read(log, folder):
    models = [("a", CountedNB(log))]
    expected = compare(models, folder)
    (folder / "study.sqlite").chmod(0o400)
    folder.chmod(0o500)
    try:
        check_equal(expected, compare(models, folder))
    finally:
        folder.chmod(0o700)


def half(model, X, y):
    return np.array(0.5)


def test_a_score_that_json_does_not_hold_is_computed_each_time(log, folder):
    models = [("a", CountedNB(log))]
    for n_runs in (1, 2):
        with pytest.warns(CacheWarning, match="a score is ndarray, not a number"):
            table = compare(models, folder, scoring=half).folds
        assert table["test_score"].eq(0.5).all()
        assert count(log) == n_runs * N_FOLDS


def test_a_store_may_move(log, folder, tmp_path):
    models = [("a", CountedNB(log))]
    first = compare(models, folder)
    shutil.move(folder, tmp_path / "elsewhere")
    check_equal(first, compare(models, tmp_path / "elsewhere"))
    assert count(log) == N_FOLDS


def read_means(X):
    """Two numbers of each image."""
    images = ImageSource(X, image_size=8)[:]
    return np.stack([images.mean((1, 2, 3)), images.std((1, 2, 3))], axis=1)


def write_images(folder):
    return make_breast_images(
        N, image_size=16, prevalence=0.5, folder=folder, random_state=0
    )


def change_a_file(options):
    """Another content, of the same size and with the same times."""
    paths = map(Path, options["X"]["image"])
    other, *_, path = sorted(paths, key=lambda path: path.stat().st_size)
    status = path.stat()
    path.write_bytes(other.read_bytes().ljust(status.st_size, b"\0"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size


def change_a_label(options):
    first = int(np.flatnonzero(options["y"] != options["y"][0])[0])
    options["y"] = options["y"].copy()
    options["y"][[0, first]] = options["y"][[first, 0]]


def change_a_group(options):
    options["groups"] = np.where(options["groups"] == 3, 2, options["groups"])


CHANGES = {
    "nothing": (lambda options: None, 0),
    "file": (change_a_file, N_FOLDS),
    "label": (change_a_label, N_FOLDS),
    "group": (change_a_group, N_FOLDS),
    "folds": (lambda o: o.update(cv=StratifiedGroupKFold(N_FOLDS)), N_FOLDS),
    "labels": (lambda o: o.update(labels=[1, 0]), N_FOLDS),
    "scorer": (lambda o: o.update(scoring="f1"), N_FOLDS),
    "column": (lambda o: o.update(X=o["X"].assign(view="CC2")), N_FOLDS),
    "nested parameter": (
        lambda o: o["estimators"][0][1].set_params(countednb__var_smoothing=0.1),
        N_FOLDS,
    ),
    "threads of a fit": (lambda o: o.update(threads_per_fit=2), N_FOLDS),
    "n_jobs and verbose": (lambda o: o.update(n_jobs=1, verbose=1), 0),
}


@pytest.mark.parametrize(("change", "n_fits"), CHANGES.values(), ids=CHANGES.keys())
def test_what_is_changed_is_fitted_again(log, folder, tmp_path, change, n_fits):
    data = write_images(tmp_path / "images")
    model = make_pipeline(FunctionTransformer(read_means), CountedNB(log))
    options = {
        "estimators": [("a", model)],
        "X": data.data,
        "y": data.target,
        "groups": np.arange(N),
        "cv": N_FOLDS,
        "store": folder,
    }
    compare_models(**options)
    assert count(log) == N_FOLDS
    change(options)
    changed = compare_models(**options)
    assert count(log) == N_FOLDS + n_fits
    check_equal(changed, compare_models(**{**options, "store": None}), times=False)


def test_a_store_that_is_a_file_is_refused_before_the_first_fit(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text("mine")
    with pytest.raises(ValueError, match=r"store to be a folder. Got the file 'resul"):
        compare([("linear", LogisticRegression())], path)
    assert path.read_text() == "mine"
