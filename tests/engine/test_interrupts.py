"""Ctrl-C ends a fit, and a fit that does not end well leaves nothing behind."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import cloudpickle
import numpy as np
import pandas as pd
import psutil
import pytest
from joblib.externals.loky import get_reusable_executor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback, EarlyStopping

from skfusion.datasets import make_breast_images, make_breast_pairs
from skfusion.feature_extraction import CNNFeatureExtractor, FeatureCache
from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    ModalityFeatures,
    MultiBranchCNNClassifier,
    PerModalityClassifier,
)
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

COLUMNS = ["mammogram", "ultrasound"]


class Interrupt(Callback):
    """What Ctrl-C does in the second epoch."""

    ended = []

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise KeyboardInterrupt

    def on_train_end(self, net, **kwargs):
        Interrupt.ended.append(len(net.history))


@pytest.fixture(scope="module")
def images():
    return make_breast_images(24, image_size=16, random_state=0, return_X_y=True)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return make_breast_pairs(
        16,
        image_size=16,
        folder=tmp_path_factory.mktemp("pairs"),
        random_state=0,
    )


def cnn(**params):
    small = {"width": 4, "image_size": 16, "max_epochs": 3, "random_state": 0}
    return CNN17Classifier(**{"weights": None, **small, **params})


def branches(**params):
    small = {"width": 2, "image_size": 16, "max_epochs": 3, "random_state": 0}
    return MultiBranchCNNClassifier(COLUMNS, **{**small, **params})


def transfer(**params):
    return TransferCNNClassifier(
        "shufflenet_v2_x0_5", weights=None, image_size=32, max_epochs=3, **params
    )


@pytest.mark.parametrize("make", [cnn, transfer])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.filterwarnings("ignore:No groups were passed")
def test_an_interrupt_leaves_a_network_unfitted(images, make, early_stopping):
    model = make(callbacks=[Interrupt()], early_stopping=early_stopping)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*images)
    with pytest.raises(NotFittedError):
        model.predict(images[0])


def test_an_interrupted_refit_leaves_the_first_fit(images):
    X, y = images
    model = cnn(max_epochs=1).fit(X, y)
    expected, network = model.predict_proba(X), model.net_
    model.set_params(callbacks=[Interrupt()], max_epochs=3)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:, :8], np.array(["a", "b", "c"])[np.arange(24) % 3])
    assert model.classes_.tolist() == [0, 1]
    assert model.net_ is network
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_a_failed_refit_leaves_the_first_fit(images):
    X, _ = images
    features = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    expected = features.fit_transform(X)
    with pytest.raises(ValueError, match="'layer' parameter"):
        features.set_params(layer="nowhere").fit(X[:, :8])
    np.testing.assert_array_equal(features.transform(X), expected)


def test_callbacks_end_what_they_began(images, capsys):
    class Broken(Callback):
        def on_train_end(self, net, **kwargs):
            raise RuntimeError("this must not hide the interrupt")

    Interrupt.ended.clear()
    model = cnn(verbose=1, callbacks=[Broken(), Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        model.fit(*images)
    assert Interrupt.ended == [2]


@pytest.mark.parametrize("make", [branches, cnn])
def test_the_progress_bar_is_closed(images, pairs, make):
    bars = []

    class Fail(Callback):
        def on_epoch_end(self, net, **kwargs):
            bars.append(dict(net.callbacks_)["progress"])
            raise RuntimeError

    data = (pairs.data, pairs.target) if make is branches else images
    with pytest.raises(RuntimeError):
        make(verbose=1, callbacks=[Fail()]).fit(*data)
    assert not hasattr(bars[0], "bar_")


def test_early_stopping_of_a_users_own_still_stops(images):
    X, y = images
    stopping = EarlyStopping("train_loss", patience=1, threshold=1e9)
    model = cnn(max_epochs=9, callbacks=[stopping]).fit(X, y)
    assert model.n_iter_ == 2
    assert model.predict(X).shape == y.shape


def samples(pairs):
    return pairs.data.assign(group=np.arange(16)), pairs.target


def single_images(pairs):
    X = pd.DataFrame({"image": pairs.data[COLUMNS].to_numpy().ravel()})
    X = X.assign(modality=np.tile(COLUMNS, 16), group=np.repeat(np.arange(16), 2))
    return X, np.repeat(pairs.target, 2)


STOPPED = cnn(callbacks=[Interrupt()])
COMPOSITES = {
    "decisions": (
        DecisionFusionClassifier([(c, STOPPED) for c in COLUMNS], cv=2),
        samples,
    ),
    "image level": (ImageLevelClassifier(STOPPED, COLUMNS), samples),
    "branches": (branches(callbacks=[Interrupt()]), samples),
    "levels": (LevelAggregator(STOPPED, by="group"), single_images),
    "modalities": (
        PerModalityClassifier([(c, STOPPED) for c in COLUMNS]),
        single_images,
    ),
}


@pytest.mark.parametrize(("model", "form"), COMPOSITES.values(), ids=COMPOSITES)
def test_an_interrupt_goes_through_every_fusion(pairs, model, form):
    X, y = form(pairs)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_an_interrupt_in_the_network_leaves_features_unfitted(pairs, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    features = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    both = ModalityFeatures([(column, features) for column in COLUMNS])
    monkeypatch.setattr("skfusion.feature_extraction._cnn.run_network", interrupted)
    with pytest.raises(KeyboardInterrupt):
        both.fit(pairs.data)
    with pytest.raises(NotFittedError):
        both.transform(pairs.data)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_an_interrupt_ends_a_comparison(images, n_jobs):
    # Workers of earlier tests wait for more work, and are not those of this one.
    get_reusable_executor().shutdown(wait=True)
    # Other processes cannot import this file.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    X, y = images
    before = workers()  # of tests that read images: they wait for more files
    with pytest.raises(KeyboardInterrupt):
        compare_models(
            [("stopped", STOPPED)], X, y, groups=np.arange(24), cv=2, n_jobs=n_jobs
        )
    _, running = psutil.wait_procs(workers() - before, timeout=10)
    assert not running


def workers():
    """Return the children, but those that clean up behind joblib."""
    children = psutil.Process().children(recursive=True)
    return {child for child in children if not is_tracker(child)}


def is_tracker(process):
    try:
        return "resource_tracker" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return True


def test_an_interrupt_ends_a_cross_validation(images):
    model = make_pipeline(STOPPED)
    with pytest.raises(KeyboardInterrupt):
        cross_val_score(model, *images, cv=2)


STUDY = """
import os, signal, sys, time
from pathlib import Path
import numpy as np
import psutil
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from skorch.callbacks import Callback
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier

signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may ignore it
folder, kind, n_jobs = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def tell():
    (folder / f"started-{os.getpid()}").touch()

class Tell(Callback):
    def on_epoch_end(self, net, **kwargs):
        tell()

class SlowExtractor(CNNFeatureExtractor):
    def _compute(self, network, *arguments):
        def slow_network(batch):
            tell()
            time.sleep(0.05)
            return network(batch)

        return super()._compute(slow_network, *arguments)

small = {"image_size": 32, "random_state": 0}
extractor = SlowExtractor(
    "squeezenet1_1", weights=None, batch_size=2, cache=folder / "cache", **small
)
models = {
    "network": CNN17Classifier(max_epochs=10**6, callbacks=[Tell()], **small),
    "features": make_pipeline(extractor, SVC()),
}
X, y = make_breast_images(400, image_size=64, random_state=0, return_X_y=True)
model = [(kind, models[kind])]  # X is large enough for joblib to put it into a file
try:
    compare_models(model, X, y, groups=np.arange(400), cv=4, n_jobs=n_jobs)
except KeyboardInterrupt:
    left = [" ".join(p.cmdline()) for p in psutil.Process().children(recursive=True)]
    print([command for command in left if "resource_tracker" not in command])
    print([name for name in os.listdir(os.environ["JOBLIB_TEMP_FOLDER"])])
    raise
"""


def interrupt(folder, kind, n_jobs, send):
    """Run a study, interrupt it when all its processes are at work."""
    (folder / "temporary").mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "JOBLIB_TEMP_FOLDER": str(folder / "temporary"),
        "OMP_NUM_THREADS": "1",
    }
    study = subprocess.Popen(
        [sys.executable, "-c", STUDY, str(folder), kind, str(n_jobs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        while len(list(folder.glob("started-*"))) < n_jobs and study.poll() is None:
            time.sleep(0.05)
        send(study.pid, signal.SIGINT)
        return study, *study.communicate(timeout=60)
    finally:  # whatever is left, where the test fails
        study.kill()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT")
def test_ctrl_c_ends_a_process_in_fit(tmp_path):
    study, _, errors = interrupt(tmp_path, "network", 1, os.kill)
    assert study.returncode == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT")
@pytest.mark.parametrize("send", [os.kill, os.killpg])  # a terminal: to the group
@pytest.mark.parametrize("kind", ["network", "features"])
def test_ctrl_c_leaves_no_worker_claim_or_file(tmp_path, kind, send):
    study, output, _ = interrupt(tmp_path, kind, 2, send)
    assert study.returncode == -signal.SIGINT
    assert output.splitlines() == ["[]", "[]"]
    if kind == "features":
        cache = FeatureCache(tmp_path / "cache")
        with sqlite3.connect(cache.path) as connection:
            keys = [key for (key,) in connection.execute("SELECT key FROM claims")]
        assert cache.claim(keys, len(keys)) == keys  # those of the dead do not count
