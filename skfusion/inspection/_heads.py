"""Scikit-learn's scaling and classification of features, as a network."""

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC
from torch import nn

from .._validation._private import fitted_gamma

__all__ = ["make_head"]

_AFFINE = (PCA, SelectorMixin, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler)
_LINEAR = (LinearSVC, LogisticRegression, RidgeClassifier, SGDClassifier)
_KERNELS = {
    "linear": lambda dot, distance, svm, gamma: dot,
    "poly": lambda dot, distance, svm, gamma: (gamma * dot + svm.coef0) ** svm.degree,
    "rbf": lambda dot, distance, svm, gamma: torch.exp(-gamma * distance),
    "sigmoid": lambda dot, distance, svm, gamma: torch.tanh(gamma * dot + svm.coef0),
}


def make_head(steps, n_features):
    """Return steps that classify features as a network with gradients.

    Parameters
    ----------
    steps : list of estimator
        Fitted transformers, and a classifier at the end.

    n_features : int
        Number of features that the first step takes.

    Returns
    -------
    head : torch.nn.Module or None
        From features (n, n_features) to the scores of the classes (n, n_classes), in
        float64. None if a step has no gradient, as a forest.
    """
    parts, width = [], n_features
    for step in steps[:-1]:
        if isinstance(step, SimpleImputer):  # no feature of an image is missing
            continue
        if not _is_affine(step):
            return None
        parts.append(_Affine(step, width))
        width = parts[-1].matrix.shape[1]
    last = _make_classifier(steps[-1])
    return None if last is None else nn.Sequential(*parts, last)


def _is_affine(step):
    return isinstance(step, _AFFINE) and not getattr(step, "clip", False)


def _make_classifier(classifier):
    if isinstance(classifier, _LINEAR):
        return _Linear(classifier)
    is_svm = isinstance(classifier, SVC) and classifier.kernel in _KERNELS
    return _Kernel(classifier) if is_svm and len(classifier.classes_) == 2 else None


def _tensor(values):
    return torch.from_numpy(np.array(values, dtype=np.float64))


def _two_scores(decision):
    """Return scores of two classes whose difference is the decision value."""
    return torch.stack([-decision / 2, decision / 2], dim=1)


class _Affine(nn.Module):
    """A transformer that scales, shifts, rotates or selects features."""

    def __init__(self, transformer, n_features):
        super().__init__()
        zero = np.zeros((1, n_features))
        self.shift = _tensor(transformer.transform(zero))
        self.matrix = _tensor(transformer.transform(np.eye(n_features))) - self.shift

    def forward(self, features):
        return features.double() @ self.matrix + self.shift


class _Linear(nn.Module):
    """A linear classifier."""

    def __init__(self, classifier):
        super().__init__()
        self.weights = _tensor(classifier.coef_).T
        self.bias = _tensor(classifier.intercept_)

    def forward(self, features):
        scores = features.double() @ self.weights + self.bias
        return _two_scores(scores[:, 0]) if scores.shape[1] == 1 else scores


class _Kernel(nn.Module):
    """A support vector machine of two classes."""

    def __init__(self, svm):
        super().__init__()
        self.svm = svm
        self.gamma = fitted_gamma(svm)
        self.vectors = _tensor(svm.support_vectors_)
        self.weights = _tensor(svm.dual_coef_)[0]
        self.bias = _tensor(svm.intercept_)

    def forward(self, features):
        features = features.double()
        dot = features @ self.vectors.T
        squares = features.square().sum(1, keepdim=True)
        distance = squares - 2 * dot + self.vectors.square().sum(1)
        kernel = _KERNELS[self.svm.kernel](dot, distance, self.svm, self.gamma)
        return _two_scores(kernel @ self.weights + self.bias)
