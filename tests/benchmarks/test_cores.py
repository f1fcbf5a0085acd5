"""What fits at once gain, as ratios of two studies or searches timed in one run."""

import os

import pytest
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from skfusion.datasets import make_breast_images
from skfusion.model_selection import compare_models
from skfusion.model_selection._thread_limit import limited_threads
from skfusion.neural_network import CNN17Classifier

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(1800),
    pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is one core"),
]


@pytest.fixture
def study(tmp_path):
    """A study of the 17-layer CNN at 64 px, on workers that have started before."""
    data = make_breast_images(160, image_size=64, folder=tmp_path, random_state=0)
    network = CNN17Classifier(image_size=64, max_epochs=4, random_state=0, device="cpu")
    cv = StratifiedGroupKFold(4)

    def run(**options):
        compare_models(
            [("network", network)],
            data.data,
            data.target,
            groups=data.groups,
            cv=cv,
            **options,
        )

    return run


def test_two_fits_at_once_are_faster_than_one(study, compare):
    """compare_models of the 17-layer CNN: n_jobs=1 / n_jobs=2, one thread a fit."""
    compare(lambda: study(n_jobs=1), lambda: study(n_jobs=2), at_least=1.6)


def test_two_fits_of_one_thread_are_faster_than_one_of_two(study, compare):
    """compare_models of the 17-layer CNN: one fit of two threads / two of one."""
    compare(
        lambda: study(n_jobs=1, threads_per_fit=2),
        lambda: study(n_jobs=2, threads_per_fit=1),
        at_least=1.0,
    )


def test_two_fits_of_a_search_are_faster_than_one_of_two_threads(tmp_path, compare):
    """GridSearchCV of the 17-layer CNN: one fit of two threads / two of one."""
    data = make_breast_images(160, image_size=64, folder=tmp_path, random_state=0)
    network = CNN17Classifier(image_size=64, max_epochs=4, random_state=0, device="cpu")
    rates = {"learning_rate": [0.001, 0.003]}
    search = GridSearchCV(network, rates, cv=StratifiedGroupKFold(2), refit=False)

    def run():
        search.fit(data.data, data.target, groups=data.groups)

    def one_of_two_threads():
        with limited_threads(2):
            run()

    def two_of_one_thread():
        with parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
            run()

    compare(one_of_two_threads, two_of_one_thread, at_least=1.0)
