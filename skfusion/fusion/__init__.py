"""Several images, views and modalities into one decision."""

from ._decision import DecisionFusionClassifier
from ._feature_level import ModalityFeatures, make_feature_fusion
from ._image_level import ImageLevelClassifier
from ._levels import LevelAggregator, aggregate_predictions
from ._multi_branch import MultiBranchCNNClassifier
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
