"""The types that a model file may hold without the caller's trust."""

import importlib
import inspect
from functools import cache

import sklearn.metrics
import sklearn.model_selection
from sklearn.base import BaseEstimator
from skorch import NeuralNet

import skfusion

__all__ = ["trusted_types", "type_name"]

# Rooms of imbalanced-learn that hold estimators. Its pipeline and samplers are there.
_IMBLEARN = ("combine", "ensemble", "over_sampling", "pipeline", "under_sampling")

# Estimators of scikit-learn are trusted by skops. These are what they hold, all of them
# plain data, and what learnt trees are made of (which `check_loaded` checks).
_SKLEARN = (
    "sklearn._loss.link.LogitLink",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.feature_selection._mutual_info.mutual_info_classif",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._MultimetricScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
    "numpy.ma.MaskedArray",
    "numpy.ma.core.MaskedArray",
    "numpy.dtype",
)
_MEASURES = ("_score", "_loss", "_corrcoef")  # ends of the names of measures
_SKFUSION = (
    "skfusion.audit._scope_distance.FeatureDistance",
    "skfusion.metrics._level_scorer._LevelScorer",
    "skfusion.persistence._parts.StoredPart",
    "skfusion.persistence._tables.StoredTable",
)
_SKORCH = (
    "skorch.callbacks.training.EarlyStopping",
    "skorch.callbacks.regularization.GradientNormClipping",
)


@cache
def trusted_types():
    """Return the names of all types that are trusted.

    They are the estimators of skfusion, which its rooms import, the public ones of
    imbalanced-learn, the splitters and measures of scikit-learn, and a list of types
    that scikit-learn's estimators hold. Making one of them runs no code of a file.

    Returns
    -------
    names : frozenset of str
    """
    found = _own_estimators()
    for room in _IMBLEARN:
        found |= _estimators_of(importlib.import_module(f"imblearn.{room}"))
    found |= _splitters()
    found |= {each for each in _members(sklearn.metrics) if _is_measure(each)}
    return frozenset({*map(type_name, found), *_SKLEARN, *_SKORCH, *_SKFUSION})


def type_name(each):
    """Return the name of a type, or of a function, as skops writes it."""
    return f"{each.__module__}.{each.__name__}"


def _members(module):
    return [getattr(module, name) for name in module.__all__]


def _estimators_of(module):
    """Return the classes of estimators that a module makes public."""
    classes = filter(inspect.isclass, _members(module))
    return {each for each in classes if issubclass(each, BaseEstimator)}


def _own_estimators():
    """Return the estimators of skfusion: the public ones, and those they consist of."""
    for room in skfusion.__all__:
        if not room.startswith("_"):
            _members(importlib.import_module(f"skfusion.{room}"))
    own = {each for each in _subclasses(BaseEstimator) if _is_own(each)}
    return {each for each in own if not issubclass(each, NeuralNet)}  # it unpickles


def _is_own(each):
    return each.__module__.startswith("skfusion.")


def _subclasses(cls):
    direct = set(cls.__subclasses__())
    return direct.union(*map(_subclasses, direct))


def _is_measure(each):
    """Return whether an object is a function of labels and scores, for a scorer."""
    return inspect.isfunction(each) and each.__name__.endswith(_MEASURES)


def _splitters():
    classes = filter(inspect.isclass, _members(sklearn.model_selection))
    return {each for each in classes if hasattr(each, "get_n_splits")}
