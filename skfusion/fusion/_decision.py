"""Fusion of decisions: a calibrated model a modality, then one answer."""

import warnings
from numbers import Integral

import numpy as np
from scipy.special import expit
from sklearn.base import ClassifierMixin, clone
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils.validation import (
    check_is_fitted,
    check_random_state,
    column_or_1d,
)

from .._validation._fitting import all_or_nothing
from .._validation._images import check_labels, check_target
from .._validation._private import (
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
    visual_block,
)
from .._validation._samples import (
    check_columns,
    column_table,
    group_samples,
    remember_columns,
)
from .._validation._unreadable import names_unreadable_images
from ._calibration import calibrate, gain_over_chance, score_images
from ._composition import MostProbable, NamedEstimators

__all__ = ["DecisionFusionClassifier"]


class DecisionFusionClassifier(MostProbable, ClassifierMixin, NamedEstimators):
    """A model for each modality, whose calibrated probabilities are combined.

    Each model sees the images of its own column. In inner folds, which no group
    crosses, it predicts what it did not learn from; on these predictions its
    probabilities are calibrated [1]_, and weights or a final estimator are learnt from
    them. (A model that is wrong more often than right there is not believed: it gives
    the prevalence.) Then it learns from all images of its column. A sample is decided
    by the modalities that it has.

    Parameters
    ----------
    estimators : list of (str, classifier)
        Columns of paths, one a modality, and their models, with ``predict_proba`` or
        ``decision_function``.

    weights : None, "cv" or array-like of shape (n_modalities,), default=None
        Weights of the probabilities, over the modalities that a sample has. None: all
        alike, which suits modalities that are about equally good. "cv": the area under
        the ROC curve in the inner folds, above that of chance. Where a sample has only
        modalities of weight 0, these decide alone, all alike. Not used where there is a
        `final_estimator`.

    final_estimator : classifier, default=None
        What combines the modalities in place of a weighted mean (stacking [2]_), so
        that `weights` are not used. It learns from the calibrated log-odds in the inner
        folds and from which modalities are there.

    cv : int, default=5
        Number of inner folds.

    random_state : int, RandomState instance or None, default=None
        Decides the inner folds.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Class labels; the second is the positive one.

    estimators_ : list of classifier
        Fitted models, in the order of `estimators`.

    calibrators_ : list of LogisticRegression
        From the log-odds of each model to calibrated ones.

    weights_ : ndarray of shape (n_modalities,)
        They sum to 1.

    final_estimator_ : classifier or None
        Fitted `final_estimator`.

    named_estimators_ : dict
        Fitted models by their column.

    n_features_in_ : int
        Number of columns.

    feature_names_in_ : ndarray of str
        The columns.

    See Also
    --------
    make_feature_fusion : Fuses features instead.
    sklearn.ensemble.StackingClassifier : Stacks models of one X.

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

    # As in the networks: the column "group" of X tells the groups.
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
        """Fit and calibrate the model of each modality, then what combines them.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            With a column of paths for each modality; None or NaN where it is missing.

        y : array-like of shape (n_samples,)
            Class labels, two of them.

        groups : array-like of shape (n_samples,), default=None
            What must not cross the inner folds, such as the patient. If None, the
            column ``group`` of X; without one, samples that share a file stay
            together.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        self._take_names()
        self._check_models()
        there = check_columns(X, self._columns, type(self).__name__)
        self._check_each_column(there)
        remember_columns(self, self._columns)
        y = check_target(X, y)
        self.classes_, codes = check_labels(y, type(self).__name__)
        self._check_two_classes()
        self._check_weights()
        groups = group_samples(X, self._columns, groups, type(self).__name__)
        # The models find the groups where they find those of any image.
        X = X.assign(group=groups)
        splits = self._split(codes, there, groups)
        self.estimators_, self.calibrators_, self._n_learnt = [], [], {}
        scores, log_odds = np.full((2, *there.shape), np.nan)
        for column, rows in enumerate(there.T):
            own = self._fit_column(X, codes, column, rows, splits)
            scores[rows, column] = own
            calibrator = calibrate(own, codes[rows])
            self.calibrators_.append(calibrator)
            own_odds = calibrator.decision_function(own[:, np.newaxis])
            log_odds[rows, column] = own_odds
        self.weights_ = self._weigh(scores, codes)
        self.final_estimator_ = self._fit_final(log_odds, codes)
        return self

    @names_unreadable_images
    def predict_proba(self, X):
        """Predict probabilities from the modalities that each sample has.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            As in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2), dtype float64
        """
        check_is_fitted(self)
        log_odds = self._predict_log_odds(X)
        if self.final_estimator_ is not None:
            return self.final_estimator_.predict_proba(_with_presence(log_odds))
        weights = np.where(np.isnan(log_odds), 0, self.weights_)
        # All weight on what a sample lacks: then those that it has count alike.
        lost = weights.sum(axis=1) == 0
        weights[lost] = ~np.isnan(log_odds[lost])
        probabilities = expit(np.nan_to_num(log_odds))
        malignant = np.average(probabilities, axis=1, weights=weights)
        return np.column_stack([1 - malignant, malignant])

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
        for name, model in self.estimators:
            says = ("predict_proba", "decision_function")
            if not any(hasattr(model, method) for method in says):
                raise ValueError(
                    "Expected classifiers with predict_proba or decision_function in "
                    f"estimators. Got {type(model).__name__} without them for "
                    f"{name!r}."
                )

    def _check_each_column(self, there):
        for column, rows in zip(self._columns, there.T, strict=True):
            if not rows.any():
                raise ValueError(
                    "Expected an image of each modality in fit. Got none in the column "
                    f"{column!r} of X."
                )

    def _check_two_classes(self):
        if len(self.classes_) != 2:
            raise ValueError(
                f"{type(self).__name__} combines the probabilities of 2 classes. Got "
                f"{len(self.classes_)} classes in y."
            )

    def _split(self, codes, there, groups):
        """Inner folds, alike in class and in which modalities are there."""
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        splitter = StratifiedGroupKFold(self.cv, shuffle=True, random_state=seed)
        strata = np.unique(np.c_[codes, there], axis=0, return_inverse=True)[1]
        with warnings.catch_warnings():  # of strata that are smaller than cv
            warnings.simplefilter("ignore", UserWarning)
            return list(splitter.split(codes, strata.ravel(), groups))

    def _fit_column(self, X, codes, column, rows, splits):
        """Fit one model; return its scores of what it did not learn from."""
        name, estimator = self.estimators[column]
        table, own = column_table(X, name, self._columns), codes[rows]
        scores = np.empty(len(table))
        for train, test in splits:
            train, test = (_positions(rows, part) for part in (train, test))
            if len(test):
                self._check_both_classes(own[train], name, "an inner fold")
                model = clone(estimator).fit(table.iloc[train], own[train])
                scores[test] = score_images(model, table.iloc[test], len(train))
        self._check_both_classes(own, name, "fit")
        self.estimators_.append(clone(estimator).fit(table, own))
        self._n_learnt[name] = len(table)
        return scores

    def _check_both_classes(self, codes, name, where):
        if len(np.unique(codes)) < 2:
            raise ValueError(
                f"Expected images of both classes of each modality in {where}. Got "
                f"{len(codes)} images of {len(np.unique(codes))} of them in {name!r}. "
                "Lower cv, or check the groups."
            )

    def _fit_final(self, log_odds, codes):
        if self.final_estimator is None:
            return None
        return clone(self.final_estimator).fit(_with_presence(log_odds), codes)

    def _weigh(self, scores, codes):
        if self.weights is None:
            weights = np.ones(len(self.estimators))
        elif isinstance(self.weights, str):
            weights = np.array([gain_over_chance(each, codes) for each in scores.T])
        else:
            weights = self._check_weights()
        if not weights.any():  # none is better than chance: then all alike
            weights = np.ones(len(weights))
        return weights / weights.sum()

    def _check_weights(self):
        if self.weights is None or isinstance(self.weights, str):
            return None
        weights = column_or_1d(self.weights).astype(np.float64)
        is_right = np.isfinite(weights).all() and (weights >= 0).all()
        is_right = is_right and weights.any()
        if len(weights) != len(self.estimators) or not is_right:
            raise ValueError(
                f"Expected {len(self.estimators)} weights, one a modality, none below "
                f"0 and one above. Got {self.weights!r}."
            )
        return weights

    def _predict_log_odds(self, X):
        there = check_columns(X, self._columns, type(self).__name__)
        log_odds = np.full(there.shape, np.nan)
        for column, rows in enumerate(there.T):
            if rows.any():
                name, model = self._columns[column], self.estimators_[column]
                table = column_table(X, name, self._columns)
                scores = score_images(model, table, self._n_learnt[name])
                log_odds[rows, column] = self.calibrators_[column].decision_function(
                    scores[:, np.newaxis]
                )
        return log_odds


def _positions(rows, part):
    """Positions, among the rows that are there, of those in a part of all."""
    return (np.cumsum(rows) - 1)[part[rows[part]]]


def _with_presence(log_odds):
    """Log-odds, 0 where a modality is missing, and which are there."""
    return np.hstack([np.nan_to_num(log_odds), ~np.isnan(log_odds)])
