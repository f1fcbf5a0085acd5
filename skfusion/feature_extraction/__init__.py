"""Features of images from frozen networks."""

from ._cnn import CNNFeatureExtractor
from ._pipelines import make_feature_classifier

__all__ = ["CNNFeatureExtractor", "make_feature_classifier"]
