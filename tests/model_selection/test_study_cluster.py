"""Studies on a Dask cluster whose workers are lost, join late, or all die."""

import importlib
import os
import signal
import threading
import time

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.exceptions import FitFailedWarning

from skfusion.model_selection import _cluster, compare_models

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.timeout(900)
WAIT = 300  # seconds for workers to start, on a machine that does other things, too
N, N_FOLDS, N_MODELS = 60, 4, 3
N_FITS = N_FOLDS * N_MODELS

MODULE = '''
import os
import signal
import time
from pathlib import Path

from sklearn.naive_bayes import GaussianNB


class MortalNB(GaussianNB):
    """Write each start to a file, and kill the worker `n_kills` times."""

    def __init__(self, log, n_kills=0, fatal="", n_workers=1, var_smoothing=1e-9):
        super().__init__(var_smoothing=var_smoothing)
        self.log = log
        self.n_kills = n_kills
        self.fatal = fatal
        self.n_workers = n_workers

    def fit(self, X, y):
        X = _numbers(X)
        fit = f"{self.var_smoothing} {X.sum()!r}"
        self.note("starts", f"{os.getpid()} {fit}")
        while len({line.split()[0] for line in self.lines("starts")}) < self.n_workers:
            time.sleep(0.02)
        if self.fatal in fit and len(self.lines("kills")) < self.n_kills:
            self.note("kills", os.getpid())
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)

    def predict(self, X):
        return super().predict(_numbers(X))

    def predict_proba(self, X):
        return super().predict_proba(_numbers(X))

    def lines(self, name):
        file = Path(self.log) / name
        return file.read_text().splitlines() if file.exists() else []

    def note(self, name, text):
        with (Path(self.log) / name).open("a") as file:
            file.write(f"{text}\\n")


class PrivateError(MortalNB):
    def fit(self, X, y):
        raise TimeoutError("no fit")


def _numbers(X):
    return X[["a", "b", "c"]].to_numpy()
'''


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """A module that the workers can import."""
    folder = tmp_path_factory.mktemp("module")
    (folder / "mortal.py").write_text(MODULE)
    os.utime(folder / "mortal.py", (0, 0))  # older than this process
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield importlib.import_module("mortal")


@pytest.fixture(scope="module")
def local(module):
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as local:
        yield local


@pytest.fixture(scope="module")
def client(local):
    with distributed.Client(local) as client:
        yield client


@pytest.fixture
def cluster(local, client, monkeypatch):
    """Two workers, whatever an earlier test did to them."""
    monkeypatch.setattr(_cluster, "_LEAST_WAIT", WAIT)
    local.scale(2)
    client.wait_for_workers(2, timeout=WAIT)
    with parallel_config("dask"):
        yield local


@pytest.fixture
def log(tmp_path):
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "study"


def make_data(n=N):
    y = np.arange(n) % 2
    X = y[:, np.newaxis] + np.random.default_rng(0).normal(size=(n, 3))
    table = pd.DataFrame(X, columns=list("abc"))
    return table.assign(note=[f"/secret/patient {row:040d}" for row in range(n)]), y


def compare(models, data=None, **options):
    X, y = data or make_data()
    return compare_models(models, X, y, groups=np.arange(len(y)), cv=N_FOLDS, **options)


@pytest.fixture
def make_models(module, log):
    def make_models(n_models=N_MODELS, **params):
        return [
            (f"m{n}", module.MortalNB(str(log), var_smoothing=10.0**-n, **params))
            for n in range(n_models)
        ]

    return make_models


@pytest.fixture(scope="module")
def alone(module, tmp_path_factory):
    log = str(tmp_path_factory.mktemp("alone"))
    return compare(
        [(f"m{n}", module.MortalNB(log, var_smoothing=10.0**-n)) for n in range(3)]
    )


def starts(log):
    """Each fit that was started, without its worker."""
    lines = (log / "starts").read_text().splitlines() if any(log.iterdir()) else []
    return [line.partition(" ")[2] for line in lines]


def workers(log):
    return {line.split()[0] for line in (log / "starts").read_text().splitlines()}


def check_equal(one, other):
    for name in ("predictions", "summary"):
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name), check_exact=True
        )
    times = ["fit_time", "score_time"]
    pd.testing.assert_frame_equal(
        one.folds.drop(columns=times), other.folds.drop(columns=times), check_exact=True
    )


@pytest.mark.parametrize("has_store", [True, False], ids=["store", "no store"])
@pytest.mark.usefixtures("cluster")
def test_a_worker_that_is_killed_costs_only_its_fit(
    make_models, log, folder, alone, has_store
):
    options = {"store": folder} if has_store else {}
    found = compare(make_models(n_kills=1), **options)
    check_equal(found, alone)
    if has_store:
        assert len(set(starts(log))) == N_FITS
        assert len(starts(log)) == N_FITS + 1


@pytest.mark.usefixtures("cluster")
def test_what_a_dead_worker_has_computed_is_in_the_store(
    client, make_models, log, folder, alone
):
    compare(make_models()[:1], store=folder)
    for process in client.run(os.getpid).values():
        os.kill(process, signal.SIGKILL)
    check_equal(compare(make_models(), store=folder), alone)
    assert len(starts(log)) == len(set(starts(log))) == N_FITS


def test_a_worker_that_joins_late_takes_part(cluster, make_models, log, alone):
    cluster.scale(1)
    while len(cluster.scheduler.workers) > 1:
        time.sleep(0.02)
    # The first fit waits until the second worker has started one.
    models = make_models(n_workers=2)
    late = threading.Thread(target=scale_when_started, args=(cluster, log, 2))
    late.start()
    check_equal(compare(models), alone)
    late.join()
    assert len(workers(log)) == 2


def scale_when_started(cluster, log, n_workers):
    while not starts(log):
        time.sleep(0.02)
    cluster.scale(n_workers)


def test_the_same_call_resumes_when_all_workers_have_died(
    cluster, client, make_models, log, folder, alone, monkeypatch
):
    monkeypatch.setattr(_cluster, "_LEAST_WAIT", 0.5)
    compare(make_models()[:2], store=folder)
    cluster.scale(0)
    while cluster.scheduler.workers:
        time.sleep(0.02)
    with (
        parallel_config("dask", wait_for_workers_timeout=0.5),
        pytest.raises(TimeoutError, match=r"Got none for .* while 4 fits were missing"),
    ):
        compare(make_models(), store=folder)
    cluster.scale(2)
    client.wait_for_workers(2, timeout=WAIT)
    check_equal(compare(make_models(), store=folder), alone)
    assert len(starts(log)) == len(set(starts(log))) == N_FITS


@pytest.fixture
def fatal(cluster, monkeypatch, alone):
    """One fit that kills its worker, each time, on a cluster that repeats no fit."""
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    train, _ = alone._data.splits[1]
    total = alone._data.X[["a", "b", "c"]].iloc[train].to_numpy().sum()
    return {"fatal": f"1.0 {total!r}", "n_kills": 99}


def test_a_fit_that_kills_each_worker_is_the_only_one_that_fails(
    make_models, alone, fatal
):
    with pytest.warns(FitFailedWarning, match="'m0' failed on fold 1 (.|\n)* memory"):
        found = compare(make_models(**fatal))
    columns = ["model", "fold", "kappa", "accuracy"]
    expected = alone.folds[columns].copy()
    expected.loc[1, ["kappa", "accuracy"]] = np.nan
    pd.testing.assert_frame_equal(found.folds[columns], expected)


def test_a_fit_whose_worker_died_twice_by_chance_is_complete(make_models, alone, fatal):
    check_equal(compare(make_models(**fatal | {"n_kills": 2})), alone)


def test_a_killed_worker_is_an_error_if_errors_are_raised(make_models, fatal):
    with pytest.raises(distributed.KilledWorker):
        compare(make_models(n_models=1, **fatal), error_score="raise")


def test_errors_are_raised_and_workers_log_no_data(cluster, module, log):
    with pytest.raises(TimeoutError, match="no fit") as caught:
        compare([("a", module.PrivateError(str(log)))], error_score="raise")
    assert "In a worker of the cluster" in caught.value.__notes__[0]
    assert "secret" not in str(cluster.get_logs())


@pytest.fixture
def sent(monkeypatch):
    """Bytes that the client and the scheduler sent to each other and to workers."""
    counts = []
    write = distributed.comm.tcp.TCP.write

    async def counted(self, *arguments, **options):
        counts.append(await write(self, *arguments, **options))
        return counts[-1]

    monkeypatch.setattr(distributed.comm.tcp.TCP, "write", counted)
    return counts


@pytest.mark.usefixtures("cluster")
def test_the_data_are_sent_once_and_a_fit_is_small(make_models, sent):
    data = make_data(2000)
    n_data = len(cloudpickle.dumps(data))
    compare(make_models(1), data)
    of_one = sum(sent)
    sent.clear()
    compare(make_models(6), data)
    of_six = sum(sent)
    # From the client to the scheduler, and from it to the workers.
    assert n_data < of_one < 4 * n_data
    assert (of_six - of_one) / (5 * N_FOLDS) < 25_000  # with the results


@pytest.mark.usefixtures("cluster")
def test_large_data_are_sent_without_a_warning_of_dask(client, recwarn):
    assert len(_cluster._send(client, bytes(20_000_000)).result()) == 20_000_000
    assert not [each for each in recwarn if "large graph" in str(each.message)]
