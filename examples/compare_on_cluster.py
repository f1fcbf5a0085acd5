"""
Compare models on a cluster
===========================

Everything that skfusion sends to another process is small: paths in place of pixels,
and the place of the weights in place of the weights. So scikit-learn's searches and
:func:`~skfusion.model_selection.compare_models` run on a Dask cluster by joblib's own
switch, here on two local workers. On a real cluster, give ``Client`` the address of its
scheduler, and keep images and weights where every worker finds them by the same path.

It needs ``pip install "skfusion[distributed]"``. Run it as a script::

    python examples/compare_on_cluster.py
"""

import tempfile

from joblib import parallel_config

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import make_feature_classifier
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier


def make_models():
    """Two models, small enough for a minute."""
    small = {"image_size": 32, "random_state": 0}
    frozen = make_feature_classifier(
        "svm", backbone="squeezenet1_1", weights=None, **small
    )
    network = CNN17Classifier(width=4, max_epochs=3, early_stopping=True, **small)
    return [("frozen features + SVM", frozen), ("17-layer CNN", network)]


def compare(data):
    """Compare the models on identical folds; who works is joblib's business."""
    return compare_models(make_models(), data.data, data.target, cv=4)


def main():
    # Only here: processes that only compute need not have it.
    from distributed import Client, LocalCluster

    with tempfile.TemporaryDirectory() as folder:
        data = make_breast_images(80, image_size=32, folder=folder, random_state=0)
        cluster = LocalCluster(n_workers=2, threads_per_worker=1)
        with cluster, Client(cluster), parallel_config("dask"):
            comparison = compare(data)
    print(comparison.summary.query("measure == 'kappa'").to_string())


if __name__ == "__main__":
    main()
