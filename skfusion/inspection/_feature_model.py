"""A classifier of features of a frozen network, through all of its steps."""

import numpy as np
import torch
from sklearn.impute import SimpleImputer
from torch import nn

from .._engine import on_device, resolve_device
from .._validation._images import check_images
from ._heads import make_head
from ._image_model import ImageModel
from ._layers import find_layer
from ._score import ImageScore, score_of_networks

__all__ = ["FeatureModel"]


class FeatureModel(ImageModel):
    """A classifier of features of a frozen network, through all of its steps.

    Parameters
    ----------
    extractor : CNNFeatureExtractor
        Fitted.

    steps : list of estimator
        Fitted transformers of its features, and a classifier at the end.

    X : object
        Images in any form that the extractor takes.

    others : ndarray of shape (n_samples, n_all_features), default=None
        Features of each sample, of which those of the image are replaced. If None, the
        features of the image are all.

    start : int, default=0
        Column of the first feature of the image in `others`.
    """

    def __init__(self, extractor, steps, X, others=None, start=0):
        X = check_images(extractor, X, image_shape=extractor.image_shape)
        crop = extractor._crop
        source = extractor._source(X)
        super().__init__(X, source, **crop, isolated=extractor.isolated)
        if others is not None and isinstance(steps[0], SimpleImputer):
            others, steps = steps[0].transform(others), steps[1:]
        self._others, self._start = others, start
        self._steps = steps
        self._device = resolve_device(extractor.device)
        network = extractor._network.differentiable(extractor.weights)
        self._network = on_device(network, self._device)
        n_features = extractor._n_features_out if others is None else others.shape[1]
        self._head = make_head(steps, n_features)
        self._layer, self._has_map = None, extractor.layer is not None

    def score(self, place, code, layer):
        """Return the score of an image; see :class:`ImageModel`."""
        insert = self._insert(place)
        if self._head is None:
            return ImageScore(lambda images: self._classify(images, insert, code))
        if self._layer is None:
            self._layer = self._find_layer(place, layer)
        network = nn.Sequential(self._network, insert, self._head)
        return score_of_networks([network.eval()], [self._layer], code, mirrors=False)

    def _find_layer(self, place, name):
        image = self.read(place)
        if self._has_map and name is None:
            return find_layer(self._network, self._network, image, "unpooled")
        return find_layer(self._network, self._network.network.model, image, name)

    def read(self, place):
        """Return an image on the device of the extractor."""
        return super().read(place).to(self._device)

    def _insert(self, place):
        if self._others is None:
            return nn.Identity()
        return _Insert(self._others[place], self._start)

    def _classify(self, images, insert, code):
        """Return the decision value or probability of a class, without gradients."""
        features = insert(self._network(images)).cpu().numpy()
        for step in self._steps[:-1]:
            features = step.transform(features)
        classifier = self._steps[-1]
        if hasattr(classifier, "predict_proba"):
            return torch.from_numpy(classifier.predict_proba(features)[:, code])
        decision = np.asarray(classifier.decision_function(features))
        if decision.ndim == 2:
            return torch.from_numpy(decision[:, code])
        return torch.from_numpy(decision if code == 1 else -decision)


class _Insert(nn.Module):
    """Put the features of an image among those of the other images of its sample."""

    def __init__(self, others, start):
        super().__init__()
        self.others = torch.from_numpy(np.asarray(others, dtype=np.float64))
        self.start = start

    def forward(self, features):
        n_images, width = features.shape
        left = self.others[: self.start].expand(n_images, -1)
        right = self.others[self.start + width :].expand(n_images, -1)
        return torch.cat([left, features.cpu().double(), right], dim=1)
