"""Features of images, computed by frozen networks."""

from ._cache import FeatureCache
from ._cnn import CNNFeatureExtractor
from ._pipelines import make_feature_classifier

__all__ = ["CNNFeatureExtractor", "FeatureCache", "make_feature_classifier"]
