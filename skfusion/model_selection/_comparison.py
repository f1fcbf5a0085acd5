"""The results of a comparison: tables, tests and plots."""

from numbers import Integral

import numpy as np

from .._validation._private import Interval, validate_params
from .._validation._unreadable import names_unreadable_images
from ._comparison_views import ComparisonViews
from ._error_sheet import draw_errors
from ._external import check_external, predict_external, refit_model
from ._lost_in_pickles import require_data, without_data
from ._paired_tests import paired_tests
from ._plot._select import check_choice
from ._score_checks import find_probabilities, warn_of_missing_scores
from ._summary_table import SummaryTable, add_summary
from ._tables import (
    ALL,
    CROSS_VALIDATION,
    fold_table,
    prediction_table,
    row_table,
    training_table,
)

__all__ = ["ModelComparison"]


class ModelComparison(ComparisonViews):
    """Results of several models on the same folds.

    :func:`compare_models` returns it. ``print(comparison)`` shows one table of every
    model, and a notebook the same as HTML. A pickle or copy holds the tables and no
    data, paths, patients or models: the methods ``errors``, ``refit`` and ``external``
    then raise an error.

    Read more in the :ref:`User Guide <comparison>`.

    Attributes
    ----------
    folds : DataFrame
        One row for each ``model``, ``fold`` and ``modality`` ("all", then each), with
        ``n`` images, ``kappa`` and ``accuracy``. The rows of "all" have ``fit_time``
        and ``score_time`` (seconds), and ``test_<name>`` of each scorer of `scoring`.
        ``threads`` is the number of threads that computed a fit.

    summary : DataFrame
        One row for each ``model``, ``data``, ``modality`` and ``measure`` of
        :func:`~skfusion.metrics.classification_summary` over the pooled predictions,
        with ``estimate``, ``lower``, ``upper``, ``n`` predictions and
        ``n_groups``. ``data`` is "cross-validation" or the name of an external data
        set. It can be called: ``summary(level="image", by=None)`` returns such a table
        of images, breasts or patients (`level`), with one part for each value of a
        column of X or of an array with one value for each row of X (`by`), and
        ``summary(at="specificity=0.9")`` that of an :ref:`operating point
        <operating_points>`.

    predictions : DataFrame
        One row for each ``model``, ``fold`` and predicted ``row`` of X, with ``group``
        (a number, not the name), ``modality``, ``view``, ``laterality`` and ``dataset``
        if they are known, ``y_true``, ``y_pred`` and ``y_score``, the score of the
        positive class. It holds no path.

    externals : dict of str to DataFrame
        Predictions of each external data set, by its name; ``fold`` is 0.

    training : DataFrame
        One row for each ``model``, ``fold``, ``member`` and ``epoch`` of each trained
        network, with ``train_loss`` and, with early stopping, ``valid_loss``.

    splits : list of (ndarray, ndarray)
        Training rows and predicted rows, the same for every model.

    labels : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    See Also
    --------
    compare_models : Make a comparison.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import compare_models
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(rng.integers(2, size=60), 2)
    >>> X = y[:, np.newaxis] + rng.normal(size=(120, 3))
    >>> patient = np.arange(120) // 2
    >>> models = [("prior", DummyClassifier()), ("linear", LogisticRegression())]
    >>> study = compare_models(models, X, y, groups=patient, cv=3)
    >>> per_patient = study.summary(level="patient").query("measure == 'kappa'")
    >>> per_patient[["model", "n", "n_groups"]].to_numpy().tolist()
    [['prior', 60, 60], ['linear', 60, 60]]
    >>> other = rng.normal(size=(40, 3)), np.tile([0, 1], 20)
    >>> study.external("noise", *other, groups=1000 + np.arange(40)).externals.keys()
    dict_keys(['noise'])
    """

    def __init__(
        self, results, data, estimators, *, error_score=np.nan, runs=None, origin=None
    ):
        rows = row_table(data)
        self.splits = data.splits
        self.labels = data.labels
        self.predictions = prediction_table(results, data.splits, rows)
        self.folds = fold_table(
            results, data.splits, rows, self.predictions, error_score
        ).assign(threads=data.threads_per_fit)
        self.training = training_table(results)
        self.externals = {}
        self._has_probabilities = find_probabilities(results)
        self._data = data
        self._estimators = dict(estimators)
        self._error_score = error_score
        self._origin = origin or {}
        self._is_ordered = data.is_ordered
        self._n_samples = len(data.y)
        self._external_data = {}
        self._refitted = {}
        self._runs = runs or {}  # where and how its fits run
        self._inner = None  # scores of the training parts, once they are needed
        warn_of_missing_scores(self.predictions, self.labels, self._estimators)
        self.summary = add_summary(self, CROSS_VALIDATION, self.predictions)

    def refit(self, model):
        """Fit a clone of a model on all data of the comparison.

        It is fitted once and kept: another call, and ``external``, use the same one. As
        many threads compute it as a fold.

        Parameters
        ----------
        model : str
            Name of the model.

        Returns
        -------
        estimator : classifier
            The fitted clone. Its score on these data is too good.

        Raises
        ------
        ValueError
            If no model has this name, or the comparison was pickled or copied.
        """
        require_data(self, "refit")
        self._check_model(model)
        if model not in self._refitted:
            self._refitted[model] = refit_model(self._estimators[model], self._data)
        return self._refitted[model]

    @names_unreadable_images
    def external(self, name, X, y, groups=None):
        """Evaluate every model on another data set, which no fold has seen.

        Every model is fitted on all data of the comparison, once for any number of
        external data sets. Its predictions are added to ``externals``, and its measures
        to ``summary``, to the printed tables and to the plots. If it is interrupted,
        nothing is added, and the models that were fitted are kept.

        Parameters
        ----------
        name : str
            Name of the data set in the tables.

        X : DataFrame, list or ndarray
            Images, in the same form as those of the comparison.

        y : array-like of shape (n_samples,)
            Class labels.

        groups : array-like of shape (n_samples,), default=None
            Groups, usually the patients, for the intervals. If None, the column
            ``group`` of X; without it, every row is a group, with a warning.

        Returns
        -------
        self : ModelComparison

        Raises
        ------
        ValueError
            If the name is taken, a group or an image (an equal file, or equal pixels or
            features) is in the comparison, too, a label is unknown, every model fails,
            or the comparison was pickled or copied. Images that were saved again as
            other files, and near-duplicates, are not found: use :func:`check_split`.

        Warns
        -----
        DataQualityWarning
            If no groups are known.

        FitFailedWarning
            If a model fails. It is left out, and the other results are kept. With
            ``error_score="raise"`` in :func:`compare_models` the error is raised.
        """
        require_data(self, "external")
        taken = [CROSS_VALIDATION, *self.externals]
        data = check_external(name, X, y, groups, self._data, taken)
        table = predict_external(self, name, data)
        warn_of_missing_scores(table, self.labels, self._estimators)
        self.summary = add_summary(self, name, table)
        self.externals[name] = table
        self._external_data[name] = data
        return self

    @validate_params(
        {
            "model": [str],
            "n": [Interval(Integral, 1, 40, closed="both")],
            "data": [str],
            "saliency": [callable, None],
        },
        prefer_skip_nested_validation=True,
    )
    def errors(self, model, n=12, *, data=CROSS_VALIDATION, saliency=None):
        """Draw the worst mistakes of a model: the most confident wrong predictions.

        The title of an image is its true and predicted class, score, row of X and fold.
        The confidence is the distance of the score from the threshold, 0.5 for
        probabilities and 0 for decision values. Without scores, mistakes are drawn in
        the order of the rows. A row that is predicted repeatedly is drawn once.

        Parameters
        ----------
        model : str
            Name of the model.

        n : int, default=12
            Greatest number of rows that are drawn, 40 at most.

        data : str, default="cross-validation"
            Name of an external data set, or the out-of-fold predictions.

        saliency : callable, default=None
            Function of a model and X, such as :func:`skfusion.inspection.saliency`,
            whose maps are drawn. Models of the folds are fitted again for it.

        Returns
        -------
        figure : :class:`matplotlib.figure.Figure`
            Of a row with several images, as for fusion, they stand side by side.

        Raises
        ------
        ValueError
            If no model or data set has this name, X holds no images, or the comparison
            was pickled or copied.

        ImageReadError
            If an image cannot be read any more.
        """
        require_data(self, "errors")
        self._check_model(model)
        return draw_errors(self, model, n, data, saliency)

    def tests(
        self,
        measure="kappa",
        method="bootstrap",
        *,
        data=CROSS_VALIDATION,
        modality=ALL,
    ):
        """Test the :ref:`difference of every pair of models <comparing_two_models>`.

        Parameters
        ----------
        measure : str, default="kappa"
            Measure of the summary, except the prevalence.

        method : {"bootstrap", "t_test", "delong"}, default="bootstrap"
            Bootstrap of patients, :func:`~skfusion.metrics.corrected_resampled_ttest`
            of the folds, or :func:`~skfusion.metrics.delong_test`, of the AUC only.

        data : str, default="cross-validation"
            Name of an external data set, or the out-of-fold predictions.

        modality : str, default="all"
            "all", or one modality.

        Returns
        -------
        tests : DataFrame
            ``model``, ``reference``, ``measure``, ``difference``, ``lower``, ``upper``,
            ``p``, ``p_holm`` (corrected for all pairs), ``n_groups``; NaN if undefined.

        Raises
        ------
        ValueError
            If there is one model only, or the method does not test the measure or data.
        """
        return paired_tests(self, measure, method, data, modality)

    def __getstate__(self):
        return without_data(self.__dict__)

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.summary = SummaryTable(self.summary, self)

    def _tables(self):
        """Predictions of each data set, by its name."""
        return {CROSS_VALIDATION: self.predictions, **self.externals}

    def _find_data(self, data):
        """X of the cross-validation or of an external data set; None in a pickle."""
        known = {CROSS_VALIDATION: self._data, **self._external_data}.get(data)
        return None if known is None else known.X

    def _check_model(self, model):
        check_choice("model", model, self.folds["model"].unique().tolist())
