"""Classifiers of samples that have several images, views or modalities."""

from importlib import import_module

from ._breasts import BreastClassifier
from ._decision import DecisionFusionClassifier
from ._feature_level import ModalityFeatures, make_feature_fusion
from ._image_level import ImageLevelClassifier
from ._levels import LevelAggregator, aggregate_scores
from ._patches import PatchClassifier
from ._per_modality import PerModalityClassifier

__all__ = [
    "BreastClassifier",
    "DecisionFusionClassifier",
    "ImageLevelClassifier",
    "LevelAggregator",
    "ModalityFeatures",
    "MultiBranchCNNClassifier",
    "PatchClassifier",
    "PerModalityClassifier",
    "aggregate_scores",
    "make_feature_fusion",
]

# These public names of other packages are imported when they are first used, so that
# `skfusion.fusion` needs no torch.
_LAZY = {"MultiBranchCNNClassifier": "neural_network._multi_branch"}


def __getattr__(name):
    if name in _LAZY:
        return getattr(import_module(f"skfusion.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
