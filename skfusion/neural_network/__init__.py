"""Classifiers that train a network."""

from ._cnn17 import CNN17Classifier
from ._fit_folds import fit_folds
from ._transfer import TransferCNNClassifier

__all__ = ["CNN17Classifier", "TransferCNNClassifier", "fit_folds"]
