"""The images that an estimator reads, column by column, and the model of each."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import Pipeline

from .._validation._private import _num_samples, _safe_indexing
from .._validation._samples import check_samples
from ..feature_extraction import CNNFeatureExtractor
from ..fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    ModalityFeatures,
    MultiBranchCNNClassifier,
    PerModalityClassifier,
)
from ..model_selection._inner_scores import InnerScoresClassifier
from ..neural_network import CNN17Classifier, TransferCNNClassifier
from ._branch_model import BranchModel
from ._feature_model import FeatureModel
from ._image_model import ImageModel, NetworkModel

__all__ = ["Part", "find_parts", "steps_of", "unwrap"]

_WITH_THRESHOLD = (
    FixedThresholdClassifier,
    InnerScoresClassifier,  # with a threshold, or recalibrated
    TunedThresholdClassifierCV,
)


@dataclass(frozen=True)
class Part:
    """The images of one column of X, and the model that reads them.

    Attributes
    ----------
    rows : ndarray of int
        Rows of X that have these images.

    model : ImageModel
        Model of these images, in the order of the rows.

    classes : ndarray of shape (n_classes,)
        Labels of the columns of its scores.

    column : str or None
        Name of the column, where a sample may have several images.
    """

    rows: np.ndarray
    model: ImageModel
    classes: np.ndarray
    column: str | None = None


def find_parts(estimator, X):
    """Find the images that an estimator reads, and the model of each.

    Parameters
    ----------
    estimator : classifier
        Fitted.

    X : object
        Any X that it takes.

    Returns
    -------
    parts : list of Part

    Raises
    ------
    TypeError
        If the estimator, or a part of it, is not one of a network, of features of a
        network, or a fusion of them.
    """
    estimator = unwrap(estimator)
    if isinstance(estimator, MultiBranchCNNClassifier):
        return _parts_of_branches(estimator, X)
    if isinstance(estimator, CNN17Classifier | TransferCNNClassifier):
        return [_whole(X, NetworkModel(estimator, X), estimator.classes_)]
    if isinstance(estimator, Pipeline):
        return _parts_of_pipeline(estimator, X)
    for kind, find in _FUSIONS.items():
        if isinstance(estimator, kind):
            return find(estimator, X)
    raise _not_explained(estimator)


def unwrap(estimator):
    """Return the classifier inside searches, thresholds and calibration.

    They change neither the order of the scores nor what they depend on.

    Parameters
    ----------
    estimator : classifier
        Fitted.

    Returns
    -------
    estimator : classifier
    """
    if hasattr(estimator, "best_estimator_"):
        return unwrap(estimator.best_estimator_)
    if isinstance(estimator, CalibratedClassifierCV):
        if len(estimator.calibrated_classifiers_) == 1:
            return unwrap(estimator.calibrated_classifiers_[0].estimator)
    elif isinstance(estimator, _WITH_THRESHOLD):
        return unwrap(estimator.estimator_)
    return estimator


def steps_of(pipeline):
    """Return the fitted steps of a pipeline that take part in prediction."""
    steps = [step for _, step in pipeline.steps]
    steps = [step for step in steps if step not in (None, "passthrough")]
    return [unwrap(step) for step in steps if not hasattr(step, "fit_resample")]


def _not_explained(estimator):
    return TypeError(
        "Expected CNN17Classifier, TransferCNNClassifier, a pipeline that begins with "
        "CNNFeatureExtractor, or a classifier of skfusion.fusion that holds them. Got "
        f"{type(estimator).__name__}."
    )


def _whole(X, model, classes):
    return Part(np.arange(_num_samples(X)), model, classes)


def _parts_of_pipeline(pipeline, X):
    first, *others = steps_of(pipeline)
    if not others:
        return find_parts(first, X)
    if isinstance(first, CNNFeatureExtractor):
        return [_whole(X, FeatureModel(first, others, X), pipeline.classes_)]
    if isinstance(first, ModalityFeatures):
        return _parts_of_features(first, others, X, pipeline.classes_)
    raise _not_explained(first)


def _parts_of_features(features, steps, X, classes):
    samples, others = features._check(X), features.transform(X)
    widths = [width + 1 for width in features._n_features]
    starts = np.cumsum([0, *widths])
    parts = []
    for place, of_values in enumerate(samples.of_values):
        rows = np.flatnonzero(samples.present[:, place])
        if of_values or not len(rows):
            continue
        extractor = features.transformers_[place]
        if not isinstance(extractor, CNNFeatureExtractor):
            raise _not_explained(extractor)
        model = FeatureModel(
            extractor, steps, samples.part(place), others[rows], starts[place]
        )
        parts.append(Part(rows, model, classes, samples.columns[place]))
    return parts


def _parts_of_branches(estimator, X):
    samples = check_samples(estimator, X, estimator._columns)
    parts = []
    for place, column in enumerate(samples.columns):
        rows = np.flatnonzero(samples.present[:, place])
        if len(rows):
            model = BranchModel(estimator, samples.table, place, rows)
            parts.append(Part(rows, model, estimator.classes_, column))
    return parts


def _parts_of_decisions(fusion, X):
    samples = check_samples(fusion, X, fusion._columns)
    parts = []
    for place, column in enumerate(samples.columns):
        rows = np.flatnonzero(samples.present[:, place])
        if len(rows):
            found = find_parts(fusion.estimators_[place], samples.part(place))
            # The models learn codes of the classes.
            parts += _as_column(found, rows, column, fusion.classes_)
    return parts


def _parts_of_images(classifier, X):
    samples = check_samples(classifier, X, classifier._columns, any_image=False)
    parts = []
    for place, column in enumerate(samples.columns):
        rows = np.flatnonzero(samples.present[:, place])
        if len(rows):
            table = samples.part(place).assign(modality=column)
            found = find_parts(classifier.estimator_, table)
            parts += _as_column(found, rows, column)
    return parts


def _parts_of_modalities(classifier, X):
    parts = []
    for name, rows in classifier._rows_of_each(X).items():
        if len(rows):
            model = classifier.named_estimators_[name]
            found = find_parts(model, _safe_indexing(X, rows))
            parts += [replace(part, rows=rows[part.rows]) for part in found]
    return parts


def _as_column(parts, rows, column, classes=None):
    """Return the parts of a model of one column as those of the whole X."""
    named = []
    for part in parts:
        labels = part.classes if classes is None else classes[part.classes]
        named.append(replace(part, rows=rows[part.rows], column=column, classes=labels))
    return named


_FUSIONS = {
    DecisionFusionClassifier: _parts_of_decisions,
    ImageLevelClassifier: _parts_of_images,
    PerModalityClassifier: _parts_of_modalities,
}
