"""Count how often X comes back to a package that it has left, on its way through fit.

Run in a clone of the repository::

    python docs/studies/way_of_x.py

A step is a call of a function of skfusion with an argument that holds images: ``X``,
``images``, ``table`` or ``source``. A return is a step into a package that X was in
before, from another one. Fewer returns mean that X is checked and read in fewer places.
"""

import sys
import tempfile
import warnings
from pathlib import Path

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import skfusion
from skfusion.datasets import make_breast_images, make_breast_pairs
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import DecisionFusionClassifier
from skfusion.model_selection import compare_models, fusion_gain
from skfusion.neural_network import CNN17Classifier

SOURCE = str(Path(skfusion.__file__).parent)
ARGUMENTS = {"X", "images", "table", "source"}
COLUMNS = ["mammogram", "ultrasound"]


def main():
    """Print the counts of each way."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for name, way in ways(folder).items():
            packages = packages_on(way)
            n_returns = len(packages) - len(set(packages))
            print(f"{name}: {len(packages)} packages in turn, {n_returns} returns")


def ways(folder):
    """Return what is counted, by name: functions without arguments."""
    settings = {"image_size": 16, "random_state": 0}
    data = make_breast_images(24, folder=f"{folder}/images", **settings)
    pairs = make_breast_pairs(24, folder=f"{folder}/pairs", **settings)
    network = CNN17Classifier(width=2, weights=None, max_epochs=1, **settings)
    settings = {"weights": None, "image_size": 32, "random_state": 0}
    features = CNNFeatureExtractor("squeezenet1_1", **settings)
    cached = CNNFeatureExtractor("squeezenet1_1", cache=f"{folder}/cache", **settings)
    cached.fit(data.data)
    image = make_pipeline(features, LogisticRegression())
    models = [(column, image) for column in COLUMNS]
    fusion = DecisionFusionClassifier(models, cv=2, random_state=0)
    return {
        "CNN17Classifier.fit": lambda: network.fit(data.data, data.target),
        "CNNFeatureExtractor.transform": lambda: cached.transform(data.data),
        "compare_models": lambda: compare_models(
            [("image", image)], data.data, data.target, cv=2
        ),
        "DecisionFusionClassifier.fit": lambda: fusion.fit(pairs.data, pairs.target),
        "fusion_gain": lambda: fusion_gain(
            models, [("fusion", fusion)], pairs.data, pairs.target, cv=2, inner_cv=2
        ),
    }


def packages_on(way):
    """Return the packages in the order in which X comes to them."""
    packages = []

    def profile(frame, event, argument):
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(SOURCE):
            return
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if ARGUMENTS.isdisjoint(names) or code.co_name.startswith("<"):
            return
        package = Path(code.co_filename).relative_to(SOURCE).parts[0]
        if packages[-1:] != [package]:
            packages.append(package)

    sys.setprofile(profile)
    try:
        way()
    finally:
        sys.setprofile(None)
    return packages


if __name__ == "__main__":
    main()
