"""
Compare models on a cluster
===========================

skfusion sends only small objects to other processes: paths instead of pixels, and the
path of the weights instead of the weights. Therefore scikit-learn's searches and
:func:`~skfusion.model_selection.compare_models` run on a Dask cluster when joblib's
backend is switched, here on two local workers. On a real cluster, pass the address of
its scheduler to ``Client``, and keep images and weights at the same path on every
worker.

The example requires ``pip install "skfusion[distributed]"``. Run it as a script::

    python examples/compare_on_cluster.py
"""

import tempfile

from joblib import parallel_config

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import make_feature_classifier
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier


def make_models():
    """Make two small models that run within a minute."""
    small = {"image_size": 48, "random_state": 0}
    frozen = make_feature_classifier(
        "svm", backbone="squeezenet1_1", weights=None, **small
    )
    network = CNN17Classifier(width=8, weights=None, max_epochs=20, **small)
    return [("frozen features + SVM", frozen), ("17-layer CNN", network)]


def compare(data):
    """Compare the models on identical folds; joblib chooses the workers."""
    return compare_models(make_models(), data.data, data.target, cv=4)


def main():
    # Imported here, because the workers do not need it.
    from distributed import Client, LocalCluster

    with tempfile.TemporaryDirectory() as folder:
        data = make_breast_images(
            160, image_size=48, class_sep=3, folder=folder, random_state=0
        )
        cluster = LocalCluster(n_workers=2, threads_per_worker=1)
        with cluster, Client(cluster), parallel_config("dask"):
            comparison = compare(data)
    print(comparison)


if __name__ == "__main__":
    main()
