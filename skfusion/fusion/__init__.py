"""Several images, views and modalities into one decision."""

from ._levels import LevelAggregator, aggregate_predictions
from ._per_modality import PerModalityClassifier

__all__ = ["LevelAggregator", "PerModalityClassifier", "aggregate_predictions"]
