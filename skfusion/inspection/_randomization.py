"""Whether a map depends on what the model has learnt."""

from copy import deepcopy

import numpy as np
from scipy.stats import spearmanr
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from .._validation._private import HasMethods, StrOptions, validate_params
from .._validation._unreadable import names_unreadable_images
from ..feature_extraction import CNNFeatureExtractor
from ..networks._random_weights import draw_weights
from ..neural_network import CNN17Classifier, TransferCNNClassifier
from ..neural_network._multi_branch import MultiBranchCNNClassifier
from ._attribution import METHODS
from ._saliency import collect, explain, without_augmentation

__all__ = ["randomization_check", "randomize_weights"]

_NETWORKS = (CNN17Classifier, TransferCNNClassifier, MultiBranchCNNClassifier)
_HELD = ("best_estimator_", "estimator_")
_LISTS = ("estimators_", "transformers_", "calibrated_classifiers_")


def randomize_weights(estimator, *, random_state=None):
    """Return a copy of a fitted estimator whose networks have lost what they learnt.

    All weights are drawn anew, as before any training. Everything else stays: the scale
    of the input, and a classifier of features that learnt from the true ones.

    Parameters
    ----------
    estimator : classifier
        Fitted, of any kind that :func:`saliency` explains.

    random_state : int, RandomState instance or None, default=None
        Controls the draw.

    Returns
    -------
    randomized : classifier
        It predicts, and has the kinds of maps of the estimator.

    Raises
    ------
    TypeError
        If the estimator holds no network.

    See Also
    --------
    randomization_check : Compare the maps of both.

    Examples
    --------
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.inspection import randomize_weights
    >>> from skfusion.neural_network import CNN17Classifier
    >>> X, y = make_breast_images(20, image_size=32, random_state=0, return_X_y=True)
    >>> model = CNN17Classifier(image_size=32, max_epochs=1, random_state=0).fit(X, y)
    >>> randomized = randomize_weights(model, random_state=0)
    >>> bool((randomized.predict_proba(X) == model.predict_proba(X)).all())
    False
    """
    check_is_fitted(estimator)
    seeds = check_random_state(random_state)
    randomized = deepcopy(estimator)
    holders = list(_find_holders(randomized))
    if not holders:
        raise TypeError(
            "Expected an estimator that holds a network. Got "
            f"{type(estimator).__name__}."
        )
    for holder in holders:
        seed = int(seeds.randint(2**31 - 1))
        if isinstance(holder, CNNFeatureExtractor):
            holder._network = holder._network.randomized(seed)
            continue
        for member, net in enumerate(holder.nets_):
            draw_weights(net.module_, seed + member)
    return randomized


def _find_holders(estimator):
    """Yield the fitted estimators inside that hold a network."""
    if isinstance(estimator, (*_NETWORKS, CNNFeatureExtractor)):
        yield estimator
        return
    held = [getattr(estimator, name, None) for name in _HELD]
    if hasattr(estimator, "classes") and hasattr(estimator, "calibrators"):
        held.append(estimator.estimator)  # inside CalibratedClassifierCV
    held += [step for _, step in getattr(estimator, "steps", [])]
    for name in _LISTS:
        held += getattr(estimator, name, [])
    for inner in held:
        if inner is not None:
            yield from _find_holders(inner)


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict"])],
        "X": "no_validation",
        "method": [StrOptions(set(METHODS))],
        "target": "no_validation",
        "layer": [str, None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
@names_unreadable_images
def randomization_check(
    estimator, X, *, method="gradcam", target=None, layer=None, random_state=None
):
    """Compare maps with those of the same model after its weights are drawn anew.

    A map that stays the same does not show what the model has learnt, however
    convincing it looks: it shows edges, or the brightest part of the image [1]_.

    Read more in the :ref:`User Guide <saliency>`.

    Parameters
    ----------
    estimator : classifier
        Fitted, of any kind that :func:`saliency` explains.

    X : object
        Images in any form that the estimator takes.

    method, target, layer
        The same as in :func:`saliency`. If `target` is None, both models explain the
        class that the estimator predicts.

    random_state : int, RandomState instance or None, default=None
        Controls the draw of the weights.

    Returns
    -------
    check : :class:`~sklearn.utils.Bunch`
        maps : list of ndarray, or dict of str to list
            Maps of the estimator, by column where samples have several images.
        randomized_maps : list of ndarray, or dict of str to list
            Maps of :func:`randomize_weights`.
        similarity : ndarray of shape (n_samples,), or dict of str to ndarray
            Spearman's rank correlation of both maps, in [-1, 1], over the pixels that
            the model reads. NaN where an image is missing, or a map is the same
            everywhere.

    References
    ----------
    .. [1] Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018,
       https://arxiv.org/abs/1810.03292

    Examples
    --------
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.inspection import randomization_check
    >>> from skfusion.neural_network import CNN17Classifier
    >>> X, y = make_breast_images(20, image_size=32, random_state=0, return_X_y=True)
    >>> model = CNN17Classifier(image_size=32, max_epochs=1, random_state=0).fit(X, y)
    >>> check = randomization_check(
    ...     model, X[:2], method="integrated_gradients", random_state=0
    ... )
    >>> bool((check.similarity < 0.9).all())
    True
    """
    X = without_augmentation(X)
    if target is None:
        target = estimator.predict(X)
    randomized = randomize_weights(estimator, random_state=random_state)
    codes, before = explain(estimator, X, method, target, layer)
    _, after = explain(randomized, X, method, target, layer)
    return Bunch(
        maps=collect(codes, before),
        randomized_maps=collect(codes, after),
        similarity=_similarity(len(codes), before, after),
    )


def _similarity(n_samples, before, after):
    found = {part.column: np.full(n_samples, np.nan) for part, _ in before}
    for (part, maps), (_, randomized) in zip(before, after, strict=True):
        for place, row in enumerate(part.rows):
            # Both are 0 outside, which would make all maps of a small region alike.
            read = part.model.frame(place).inside()
            pair = maps[place][read], randomized[place][read]
            found[part.column][row] = _correlation(*pair)
    return found.get(None, found)


def _correlation(before, after):
    if np.ptp(before) == 0 or np.ptp(after) == 0:
        return np.nan
    return spearmanr(before, after, axis=None).statistic
