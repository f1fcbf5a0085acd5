"""A fit has the threads of its study, wherever it runs, and no other has them."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import cloudpickle
import numpy as np
import pytest
import torch
from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info

from skfusion.model_selection import compare_models
from skfusion.model_selection._cores import count_jobs
from skfusion.model_selection._thread_limit import limited_threads

# Other processes cannot import this file.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

X, Y = np.arange(24.0).reshape(12, 2), np.tile([0, 1], 6)
GROUPS = np.arange(12)


def numbers():
    """The numbers of threads that this thread and a new one compute with."""
    with ThreadPoolExecutor(1) as pool:
        of_a_new_thread = pool.submit(torch.get_num_threads).result()
    here = {(each["filepath"], each["num_threads"]) for each in threadpool_info()}
    return here, torch.get_num_threads(), of_a_new_thread


def of_libraries():
    return {each["num_threads"] for each in threadpool_info()}


@pytest.fixture(autouse=True)
def before():
    """Three threads of torch, so that a limit of one or two changes them."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(3)
    before = numbers()
    yield before
    assert numbers() == before
    torch.set_num_threads(n_threads)


def most_threads(model, X, y):
    return max(torch.get_num_threads(), *of_libraries())


class Probe(ClassifierMixin, BaseEstimator):
    """Its score is the number of threads that compute its fit."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.n_threads_ = most_threads(self, X, y)
        self.idents_ = set(
            Parallel(n_jobs=4, prefer="threads")(
                delayed(threading.get_ident)() for _ in range(40)
            )
        )
        return self

    def predict(self, X):
        return np.repeat(self.classes_[0], len(X))

    def decision_function(self, X):
        return np.repeat(float(self.n_threads_), len(X))


def n_idents(model, X, y):
    return len(model.idents_)


SCORING = {"in_predict": most_threads, "idents": n_idents}


def compare(model, **options):
    options = {"groups": GROUPS, "cv": 3, **options}
    return compare_models([("model", model)], X, Y, **options)


def check_probe(study, n_threads):
    assert set(study.predictions["y_score"]) == {n_threads}
    assert set(study.folds["test_in_predict"]) == {n_threads}
    assert set(study.folds["test_idents"]) == {1}
    assert set(study.folds["threads"]) == {n_threads}


@pytest.mark.parametrize("n_threads", [1, 2])
def test_libraries_have_as_many_threads_inside_and_the_old_ones_after(n_threads):
    with limited_threads(n_threads):
        assert of_libraries() == {n_threads}
        assert numbers()[1:] == (n_threads, n_threads)


def test_an_error_restores_the_numbers(before):
    with pytest.raises(ZeroDivisionError), limited_threads(1):
        raise ZeroDivisionError
    assert numbers() == before


def test_a_limit_that_cannot_be_set_leaves_nothing_behind(before):
    with pytest.raises(Exception, match="str"), limited_threads("two"):
        pass
    with limited_threads(1):
        assert of_libraries() == {1}
    assert numbers() == before


def test_an_inner_limit_ends_at_the_outer_one():
    with limited_threads(1):
        with limited_threads(2):
            assert numbers()[1:] == (2, 2)
        assert of_libraries() == {1}
        assert numbers()[1:] == (1, 1)


def test_a_thread_that_leaves_changes_nothing_for_those_inside(before):
    both_inside, left = threading.Barrier(2, timeout=60), threading.Event()

    def leave_first():
        with limited_threads(1):
            both_inside.wait()
        left.set()
        return torch.get_num_threads()

    def leave_last():
        with limited_threads(1):
            both_inside.wait()
            left.wait(timeout=60)
            inside = of_libraries(), *numbers()[1:]
        return inside, torch.get_num_threads()

    with ThreadPoolExecutor(2) as pool:
        first, last = pool.submit(leave_first), pool.submit(leave_last)
        assert last.result() == (({1}, 1, 1), 3)
        assert first.result() == 3
    assert numbers() == before


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
@pytest.mark.filterwarnings("ignore:.*fits at once:RuntimeWarning")
def test_each_fit_and_prediction_has_the_threads_of_the_study(backend, n_threads):
    with parallel_config(backend, n_jobs=2):
        study = compare(Probe(), threads_per_fit=n_threads, scoring=SCORING)
    check_probe(study, n_threads)


def test_a_failing_fit_leaves_no_limit_behind():
    class Fails(DummyClassifier):
        def fit(self, X, y):
            raise ValueError("no")

    with pytest.raises(ValueError, match="All 3 fits failed"):
        compare(Fails())


def test_a_search_in_a_fit_starts_no_workers(monkeypatch):
    started = []
    monkeypatch.setattr(
        "joblib._parallel_backends.get_memmapping_executor",
        lambda *args, **kwargs: started.append(1),
    )
    search = GridSearchCV(DummyClassifier(), {"constant": [0, 1]}, cv=2, n_jobs=2)
    compare(search)
    assert not started


def test_a_refitted_model_has_the_threads_of_the_study():
    study = compare(Probe(), threads_per_fit=2)
    assert study.refit("model").n_threads_ == 2
    study.external("other", X + 100, Y, groups=GROUPS + 100)
    assert set(study.externals["other"]["y_score"]) == {2}


def test_the_number_is_shown():
    one, two = compare(DummyClassifier()), compare(DummyClassifier(), threads_per_fit=2)
    assert "with 1 thread." in " ".join(str(one).split())
    assert "with 2 threads." in " ".join(str(two).split())
    assert "with 2 threads." in two._repr_html_()


@pytest.mark.parametrize("n_threads", [np.int64(1), True])
def test_integers_of_all_kinds_are_one_number(n_threads):
    study = compare(DummyClassifier(), threads_per_fit=n_threads)
    assert {type(n) for n in study.folds["threads"].tolist()} == {int}
    assert "with 1 thread." in " ".join(str(study).split())


@pytest.mark.parametrize("n_threads", [0, -1, 1.5, None])
def test_the_number_is_a_positive_integer(n_threads):
    with pytest.raises(ValueError, match="'threads_per_fit' parameter"):
        compare(DummyClassifier(), threads_per_fit=n_threads)


def test_an_unknown_option_is_an_error():
    with pytest.raises(TypeError, match="unexpected keyword argument 'threads'"):
        compare(DummyClassifier(), threads=2)


@pytest.fixture
def eight_cores(monkeypatch):
    monkeypatch.setattr("skfusion.model_selection._cores.cpu_count", lambda: 8)
    monkeypatch.setattr("joblib._parallel_backends.cpu_count", lambda: 8)


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("n_jobs", "threads", "expected"),
    [(-1, 1, 8), (-1, 3, 2), (-2, 2, 3), (-1, 8, 1), (4, 2, 4), (None, 8, None)],
)
def test_the_fits_at_once_have_a_core_for_each_thread(
    n_jobs, threads, expected, recwarn
):
    assert count_jobs(n_jobs, threads) == expected
    assert not recwarn.list


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("n_jobs", "threads", "need", "advice"),
    [
        (5, 2, "5 fits at once need 10", "Set n_jobs=-1 for"),
        (9, 1, "9 fits at once need 9", "Set n_jobs=-1 for"),
        (-1, 9, "1 fit needs 9", "Set threads_per_fit to 8 or less"),
        (None, 9, "1 fit needs 9", "Set threads_per_fit to 8 or less"),
        (2, 9, "2 fits at once need 18", "Set threads_per_fit to 8 or less"),
    ],
)
def test_more_threads_than_cores_are_warned_of(n_jobs, threads, need, advice):
    with pytest.warns(RuntimeWarning, match=f"{need} cores. Got 8, .*{advice}"):
        n_fits = effective_n_jobs(count_jobs(n_jobs, threads))
    assert n_fits == (n_jobs if n_jobs is not None and n_jobs > 0 else 1)


def test_the_warning_is_given_once(recwarn):
    compare(DummyClassifier(), n_jobs=1, threads_per_fit=512)
    warned = [each for each in recwarn if each.category is RuntimeWarning]
    assert len(warned) == 1
    assert warned[0].filename == __file__
