"""A classifier of breasts by all images of the exam."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import check_is_fitted, check_random_state

from .._validation._columns import GROUP, LATERALITY, require_values
from .._validation._fitting import all_or_nothing
from .._validation._groups import check_groups, find_groups
from .._validation._image_table import holds_paths, image_table
from .._validation._images import check_labels, check_target
from .._validation._private import (
    BaseSearchCV,
    HasMethods,
    Interval,
    _fit_context,
    _num_samples,
    _safe_indexing,
)
from .._validation._unreadable import names_unreadable_images
from ._calibration import calibrate, score_images, warn_of_chance
from ._composition import MostProbable, check_positive_class, copy_input_attributes
from ._inner_folds import join_groups, split_inner

__all__ = ["BreastClassifier"]


class BreastClassifier(
    MostProbable, MetaEstimatorMixin, ClassifierMixin, BaseEstimator
):
    """Classifier that predicts each breast from its views and from the other breast.

    A radiologist reads both views of a breast, and compares it with the other one. Here
    a classifier of images scores each image, and a final classifier learns how the
    scores of a breast become its probability [1]_. It learns from scores in inner
    folds, which no patient crosses, so that no image is scored by a model that learnt
    from it. Each breast counts once there, however many images it has.

    The scores are calibrated [2]_. The final classifier reads two numbers of each
    breast: the mean of the log-odds of its images, and the difference of this mean from
    that of the other breast, which is 0 where X holds no image of the other breast.

    X has one row per image, and all images of a breast get the same probability, which
    depends on the other images of the patient in X. Pass all images of an exam to one
    ``predict``, and no other exam of the same patient.

    Read more in the :ref:`User Guide <breasts>`.

    Parameters
    ----------
    estimator : classifier
        Classifier of images, with ``predict_proba`` or ``decision_function``. It
        receives the rows of X with all columns. A search receives the groups: its `cv`
        must keep them together, since the images of a patient are several rows.

    final_estimator : classifier, default=None
        Classifier of breasts, with ``predict_proba``. None stands for
        ``LogisticRegression()``, whose probabilities follow the prevalence in ``fit``;
        pass ``LogisticRegression(class_weight="balanced")`` to weigh both classes
        alike. A search receives the groups here, too.

    cv : int, default=5
        Number of inner folds. The classifier of images is fitted once in each, and once
        to all images.

    random_state : int, RandomState instance or None, default=None
        Controls the inner folds.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Class labels; the second is the positive one.

    estimator_ : classifier
        The classifier of images, fitted to all of them.

    calibrator_ : LogisticRegression
        Map from its scores to calibrated log-odds, which is learnt from the mean scores
        of the breasts. It is flat, with a warning, if malignant breasts do not have
        higher scores in the inner folds. Then all breasts get the same probability.

    final_estimator_ : classifier
        The classifier of breasts, fitted to the log-odds in the inner folds.

    n_features_in_ : int
        Number of columns that the classifier of images uses, if it has this attribute.

    feature_names_in_ : ndarray of str
        Names of these columns, if they have names.

    See Also
    --------
    LevelAggregator : Classifier that combines images by a fixed rule, such as the mean.
    PatchClassifier : Classifier of images by their patches, which may be `estimator`.
    skfusion.metrics.make_level_scorer : Scorer that counts each breast once.

    Notes
    -----
    Neither the number of images nor the presence of the other breast is a feature.
    Both depend on why and how an exam was made, and in some data sets they reveal the
    class. The greatest score grows with the number of images, and is no feature.

    X with neither of the columns ``group`` and ``laterality``, such as an array or a
    list of paths, shows no breasts: each row is a breast without another one.

    References
    ----------
    .. [1] Wolpert, "Stacked generalization", Neural Networks 5, 1992.
    .. [2] Platt, "Probabilistic outputs for support vector machines", 1999.

    Examples
    --------
    Women differ in the density of their breasts, which hides many lesions where each
    breast is seen alone. The difference of both breasts shows them:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.metrics import roc_auc_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfusion.fusion import BreastClassifier, LevelAggregator
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(
    ...     {
    ...         "group": np.arange(200).repeat(4),
    ...         "laterality": np.tile(["L", "L", "R", "R"], 200),
    ...     }
    ... )
    >>> side = rng.choice(["L", "R", "none"], 200)  # of the cancer
    >>> y = (X["laterality"] == side.repeat(4)).astype(int)
    >>> density = rng.normal(size=200).repeat(4) + rng.normal(scale=0.3, size=800)
    >>> X["white"] = density + 0.7 * y
    >>> image = make_pipeline(
    ...     make_column_transformer(("passthrough", ["white"])), LogisticRegression()
    ... )
    >>> for model in (LevelAggregator(image), BreastClassifier(image, random_state=0)):
    ...     y_score = model.fit(X[:400], y[:400]).predict_proba(X[400:])[:, 1]
    ...     print(f"{roc_auc_score(y[400:], y_score):.2f}")
    0.61
    0.96
    """

    _parameter_constraints: dict = {
        "estimator": [
            HasMethods(["fit", "predict_proba"]),
            HasMethods(["fit", "decision_function"]),
        ],
        "final_estimator": [HasMethods(["fit", "predict_proba"]), None],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    # The same as in the networks: the column "group" of X holds the groups.
    __metadata_request__fit = {"groups": False}

    def __init__(self, estimator, *, final_estimator=None, cv=5, random_state=None):
        self.estimator = estimator
        self.final_estimator = final_estimator
        self.cv = cv
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y, groups=None):
        """Fit the classifier of images, then that of breasts.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns), or another form of X
            With the columns ``group``, the patient, and ``laterality``.

        y : array-like of shape (n_samples,)
            Class of each image, two of them. All images of a breast have the same
            class; the breasts of a patient may differ.

        groups : array-like of shape (n_samples,), default=None
            Groups that no inner fold splits, such as families of near-duplicates. The
            images of a patient stay together in any case. Without groups and columns,
            copies of an image do.

        Returns
        -------
        self : object
            Fitted classifier.

        Raises
        ------
        ValueError
            If the images of a breast differ in class, an inner fold lacks a class, X
            has only one of the columns ``group`` and ``laterality``, or more than two
            values of ``laterality``.
        """
        X, groups = _find_groups(X, groups)
        breasts, patients = self._breasts_of(X, reset=True)
        groups = join_groups(patients, groups)
        y = check_target(X, y)
        self.classes_, codes = check_labels(y, type(self).__name__)
        check_positive_class(self.classes_, type(self).__name__)
        _check_one_class_each(breasts, codes)
        scores = self._score_out_of_fold(X, codes, groups)
        self.estimator_ = self._fit_images(X, codes, groups, np.arange(len(codes)))
        self._n_learnt = len(codes)
        copy_input_attributes(self, self.estimator_)
        means, targets = _mean(scores, breasts), _first(codes, breasts)
        self.calibrator_ = calibrate(means, targets)
        warn_of_chance(self.calibrator_, type(self).__name__, "images", "breasts")
        table = self._describe(scores, breasts, patients)
        final = self.final_estimator
        final = LogisticRegression() if final is None else final
        self.final_estimator_ = _fit(final, table, targets, _first(groups, breasts))
        return self

    @names_unreadable_images
    def predict_proba(self, X):
        """Predict the probabilities of the breast of each image.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns), or another form of X
            The complete exam of each patient, with the same columns as in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2), dtype float64
            In the order of X, and the same for all images of a breast.
        """
        check_is_fitted(self)
        breasts, patients = self._breasts_of(X)
        scores = score_images(self.estimator_, X, self._n_learnt)
        table = self._describe(scores, breasts, patients)
        return self.final_estimator_.predict_proba(table)[breasts]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = get_tags(self.estimator).input_tags.allow_nan
        return tags

    def _breasts_of(self, X, reset=False):
        """Return the number of the breast, and of the patient, of each row."""
        if reset:
            columns = getattr(X, "columns", ())
            self._has_sides = GROUP in columns or LATERALITY in columns
        if not self._has_sides:
            rows = np.arange(_num_samples(X))
            return rows, rows
        for column in (GROUP, LATERALITY):
            require_values(X, column, type(self).__name__)
        _check_two_sides(X[LATERALITY])
        patients = pd.factorize(X[GROUP])[0]
        breasts = X.groupby([GROUP, LATERALITY], sort=False, observed=True).ngroup()
        return breasts.to_numpy(), patients

    def _score_out_of_fold(self, X, codes, groups):
        """Score each image by a model that did not learn from its group."""
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        every_row = np.ones((len(codes), 1))
        scores = np.empty(len(codes))
        for train, test in split_inner(codes, every_row, groups, cv=self.cv, seed=seed):
            if len(test):
                model = self._fit_images(X, codes, groups, train)
                scores[test] = score_images(model, _safe_indexing(X, test), len(train))
        return scores

    def _fit_images(self, X, codes, groups, rows):
        """Fit the classifier of images to some rows."""
        n_classes = len(np.unique(codes[rows]))
        if n_classes < 2:
            raise ValueError(
                "Expected images of both classes in each inner fold. Got "
                f"{len(rows)} images of {n_classes} of them. Lower cv, or check the "
                "groups."
            )
        X = _safe_indexing(X, rows)
        return _fit(self.estimator, X, codes[rows], groups[rows])

    def _describe(self, scores, breasts, patients):
        """Return what the final estimator reads, of shape (n_breasts, 2)."""
        log_odds = self.calibrator_.decision_function(scores[:, np.newaxis])
        means = pd.Series(_mean(log_odds, breasts))
        of_patient = means.groupby(_first(patients, breasts))
        has_other = of_patient.transform("size") == 2
        others = of_patient.transform("sum") - means
        return np.column_stack([means, (means - others).where(has_other, 0)])


def _fit(estimator, X, y, groups):
    """Fit a clone; a search passes the groups to its own splitter."""
    options = {"groups": groups} if isinstance(estimator, BaseSearchCV) else {}
    return clone(estimator).fit(X, y, **options)


def _find_groups(X, groups):
    """Return X in a form whose rows can be taken, and the code of each group."""
    if holds_paths(X):
        return X, check_groups(image_table(X), groups)
    if not isinstance(X, pd.DataFrame):
        X = check_array(X, dtype=None, allow_nd=True, ensure_all_finite=False)
    groups = find_groups(X, groups)
    # The rows of a table of numbers are compared as those of an array are.
    return X, check_groups(np.asarray(X) if groups is None else X, groups)


def _check_two_sides(laterality):
    sides = laterality.unique().tolist()
    if len(sides) > 2:
        raise ValueError(
            "Expected at most two values in the column 'laterality' of X, such as 'L' "
            f"and 'R'. Got {sides[:10]!r} instead. Use one value for each side."
        )


def _check_one_class_each(breasts, codes):
    """Raise an error that names the rows of the first breast of two classes."""
    wrong = np.flatnonzero(codes != _first(codes, breasts)[breasts])
    if len(wrong):
        rows = np.flatnonzero(breasts == breasts[wrong[0]]).tolist()
        raise ValueError(
            "Expected the same class for all images of a breast. Got two classes in "
            f"the rows {rows[:10]!r} of X, which are images of one breast. Give all "
            "images of a breast one class, such as the worst one."
        )


def _first(values, breasts):
    """Return the value of the first image of each breast."""
    return values[np.unique(breasts, return_index=True)[1]]


def _mean(scores, breasts):
    return pd.Series(scores).groupby(breasts).mean().to_numpy()
