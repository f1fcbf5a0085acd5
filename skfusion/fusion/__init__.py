"""Several images, views and modalities into one decision."""

from importlib import import_module

from ._decision import DecisionFusionClassifier
from ._feature_level import ModalityFeatures, make_feature_fusion
from ._image_level import ImageLevelClassifier
from ._levels import LevelAggregator, aggregate_predictions
from ._per_modality import PerModalityClassifier

__all__ = [
    "DecisionFusionClassifier",
    "ImageLevelClassifier",
    "LevelAggregator",
    "ModalityFeatures",
    "MultiBranchCNNClassifier",
    "PerModalityClassifier",
    "aggregate_predictions",
    "make_feature_fusion",
]


def __getattr__(name):
    if name == "MultiBranchCNNClassifier":  # it imports torch, and the others do not
        return import_module("..neural_network", __name__).MultiBranchCNNClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
