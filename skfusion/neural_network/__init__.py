"""Classifiers that train a network."""

from ._cnn17 import CNN17Classifier
from ._multi_branch import MultiBranchCNNClassifier
from ._transfer import TransferCNNClassifier

__all__ = ["CNN17Classifier", "MultiBranchCNNClassifier", "TransferCNNClassifier"]
