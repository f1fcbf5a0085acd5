"""Fusion of decisions: one calibrated model per modality, then one decision."""

from dataclasses import replace
from numbers import Integral

import numpy as np
from sklearn.base import ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted, check_random_state

from .._validation._fitting import all_or_nothing
from .._validation._images import check_labels, check_target
from .._validation._private import (
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
    visual_block,
)
from .._validation._samples import check_samples, group_samples
from .._validation._unreadable import names_unreadable_images
from ._calibration import calibrate, score_images
from ._composition import MostProbable, NamedEstimators, check_two_classes
from ._inner_folds import fit_with_scores, split_inner
from ._weights import average_probabilities, check_weights, find_weights

__all__ = ["DecisionFusionClassifier"]


class DecisionFusionClassifier(MostProbable, ClassifierMixin, NamedEstimators):
    """Classifier that combines the calibrated probabilities of one model per modality.

    Each model learns from the images of one column. In inner folds, which split no
    group, it predicts images that it did not learn from. These predictions calibrate
    its probabilities [1]_, and the weights or the final estimator learn from them. (A
    model that is wrong more often than right in these folds predicts the prevalence.)
    Then the model learns from all images of its column. The modalities that a sample
    has decide its class. (If all columns hold values and a sample has none of them, its
    probabilities are 0.5.)

    Parameters
    ----------
    estimators : list of (str, classifier) or (str, classifier, str or int)
        One classifier per modality, with ``predict_proba`` or ``decision_function``:
        (column, classifier), or (name, classifier, column), where the column may be
        given by its position. A column holds paths of images, which the classifier
        gets in the column ``image``. A column given by its position may also hold
        values, of which the classifier gets this column alone.

    weights : None, "cv" or array-like of shape (n_modalities,), default=None
        Weights of the probabilities, over the modalities that a sample has. None
        weighs all alike, which suits modalities that are about equally good. "cv" is
        the area under the ROC curve in the inner folds, above that of chance. Where a
        sample has only modalities of weight 0, these weigh all alike. The weights are
        not used where there is a `final_estimator`.

    final_estimator : classifier, default=None
        Classifier that combines the modalities in place of a weighted mean (stacking
        [2]_). It learns from the calibrated log-odds in the inner folds and from which
        modalities are present.

    cv : int, default=5
        Number of inner folds.

    random_state : int, RandomState instance or None, default=None
        Seed of the inner folds.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Class labels; the second is the positive one.

    estimators_ : list of classifier
        Fitted classifiers, in the order of `estimators`.

    named_estimators_ : Bunch
        Fitted classifiers by their name, which is the column where none was given.

    calibrators_ : list of LogisticRegression
        Maps from the log-odds of each classifier to calibrated ones.

    weights_ : ndarray of shape (n_modalities,)
        Weights, which sum to 1.

    final_estimator_ : classifier or None
        Fitted `final_estimator`.

    n_features_in_ : int
        Number of columns: of those used if they have names, else of all.

    feature_names_in_ : ndarray of str
        Names of these columns, if they have names.

    See Also
    --------
    make_feature_fusion : Pipeline that fuses features instead.
    sklearn.ensemble.StackingClassifier : Classifier that stacks models of one X.

    References
    ----------
    .. [1] Platt, "Probabilistic outputs for support vector machines", 1999.
    .. [2] Wolpert, "Stacked generalization", Neural Networks 5, 1992.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.datasets import make_breast_images, make_label_pairs
    >>> from skfusion.feature_extraction import make_feature_classifier
    >>> from skfusion.fusion import DecisionFusionClassifier
    >>> folder = tempfile.mkdtemp()
    >>> pairs = make_label_pairs(
    ...     *(
    ...         make_breast_images(
    ...             12, modality=name, folder=f"{folder}/{name}", random_state=0
    ...         )
    ...         for name in ("mammography", "ultrasound")
    ...     ),
    ...     n_blocks=3,
    ...     random_state=0,
    ... )
    >>> image = make_feature_classifier(
    ...     "svm", backbone="squeezenet1_1", weights=None, image_size=32
    ... )
    >>> fusion = DecisionFusionClassifier(
    ...     [("mammogram", image), ("ultrasound", image)], cv=2, random_state=0
    ... )
    >>> fusion.fit(pairs.data, pairs.target).predict_proba(pairs.data).shape
    (12, 2)
    """

    _parameter_constraints: dict = {
        "estimators": [list],
        "weights": [StrOptions({"cv"}), "array-like", None],
        "final_estimator": [HasMethods(["fit", "predict_proba"]), None],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    # The same as in the networks: the column "group" of X holds the groups.
    __metadata_request__fit = {"groups": False}

    def __init__(
        self,
        estimators,
        *,
        weights=None,
        final_estimator=None,
        cv=5,
        random_state=None,
    ):
        self.estimators = estimators
        self.weights = weights
        self.final_estimator = final_estimator
        self.cv = cv
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y, groups=None):
        """Fit and calibrate the model of each modality, then the combination.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            With one column for each modality; None or NaN where it is missing. It is a
            DataFrame where columns are given by name.

        y : array-like of shape (n_samples,)
            Class labels, two of them.

        groups : array-like of shape (n_samples,), default=None
            Groups that no inner fold splits, such as the patient. If None, the column
            ``group`` of X; without it, samples that share a file stay together.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        self._store_names()
        self._check_models()
        user = type(self).__name__
        samples = check_samples(self, X, self._columns, reset=True)
        self._check_each_column(samples)
        y = check_target(X, y)
        self.classes_, codes = check_labels(y, user)
        check_two_classes(self.classes_, type(self).__name__)
        check_weights(self.weights, len(self.estimators))
        table = samples.table
        groups = group_samples(table, samples.image_columns, groups, user)
        splits = self._split(codes, samples.present, groups)
        # The models find the groups in the same column as those of any image.
        samples = replace(samples, table=table.assign(group=groups))
        scores, log_odds = self._fit_models(samples, codes, splits)
        self.weights_ = find_weights(self.weights, scores, codes)
        self.final_estimator_ = self._fit_final(log_odds, codes)
        return self

    @names_unreadable_images
    def predict_proba(self, X):
        """Predict probabilities from the modalities that each sample has.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            The same columns as in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2), dtype float64
        """
        check_is_fitted(self)
        log_odds = self._predict_log_odds(X)
        if self.final_estimator_ is not None:
            return self.final_estimator_.predict_proba(_with_presence(log_odds))
        malignant = average_probabilities(log_odds, self.weights_)
        return np.column_stack([1 - malignant, malignant])

    @property
    def named_estimators_(self):
        """Fitted classifiers by their name."""
        return self._by_name(self.estimators_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags

    def _sk_visual_block_(self):
        models = super()._sk_visual_block_()
        if self.final_estimator is None:
            return models
        final = visual_block("parallel", [self.final_estimator], ["final_estimator"])
        return visual_block("serial", [models, final], None, dash_wrapped=False)

    def _check_models(self):
        methods = ("predict_proba", "decision_function")
        for name, model in self._pairs:
            if not any(hasattr(model, method) for method in methods):
                raise ValueError(
                    "Expected classifiers with predict_proba or decision_function in "
                    f"estimators. Got {type(model).__name__} without them for "
                    f"{name!r}."
                )

    def _check_each_column(self, samples):
        for column, rows in zip(samples.columns, samples.present.T, strict=True):
            if not rows.any():
                raise ValueError(
                    "Expected an image, or a value, of each modality in fit. Got none "
                    f"in the column {column!r} of X."
                )

    def _split(self, codes, present, groups):
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        return split_inner(codes, present, groups, cv=self.cv, seed=seed)

    def _fit_models(self, samples, codes, splits):
        """Fit the models; return their scores and log-odds in the inner folds."""
        self.estimators_, self.calibrators_ = [], []
        self._n_learnt = samples.present.sum(axis=0)
        scores, log_odds = np.full((2, *samples.present.shape), np.nan)
        for place, (_, estimator) in enumerate(self._pairs):
            column, rows = samples.columns[place], samples.present[:, place]
            model, of_column = fit_with_scores(
                estimator, samples.part(place), codes, rows, splits, column
            )
            calibrator = calibrate(of_column, codes[rows])
            scores[rows, place] = of_column
            log_odds[rows, place] = calibrator.decision_function(
                of_column[:, np.newaxis]
            )
            self.estimators_.append(model)
            self.calibrators_.append(calibrator)
        return scores, log_odds

    def _fit_final(self, log_odds, codes):
        if self.final_estimator is None:
            return None
        return clone(self.final_estimator).fit(_with_presence(log_odds), codes)

    def _predict_log_odds(self, X):
        samples = check_samples(self, X, self._columns)
        log_odds = np.full(samples.present.shape, np.nan)
        for place, rows in enumerate(samples.present.T):
            if rows.any():
                scores = score_images(
                    self.estimators_[place], samples.part(place), self._n_learnt[place]
                )
                calibrator = self.calibrators_[place]
                log_odds[rows, place] = calibrator.decision_function(
                    scores[:, np.newaxis]
                )
        return log_odds


def _with_presence(log_odds):
    """Return log-odds, 0 where a modality is missing, and which are present."""
    return np.hstack([np.nan_to_num(log_odds), ~np.isnan(log_odds)])
