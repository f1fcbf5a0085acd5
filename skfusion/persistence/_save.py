"""Saving of a model in one file."""

from pathlib import Path

import skops.io
from safetensors.torch import save
from sklearn.utils.validation import check_is_fitted
from skops.io.exceptions import UnsupportedTypeException

from ..exceptions import DataQualityWarning, warn_user
from ._about import about_model
from ._archive import CARD, ESTIMATOR, WEIGHTS, write_archive
from ._card import write_card
from ._detach import detach

__all__ = ["save_model"]


def save_model(estimator, path, *, comparison=None):
    """Save a fitted model in one file, from which loading runs no code.

    The weights of networks are saved by safetensors, all else by skops. The weights of
    a frozen network are in the file, too. Of the path of weights the name of the file
    remains, and caches and any other paths from a root become None.

    Parameters
    ----------
    estimator : estimator
        Fitted: an estimator of skfusion, scikit-learn or imbalanced-learn, such as a
        pipeline or a search over models. It is not changed.

    path : str or Path
        File to write, such as ``"model.skfusion"``. An existing file is replaced in one
        step, when the new one is complete.

    comparison : ModelComparison, default=None
        Study of the model, whose data, folds and results the model card reports. If it
        does not contain the model, there is a warning, also on the card.

    Returns
    -------
    path : Path
        The file.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.

    TypeError
        If the estimator holds what cannot be saved, such as a lambda, a network that is
        not of skfusion, or a table of anything but numbers, texts and None.

    WeightsError
        If the weights of a frozen network are no longer those of ``fit``.

    See Also
    --------
    load_model : Load the file.
    model_card : Read its model card.

    Notes
    -----
    The file holds labels and names of columns, and of images only what the model has
    learnt from them. A support vector machine keeps features of single images, and a
    k-nearest-neighbors classifier those of all.

    Read more in the :ref:`User Guide <persistence>`.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.feature_extraction import make_feature_classifier
    >>> from skfusion.persistence import load_model, save_model
    >>> X, y = make_breast_images(20, random_state=0, return_X_y=True)
    >>> model = make_feature_classifier(
    ...     "rf", backbone="squeezenet1_1", weights=None, image_size=32, random_state=0
    ... )
    >>> file = save_model(model.fit(X, y), f"{tempfile.mkdtemp()}/model.skfusion")
    >>> again = load_model(file)
    >>> np.array_equal(again.predict_proba(X), model.predict_proba(X))
    True
    """
    check_is_fitted(estimator)
    copy, definitions, states = detach(estimator)
    about = about_model(copy, comparison, estimator)
    if about["in_comparison"] is False:
        warn_user(
            f"The comparison contains no model that is equal to {type(copy).__name__}. "
            "The model card reports the results of its models, and states that they "
            "are those of other models. Compare the model that you save.",
            DataQualityWarning,
        )
    try:
        content = skops.io.dumps(copy)
    except UnsupportedTypeException as error:
        raise TypeError(f"The estimator cannot be saved: {error}") from error
    tensors = {
        f"{name}/{key}": tensor.detach().cpu().contiguous().clone()
        for name, state in states.items()
        for key, tensor in state.items()
    }
    members = {ESTIMATOR: content, WEIGHTS: save(tensors)}
    members[CARD] = write_card(about).encode()
    path = Path(path)
    write_archive(path, {**about, "parts": definitions}, members)
    return path
