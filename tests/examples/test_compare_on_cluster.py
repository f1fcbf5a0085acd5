"""A comparison on a real Dask cluster gives the numbers of one process."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor

distributed = pytest.importorskip("distributed")
EXAMPLE = Path(__file__).parents[2] / "examples" / "compare_on_cluster.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("compare_on_cluster", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(40, image_size=32, folder=folder, random_state=0)


@pytest.fixture(scope="module")
def cluster():
    local = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    )
    with local, distributed.Client(local):
        yield local


@pytest.fixture
def one_thread():
    """As many threads as a worker has: sums over more of them round otherwise."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.mark.usefixtures("one_thread")
def test_a_comparison_gives_the_numbers_of_one_process(example, data, cluster):
    alone = example.compare(data)
    with parallel_config("dask"):
        together = example.compare(data)
    np.testing.assert_allclose(
        together.predictions["y_score"], alone.predictions["y_score"], atol=1e-5
    )


def test_a_search_gives_the_numbers_of_one_process(data, cluster, tmp_path):
    features = CNNFeatureExtractor(
        "squeezenet1_1", weights=None, image_size=32, random_state=0, cache=tmp_path
    )
    pipeline = make_pipeline(features, LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.01, 1]}, cv=2)
    alone = search.fit(data.data, data.target).cv_results_["mean_test_score"]
    with parallel_config("dask"):
        together = search.fit(data.data, data.target).cv_results_["mean_test_score"]
    np.testing.assert_allclose(together, alone)


def test_what_is_sent_is_small(example, data):
    for _, model in example.make_models():
        assert len(pickle.dumps((model, data.data))) < 20_000
