"""Fusion of features: the images of a sample side by side, then one classifier."""

import numpy as np
from imblearn.pipeline import Pipeline
from sklearn.base import TransformerMixin, _fit_context, clone
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from .._fitting import all_or_nothing
from ._columns import check_columns, column_table, naming_rows, remember_columns
from ._composition import NamedEstimators

__all__ = ["ModalityFeatures", "make_feature_fusion"]


class ModalityFeatures(TransformerMixin, NamedEstimators):
    """Features of the image in each of several columns, side by side.

    Beside the features of a column stands whether its image is missing. Features of
    what is missing are NaN: an imputer that learns in the fold comes next.

    Parameters
    ----------
    extractors : list of (str, transformer)
        Columns of paths, one a modality, and what turns their images into features.

    missing : {"nan", "error"}, default="nan"
        What becomes of a sample that lacks a modality. One that lacks all of them is
        an error in any case.

    Attributes
    ----------
    extractors_ : list of transformer
        Fitted extractors, in the order of `extractors`.

    named_estimators_ : dict
        Fitted extractors by their column.

    n_features_in_ : int
        Number of columns.

    feature_names_in_ : ndarray of str
        The columns.

    See Also
    --------
    make_feature_fusion : The whole pipeline.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skfusion.fusion import ModalityFeatures
    >>> X = pd.DataFrame({"mammogram": ["a.png", None], "ultrasound": ["b.png", "c"]})
    >>> length = FunctionTransformer(lambda X: X[["image"]].map(len).to_numpy())
    >>> features = ModalityFeatures([("mammogram", length), ("ultrasound", length)])
    >>> features.fit_transform(X)
    array([[ 5.,  0.,  5.,  0.],
           [nan,  1.,  1.,  0.]])
    """

    _parameter_constraints: dict = {
        "extractors": [list],
        "missing": [StrOptions({"nan", "error"})],
    }

    _named = "extractors"

    def __init__(self, extractors, *, missing="nan"):
        self.extractors = extractors
        self.missing = missing

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the extractor of each column to the images that are there.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            With a column of paths for each modality; None or NaN where it is missing.

        y : None
            Ignored.

        Returns
        -------
        self : object
            Fitted transformer.
        """
        with all_or_nothing(self):
            self._take_names()
            there = self._check(X)
            remember_columns(self, self._columns)
            self.extractors_, self._n_features = [], {}
            for (column, extractor), rows in zip(self.extractors, there.T, strict=True):
                fitted = self._fit_column(X, column, extractor, rows)
                self.extractors_.append(fitted)
        return self

    def transform(self, X):
        """Compute the features of each column.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            As in ``fit``.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features + n_modalities)
            For each column its features and, last, 1 where its image is missing.
        """
        check_is_fitted(self)
        there = self._check(X)
        blocks = [
            self._block(X, column, extractor, rows)
            for column, extractor, rows in zip(
                self._columns, self.extractors_, there.T, strict=True
            )
        ]
        return np.concatenate(blocks, axis=1)

    def get_feature_names_out(self, input_features=None):
        """Get the names of the features.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        feature_names_out : ndarray of str
            Those of each extractor behind the name of its column, and, last of each
            column, ``<column>_missing``.
        """
        check_is_fitted(self)
        names = []
        for column, extractor in self.named_estimators_.items():
            own = _names_of(extractor, self._n_features[column])
            names += [f"{column}__{name}" for name in own] + [f"{column}_missing"]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.string = True
        tags.input_tags.allow_nan = self.missing == "nan"
        return tags

    def _fit_column(self, X, column, extractor, rows):
        table = column_table(X, column, self._columns)
        if table.empty:
            raise ValueError(
                "Expected an image of each modality in fit. Got none in the column "
                f"{column!r} of X."
            )
        with naming_rows(np.flatnonzero(rows), column, table["image"]):
            fitted = clone(extractor).fit(table)
            # So many are missing where in prediction no sample has this modality.
            self._n_features[column] = fitted.transform(table[:1]).shape[1]
        return fitted

    def _block(self, X, column, extractor, rows):
        """Features of one column, and whether they are missing."""
        block = np.full((len(X), self._n_features[column] + 1), np.nan)
        block[:, -1] = ~rows
        if rows.any():
            table = column_table(X, column, self._columns)
            with naming_rows(np.flatnonzero(rows), column, table["image"]):
                block[rows, :-1] = extractor.transform(table)
        return block

    def _check(self, X):
        there = check_columns(X, self._columns)
        if self.missing == "error" and not there.all():
            row, column = np.argwhere(~there)[0]
            raise ValueError(
                f"Expected an image in every column. Got none in row {row} of "
                f"{self._columns[column]!r}. Leave out the row, or set missing='nan'."
            )
        return there


def _names_of(extractor, n_features):
    """Names of an extractor's features; numbers where it has none."""
    try:
        return extractor.get_feature_names_out()
    except AttributeError:  # a pipeline has the method, but its steps may not
        return range(n_features)


def make_feature_fusion(extractors, classifier, *, sampler=None, missing="nan"):
    """Make a pipeline that fuses modalities by their features.

    Features of the image in each column stand side by side; what is missing is filled
    in with the mean of the training fold, and told by a feature of its own; all are
    scaled, balanced if asked for, and classified. Everything that learns, learns in
    the fold.

    Parameters
    ----------
    extractors : list of (str, transformer)
        Columns of paths, one a modality, and what turns their images into features,
        such as a :class:`~skfusion.feature_extraction.CNNFeatureExtractor`.

    classifier : classifier
        Of the features.

    sampler : imbalanced-learn sampler, default=None
        Of the features, such as SMOTE.

    missing : {"nan", "error"}, default="nan"
        What becomes of a sample that lacks a modality.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Steps "features", "imputer", "scaler", "sampler" (if there is one) and
        "classifier".

    Examples
    --------
    >>> from imblearn.over_sampling import SMOTE
    >>> from sklearn.svm import SVC
    >>> from skfusion.feature_extraction import CNNFeatureExtractor
    >>> from skfusion.fusion import make_feature_fusion
    >>> extractor = CNNFeatureExtractor("squeezenet1_1", weights=None)
    >>> extractors = [("mammogram", extractor), ("ultrasound", extractor)]
    >>> fusion = make_feature_fusion(extractors, SVC(), sampler=SMOTE())
    >>> list(fusion.named_steps)
    ['features', 'imputer', 'scaler', 'sampler', 'classifier']
    """
    steps = [
        ("features", ModalityFeatures(extractors, missing=missing)),
        ("imputer", SimpleImputer()),
        ("scaler", StandardScaler()),
        ("sampler", sampler),
        ("classifier", classifier),
    ]
    return Pipeline([step for step in steps if step[1] is not None])
