"""Maps of what a classifier looked at."""

import numpy as np
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

__all__ = ["saliency"]


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
    """DOC"""
    check_is_fitted(estimator)
    import_captum()
    codes = _find_codes(estimator, X, target)
    parts = find_parts(estimator, X)
    maps = {part.column: [None] * len(codes) for part in parts}
    for part in parts:
        labels = estimator.classes_[codes[part.rows]]
        found = _map_part(part, labels, method, layer)
        for row, saliency_map in zip(part.rows, found, strict=True):
            maps[part.column][row] = saliency_map
    if None in maps:
        return maps[None]
    return Bunch(maps=maps, contributions=_contributions(estimator, X, maps, codes))


def _find_codes(estimator, X, target):
    """Return the column of the class that is explained, for each row."""
    if target is None:
        return np.searchsorted(estimator.classes_, estimator.predict(X))
    found = np.flatnonzero(estimator.classes_ == target)
    if len(found) != 1:
        raise ValueError(
            "The 'target' parameter must be None or one of the classes "
            f"{estimator.classes_.tolist()!r}. Got {target!r} instead."
        )
    return np.full(_num_samples(X), found[0])


def _map_part(part, labels, method, layer):
    """Yield the map of each image of a column."""
    codes = np.searchsorted(part.classes, labels)
    for place, code in enumerate(codes):
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


def _contributions(estimator, X, maps, codes):
    columns = list(maps)
    present = np.array([[one is not None for one in maps[name]] for name in columns]).T
    return contributions_of(estimator, X, columns, present, codes)
