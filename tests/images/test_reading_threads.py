"""In a worker process, images are read with its part of the cores."""

import joblib
import pytest
from joblib import Parallel, delayed

from skfusion.images._reading_threads import n_reading_threads


def test_a_worker_reads_with_its_part_of_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    n_workers = max(2, joblib.cpu_count())
    found = Parallel(n_jobs=n_workers)(delayed(n_reading_threads)() for _ in range(2))
    assert found == [1, 1]


@pytest.mark.parametrize(
    ("part", "expected"), [("2", 2), ("9", 4), ("0", 1), ("", 1), ("2,1", 1)]
)
def test_the_part_of_a_worker_is_a_number_of_its_environment(
    monkeypatch, part, expected
):
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    monkeypatch.setenv("OMP_NUM_THREADS", part)
    assert n_reading_threads() == 4  # this is no worker
    monkeypatch.setattr("multiprocessing.parent_process", object)
    assert n_reading_threads() == expected
