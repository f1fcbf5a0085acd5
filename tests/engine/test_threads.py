"""What threads of one process compute is what one of them computes alone."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from skfusion._engine import run_network, running, seeded, while_none_runs
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.images import ImageSource
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

SEEDS = range(4)


@pytest.fixture(scope="module")
def images():
    return make_breast_images(24, image_size=32, random_state=0, return_X_y=True)


@pytest.fixture(autouse=True)
def one_core_each():
    """Sums over more of them round otherwise."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def cnn(seed):
    return CNN17Classifier(
        width=4, weights=None, image_size=16, max_epochs=3, random_state=seed
    )


def transfer(seed):
    return TransferCNNClassifier(
        "shufflenet_v2_x0_5",
        weights=None,
        image_size=32,
        max_epochs=2,
        random_state=seed,
    )


def extractor(seed, backbone="mobilenet_v2", **params):
    small = {"weights": None, "image_size": 32, "batch_size": 4, "random_state": seed}
    return CNNFeatureExtractor(backbone, **{**small, **params})


def in_threads(function, items):
    """Call a function of each item, in threads that begin together."""
    items = list(items)
    start = threading.Barrier(len(items))

    def begin(item):
        start.wait()
        return function(item)

    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(begin, items))


@pytest.mark.parametrize("make", [cnn, transfer])
def test_four_threads_fit_and_predict_as_one_does(images, make):
    X, y = images

    def fit(seed):
        return make(seed).fit(X, y).predict_proba(X)

    np.testing.assert_array_equal(in_threads(fit, SEEDS), [fit(s) for s in SEEDS])


@pytest.mark.parametrize("layer", [None, "features.3"])
def test_four_threads_extract_as_one_does(images, layer):
    def extract(seed):
        return extractor(seed, layer=layer).fit_transform(images[0])

    np.testing.assert_array_equal(
        in_threads(extract, SEEDS), [extract(seed) for seed in SEEDS]
    )


def test_a_cache_filled_by_four_threads_is_that_of_one(images, tmp_path):
    def extract(seed):
        return extractor(seed % 2, cache=tmp_path).fit_transform(images[0])

    in_threads(extract, SEEDS)
    kept = [extract(seed) for seed in SEEDS]
    expected = [extractor(seed % 2).fit_transform(images[0]) for seed in SEEDS]
    np.testing.assert_array_equal(kept, expected)


def test_a_network_is_traced_while_others_predict(images):
    X, y = images
    model = cnn(0).fit(X, y)
    expected, done = model.predict_proba(X), threading.Event()

    def predict():
        answers = []
        while not done.is_set():
            answers.append(model.predict_proba(X))
        return answers

    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(predict)
        for layer in (None, "features.3"):
            extractor(0, layer=layer).fit(X)
        done.set()
        for answer in answers.result():
            np.testing.assert_array_equal(answer, expected)


def test_threads_share_an_estimator_that_is_loaded_lazily(images):
    fitted = extractor(0).fit(images[0])
    expected = fitted.transform(images[0])
    fitted._network._module = None  # as in a pickle
    for answer in in_threads(lambda _: fitted.transform(images[0]), SEEDS):
        np.testing.assert_array_equal(answer, expected)


def test_prediction_does_not_wait_for_a_fit(images):
    X, y = images
    model = cnn(0).fit(X, y)
    with seeded(0), ThreadPoolExecutor(1) as pool:
        assert pool.submit(model.predict, X).result(timeout=60).shape == y.shape


def test_networks_run_side_by_side_but_not_beside_a_tracing():
    side_by_side = threading.Barrier(2, timeout=60)

    def network(batch):
        side_by_side.wait()
        return batch.mean((1, 2, 3))[:, None]

    def run(_=None):
        source = ImageSource(np.zeros((1, 4, 4), np.float32))
        return run_network(network, source, batch_size=1, device=torch.device("cpu"))

    in_threads(run, range(2))
    side_by_side = threading.Barrier(1)
    with ThreadPoolExecutor(1) as pool:
        with while_none_runs():
            waiting = pool.submit(run)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.2)
        assert waiting.result(timeout=60).shape == (1, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_does_not_wait_for_threads_that_it_lacks():
    seeds, may_end = threading.Event(), threading.Event()

    def hold():
        with seeded(0), running():
            seeds.set()
            may_end.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    seeds.wait()
    child = os.fork()
    if child == 0:
        with seeded(0), while_none_runs():
            os._exit(7)
    may_end.set()
    holder.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
