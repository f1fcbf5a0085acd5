"""Fusion of features: images and values of a sample side by side, one classifier."""

from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline
from scipy.sparse import issparse
from sklearn.base import TransformerMixin, clone
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from .._validation._columns import is_present, require_column
from .._validation._fitting import all_or_nothing
from .._validation._private import StrOptions, _fit_context
from .._validation._samples import (
    check_columns,
    column_table,
    remember_columns,
)
from .._validation._unreadable import names_unreadable_images
from ._composition import NamedEstimators

__all__ = ["ModalityFeatures", "make_feature_fusion"]


class ModalityFeatures(TransformerMixin, NamedEstimators):
    """Features of the image, or of the value, in each of several columns, side by side.

    Beside the features of a column stands whether its image, or its value, is missing.
    Features of what is missing are NaN, for an imputer that learns in the fold.

    A column holds values, such as an age or a density, where it holds numbers, where
    its dtype is category, where it passes through, or where its transformer encodes
    categories. Every other column, of text, holds the paths of images: its transformer
    gets them in the column ``image``. Each transformer learns from the rows that have
    an image, or a value. It never sees what is missing, which a feature of its own
    marks.

    Parameters
    ----------
    extractors : list of (str, transformer or "passthrough")
        Columns, and what turns their images, or their values, into features. A
        transformer of values gets a DataFrame of this column alone; "passthrough" takes
        numbers as they are. At least one column holds paths.

    missing : {"nan", "error"}, default="nan"
        What becomes of a sample that lacks an image or a value. One that lacks all
        images is an error in any case, whatever values it has.

    Attributes
    ----------
    extractors_ : list of transformer
        Fitted extractors, in the order of `extractors`.

    named_estimators_ : dict
        Fitted extractors by their column.

    image_columns_ : list of str
        The columns of paths.

    n_features_in_ : int
        Number of columns.

    feature_names_in_ : ndarray of str
        The columns.

    See Also
    --------
    make_feature_fusion : The whole pipeline.
    sklearn.compose.ColumnTransformer : Transforms columns of values.

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
    >>> features = ModalityFeatures([("ultrasound", length), ("age", "passthrough")])
    >>> features.fit_transform(X.assign(age=[np.nan, 63]))
    array([[ 5.,  0., nan,  1.],
           [ 1.,  0., 63.,  0.]])
    """

    _parameter_constraints: dict = {
        "extractors": [list],
        "missing": [StrOptions({"nan", "error"})],
    }

    _named = "extractors"
    _pair = "(column, transformer)"

    def __init__(self, extractors, *, missing="nan"):
        self.extractors = extractors
        self.missing = missing

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y=None):
        """Fit the extractor of each column to the images, or values, that are there.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            With each of the columns; None, NaN or empty text where it lacks an image or
            a value.

        y : None
            Ignored.

        Returns
        -------
        self : object
            Fitted transformer.
        """
        self._take_names()
        self._missing = self.missing
        self._passing = [
            column for column, own in self.extractors if isinstance(own, str)
        ]
        self.image_columns_ = self._find_image_columns(X)
        there = self._check(X)
        remember_columns(self, self._columns)
        self.extractors_, self._n_features = [], {}
        for (column, extractor), rows in zip(self.extractors, there.T, strict=True):
            fitted = self._fit_column(X, column, extractor, rows)
            self.extractors_.append(fitted)
        return self

    @names_unreadable_images
    def transform(self, X):
        """Compute the features of each column.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            As in ``fit``.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features + n_columns)
            For each column its features and, last, 1 where its image, or its value, is
            missing.
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
        table = self._table(X, column, rows)
        if table.empty:
            raise ValueError(
                "Expected an image, or a value, of each column in fit. Got none in "
                f"the column {column!r} of X."
            )
        fitted = _new(extractor).fit(table)
        # The number of NaN where no sample has this column in prediction.
        self._n_features[column] = fitted.transform(table[:1]).shape[1]
        return fitted

    def _block(self, X, column, extractor, rows):
        """Features of one column, and whether they are missing."""
        block = np.full((len(X), self._n_features[column] + 1), np.nan)
        block[:, -1] = ~rows
        if rows.any():
            table = self._table(X, column, rows)
            features = extractor.transform(table)
            block[rows, :-1] = features.toarray() if issparse(features) else features
        return block

    def _table(self, X, column, rows):
        """Rows of one column that hold something: an image table, or values."""
        if column in self.image_columns_:
            return column_table(X, column, self.image_columns_)
        return X.loc[rows, [column]]

    def _find_image_columns(self, X):
        for column in self._columns:
            require_column(X, column, type(self).__name__)
        images = [
            column
            for column, extractor in self.extractors
            if not _holds_values(X, column, extractor)
        ]
        if not images:
            raise ValueError(
                "Expected the paths of images in at least one of the columns "
                f"{self._columns!r} of X. Got values in all of them."
            )
        return images

    def _check(self, X):
        for column in self._columns:
            require_column(X, column, type(self).__name__)
        check_columns(X, self.image_columns_, type(self).__name__)
        there = np.column_stack([is_present(X[column]) for column in self._columns])
        if self._missing == "error" and not there.all():
            row, column = np.argwhere(~there)[0]
            raise ValueError(
                "Expected an image, or a value, in every column. Got none in row "
                f"{row} of {self._columns[column]!r}. Leave out the row, or set "
                "missing='nan'."
            )
        for column in self._passing:
            _check_numbers(X, column, is_present(X[column]))
        return there


def _holds_values(X, column, extractor):
    """Whether a column holds values, such as an age, and not paths."""
    if isinstance(extractor, str) or _encodes_categories(extractor):
        return True
    if isinstance(X[column].dtype, pd.CategoricalDtype):
        return True
    there = X.loc[is_present(X[column]), column]
    return len(there) > 0 and not isinstance(there.iloc[0], str | Path)


def _encodes_categories(extractor):
    """Whether a transformer, or a step of a pipeline, is for categories."""
    steps = [step for _, step in getattr(extractor, "steps", [(None, extractor)])]
    return any(
        get_tags(step).input_tags.categorical
        for step in steps
        if hasattr(step, "__sklearn_tags__")
    )


def _new(extractor):
    """Unfitted transformer of a column."""
    if not isinstance(extractor, str):
        return clone(extractor)
    if extractor != "passthrough":
        raise ValueError(
            f"Expected a transformer, or 'passthrough', for a column. Got "
            f"{extractor!r} instead."
        )
    return FunctionTransformer(_as_numbers, feature_names_out="one-to-one")


def _as_numbers(table):
    return table.to_numpy(dtype=np.float64)


def _check_numbers(X, column, rows):
    """Raise, by its row, where something in a column that passes is no number."""
    try:
        _as_numbers(X.loc[rows, [column]])
    except (TypeError, ValueError):
        # Not what it says: it shows a value.
        rows = np.flatnonzero(rows)
        strange = [row for row in rows if not _is_number(X, column, row)]
        raise ValueError(
            f"Expected numbers in the column {column!r} of X, which passes through. "
            f"Got none in row {strange[0]}. Turn numbers that are written as text into "
            f"numbers, pandas.to_numeric(X[{column!r}], errors='coerce'), and give "
            "categories an encoder in place of 'passthrough', such as OneHotEncoder."
        ) from None


def _is_number(X, column, row):
    try:
        _as_numbers(X[[column]].iloc[[row]])
    except (TypeError, ValueError):
        return False
    return True


def _names_of(extractor, n_features):
    """Names of an extractor's features; numbers where it has none."""
    try:
        return extractor.get_feature_names_out()
    except AttributeError:  # a pipeline has the method, but its steps may not
        return range(n_features)


def make_feature_fusion(extractors, classifier, *, sampler=None, missing="nan"):
    """Make a pipeline that fuses modalities, and values, by their features.

    Features of the image, or of the value, in each column stand side by side. What is
    missing is filled in with the mean of the training fold, and a feature of its own
    marks it. All features are scaled, over-sampled if there is a sampler, and
    classified. Every step learns from the training fold alone.

    Parameters
    ----------
    extractors : list of (str, transformer or "passthrough")
        Columns, and what turns their images, or their values, into features: a
        :class:`~skfusion.feature_extraction.CNNFeatureExtractor` for images, an
        encoder such as :class:`~sklearn.preprocessing.OneHotEncoder` for categories,
        "passthrough" for numbers. :class:`ModalityFeatures` defines which columns hold
        values.

    classifier : classifier
        Of the features.

    sampler : imbalanced-learn sampler, default=None
        Of the features, such as SMOTE.

    missing : {"nan", "error"}, default="nan"
        What becomes of a sample that lacks an image or a value. One that lacks all
        images is an error in any case.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Steps "features", "imputer", "scaler", "sampler" (if there is one) and
        "classifier".

    Examples
    --------
    >>> from imblearn.over_sampling import SMOTE
    >>> from sklearn.preprocessing import OneHotEncoder
    >>> from sklearn.svm import SVC
    >>> from skfusion.feature_extraction import CNNFeatureExtractor
    >>> from skfusion.fusion import make_feature_fusion
    >>> extractor = CNNFeatureExtractor("squeezenet1_1", weights=None)
    >>> extractors = [("mammogram", extractor), ("ultrasound", extractor)]
    >>> fusion = make_feature_fusion(extractors, SVC(), sampler=SMOTE())
    >>> list(fusion.named_steps)
    ['features', 'imputer', 'scaler', 'sampler', 'classifier']

    Beside the images, an age (a number) and a density (a category):

    >>> values = [
    ...     ("age", "passthrough"),
    ...     ("density", OneHotEncoder(handle_unknown="ignore")),
    ... ]
    >>> fusion = make_feature_fusion(extractors + values, SVC())
    """
    steps = [
        ("features", ModalityFeatures(extractors, missing=missing)),
        ("imputer", SimpleImputer()),
        ("scaler", StandardScaler()),
        ("sampler", sampler),
        ("classifier", classifier),
    ]
    return Pipeline([step for step in steps if step[1] is not None])
