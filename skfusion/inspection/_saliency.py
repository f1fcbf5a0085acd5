"""Maps of what a classifier looked at."""

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from .._validation._private import (
    HasMethods,
    StrOptions,
    _num_samples,
    validate_params,
)
from .._validation._unreadable import names_unreadable_images
from ._attribution import METHODS, attribute, import_captum
from ._contributions import contributions_of
from ._parts import find_parts

__all__ = ["collect", "contribute", "explain", "saliency", "without_augmentation"]


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict"])],
        "X": "no_validation",
        "method": [StrOptions(set(METHODS))],
        "target": "no_validation",
        "layer": [str, None],
    },
    prefer_skip_nested_validation=True,
)
@names_unreadable_images
def saliency(estimator, X, *, method="gradcam", target=None, layer=None):
    """Compute maps of what speaks for a class in each image.

    A map has the size of its image, in which it is at least 0 and sums to 1. What lies
    outside of the part of the image that the model reads, such as the lesion, is 0.

    The score that is explained is what the model computes: the log-odds of the class,
    averaged over all networks of ``n_members`` and over the image and its mirror image
    if they predict for both; for a classifier of features of a frozen network, its
    decision value or log-odds, through extractor, scaling and classifier. Numbers that
    speak against the class are set to 0.

    Read more in the :ref:`User Guide <saliency>`.

    Parameters
    ----------
    estimator : classifier
        Fitted: :class:`~skfusion.neural_network.CNN17Classifier`,
        :class:`~skfusion.neural_network.TransferCNNClassifier`, a pipeline that begins
        with a :class:`~skfusion.feature_extraction.CNNFeatureExtractor`, or a
        classifier of :mod:`skfusion.fusion` that holds them, except
        ``BreastClassifier``, ``LevelAggregator`` and ``PatchClassifier``. It may stand
        in a search over parameters, in a classifier with a threshold, in
        ``recalibrate``, or in a ``CalibratedClassifierCV`` with ``ensemble=False``.

    X : object
        Images in any form that the estimator takes. A column ``augmentation`` is
        ignored.

    method : {"gradcam", "occlusion", "integrated_gradients"}, default="gradcam"
        - "gradcam": Grad-CAM [1]_, from one backward pass. Its maps are coarse.
        - "occlusion": the fall of the score while a window is covered with the mean
          grey of the image [2]_. The window has an eighth of the side of the image, and
          moves by half of that. It is slow, and takes any classifier.
        - "integrated_gradients": gradients along the way from the mean grey to the
          image [3]_, in 32 steps, smoothed by a Gaussian of 1/32 of the side.

    target : label or array-like of shape (n_samples,), default=None
        Class that is explained, or one for each row. If None, the predicted one.

    layer : str, default=None
        Name of the layer of Grad-CAM in the network or its backbone. If None, the last
        stage whose output has at least 7 x 7 pixels (or the last one with height and
        width).

    Returns
    -------
    maps : list of ndarray of shape (height, width), dtype float32
        One map for each row of X. It is 0 everywhere if nothing speaks for the class.

        Where a sample has several images, a :class:`~sklearn.utils.Bunch` of

        maps : dict of str to list
            Maps by column; None where the image is missing.
        contributions : DataFrame of shape (n_samples, n_columns)
            How much the image in each column raised the probability of the class (the
            decision value, without ``predict_proba``): its Shapley value [4]_, where an
            image that is left out is a missing one. A row sums to the probability minus
            that of chance, 1 / n_classes, which counts as that of a sample without any
            image.

    Raises
    ------
    ValueError
        If the model does not have the method or the layer, or the class is unknown.

    TypeError
        If the estimator is of another kind.

    ImportError
        If captum is not installed: ``pip install "skfusion[inspect]"``.

    See Also
    --------
    SaliencyDisplay : Draw the maps over the images.
    randomization_check : Check that maps depend on what the model has learnt.
    mass_inside : Share of a map in a region.

    Notes
    -----
    A map shows where the score of this model comes from. It does not show a lesion, nor
    that the decision is right: see :ref:`saliency` for how often maps miss the lesion.
    Not for clinical use.

    Grad-CAM needs a layer with height and width, which transformers do not have, and
    both it and integrated gradients need a classifier with gradients: a linear one, a
    support vector machine of two classes, or a network.

    In a decision fusion, a map explains the model of its column.

    References
    ----------
    .. [1] Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via
       gradient-based localization", ICCV 2017, https://arxiv.org/abs/1610.02391
    .. [2] Zeiler and Fergus, "Visualizing and understanding convolutional networks",
       ECCV 2014, https://arxiv.org/abs/1311.2901
    .. [3] Sundararajan et al., "Axiomatic attribution for deep networks", ICML 2017,
       https://arxiv.org/abs/1703.01365
    .. [4] Shapley, "A value for n-person games", 1953.

    Examples
    --------
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.inspection import saliency
    >>> from skfusion.neural_network import CNN17Classifier
    >>> X, y = make_breast_images(40, image_size=32, random_state=0, return_X_y=True)
    >>> model = CNN17Classifier(image_size=32, max_epochs=2, random_state=0).fit(X, y)
    >>> maps = saliency(model, X[:2], method="integrated_gradients", target=1)
    >>> maps[0].shape, round(float(maps[0].sum()), 4)
    ((32, 32), 1.0)
    """
    X = without_augmentation(X)
    codes, parts = explain(estimator, X, method, target, layer)
    maps = collect(codes, parts)
    if isinstance(maps, list):
        return maps
    return Bunch(maps=maps, contributions=contribute(estimator, X, codes, parts))


def without_augmentation(X):
    """Return X whose images are read as they are in their files."""
    if isinstance(X, pd.DataFrame) and "augmentation" in X:
        return X.assign(augmentation=0)
    return X


def collect(codes, parts):
    """Return the maps of all parts, by column where samples have several images."""
    maps = {part.column: [None] * len(codes) for part, _ in parts}
    for part, found in parts:
        for row, saliency_map in zip(part.rows, found, strict=True):
            maps[part.column][row] = saliency_map
    return maps.get(None, maps)


def explain(estimator, X, method, target, layer):
    """Explain each image; see :func:`saliency`.

    Returns
    -------
    codes : ndarray of shape (n_samples,)
        Column of the class that is explained.

    parts : list of (Part, list of ndarray)
        The images of each column, and their maps.
    """
    check_is_fitted(estimator)
    import_captum()
    codes = _find_codes(estimator, X, target)
    explained = []
    for part in find_parts(estimator, X):
        labels = estimator.classes_[codes[part.rows]]
        explained.append((part, list(_map_part(part, labels, method, layer))))
    return codes, explained


def _find_codes(estimator, X, target):
    """Return the column of the class that is explained, for each row."""
    if target is None:
        return np.searchsorted(estimator.classes_, estimator.predict(X))
    labels = np.asarray(target)
    if labels.shape not in [(), (1,), (_num_samples(X),)]:
        raise ValueError(
            "Expected 'target' to be one class, or one for each row. Got an array of "
            f"shape {labels.shape!r} for {_num_samples(X)} rows."
        )
    labels = np.broadcast_to(labels, (_num_samples(X),))
    unknown = ~np.isin(labels, estimator.classes_)
    if unknown.any():
        raise ValueError(
            "The 'target' parameter must be None, one of the classes "
            f"{estimator.classes_.tolist()!r}, or one of them for each row. Got "
            f"{labels[unknown].tolist()[0]!r} instead."
        )
    return np.searchsorted(estimator.classes_, labels)


def _map_part(part, labels, method, layer):
    """Yield the map of each image of a column."""
    codes = np.searchsorted(part.classes, labels)
    for place, (code, label) in enumerate(zip(codes, labels, strict=True)):
        if label not in part.classes:  # as in a modality that did not have the class
            yield np.zeros(part.model.frame(place).shape, dtype=np.float32)
            continue
        score = part.model.score(place, int(code), layer)
        if method not in score.methods():
            raise _no_method(part, method, score.methods())
        image, frame = part.model.read(place), part.model.frame(place)
        yield frame.to_image(attribute(method, score, image, frame.content()))


def _no_method(part, method, methods):
    of_column = "" if part.column is None else f" of the column {part.column!r}"
    return ValueError(
        f"The model{of_column} has no method {method!r}: "
        f"{_REASONS[method]}. Choose one of {methods!r}."
    )


_REASONS = {
    "gradcam": (
        "it needs gradients, which a forest has not, and a layer whose output is a "
        "map, which a transformer has not"
    ),
    "integrated_gradients": "it needs gradients, which a forest has not",
}


def contribute(estimator, X, codes, parts):
    """Return the contribution of each column; see :func:`saliency`.

    Parameters
    ----------
    estimator, X
        The same as in :func:`saliency`.

    codes, parts
        As :func:`explain` returns them. The parts are columns.

    Returns
    -------
    contributions : DataFrame of shape (n_samples, n_columns)
    """
    columns = list(dict.fromkeys(part.column for part, _ in parts))
    present = np.zeros((len(codes), len(columns)), dtype=bool)
    for part, _ in parts:
        present[part.rows, columns.index(part.column)] = True
    return contributions_of(estimator, X, columns, present, codes)
