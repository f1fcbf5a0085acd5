"""Fusion of features: images and values of a sample side by side, one classifier."""

from functools import partial

import numpy as np
from imblearn.pipeline import Pipeline
from scipy.sparse import issparse
from sklearn.base import TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from .._validation._fitting import all_or_nothing
from .._validation._private import (
    StrOptions,
    _check_feature_names_in,
    _fit_context,
)
from .._validation._samples import check_any_image, check_samples
from .._validation._unreadable import names_unreadable_images
from ._composition import NamedEstimators
from ._values import check_numbers, names_of, new_transformer, takes_text, takes_values

__all__ = ["ModalityFeatures", "make_feature_fusion"]


class ModalityFeatures(TransformerMixin, NamedEstimators):
    """Transformer that puts the features of several columns side by side.

    A column holds images or values, such as an age or a density. The features of each
    column are followed by one that is 1 where its image or value is missing. Features
    of a missing image or value are NaN, which an imputer fills in the fold.

    A column holds values if it holds numbers, if its dtype is category, if it passes
    through, or if its transformer encodes categories. Every other column, of text,
    holds the paths of images, which its transformer gets in the column ``image``. Each
    transformer learns from the rows that have an image, or a value.

    Parameters
    ----------
    transformers : list of (str, transformer) or (str, transformer, str or int)
        One transformer, or "passthrough", per column: (column, transformer), or (name,
        transformer, column), where the column may be given by its position. A
        transformer of values gets a DataFrame of this column alone; "passthrough" takes
        numbers as they are.

    missing : {"nan", "error"}, default="nan"
        Whether the features of a missing image or value are NaN, or it is an error. A
        sample that lacks all images is always an error, if a column holds images.

    Attributes
    ----------
    transformers_ : list of transformer
        Fitted transformers, in the order of `transformers`.

    named_transformers_ : Bunch
        Fitted transformers by their name, which is the column where none was given.

    image_columns_ : list of str or int
        The columns of paths.

    n_features_in_ : int
        Number of columns: of those used if they have names, else of all.

    feature_names_in_ : ndarray of str
        Names of these columns, if they have names.

    See Also
    --------
    make_feature_fusion : Make the whole pipeline.
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
        "transformers": [list],
        "missing": [StrOptions({"nan", "error"})],
    }

    _list = "transformers"
    _forms = "(column, transformer) or (name, transformer, column)"

    def __init__(self, transformers, *, missing="nan"):
        self.transformers = transformers
        self.missing = missing

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y=None):
        """Fit the transformer of each column to the images, or values, it has.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            With each of the columns; None, NaN or empty text where an image or a value
            is missing. It is a DataFrame where columns are given by name.

        y : None
            Ignored.

        Returns
        -------
        self : object
            Fitted transformer.
        """
        self._store_names()
        self._missing = self.missing
        transformers = [transformer for _, transformer in self._pairs]
        self._take_text = [takes_text(each) for each in transformers]
        self._passing = [isinstance(each, str) for each in transformers]
        find = partial(self._find_values, transformers)
        samples = self._check(X, reset=True, find_values=find)
        pairs = zip(self._columns, samples.of_values, strict=True)
        self.image_columns_ = [name for name, of_values in pairs if not of_values]
        self.transformers_, self._n_features = [], []
        for place, transformer in enumerate(transformers):
            self._fit_column(samples.part(place), samples.columns[place], transformer)
        return self

    @names_unreadable_images
    def transform(self, X):
        """Compute the features of each column.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            The same columns as in ``fit``.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features + n_columns)
            The features of each column, followed by 1 where its image, or its value, is
            missing.
        """
        check_is_fitted(self)
        samples = self._check(X)
        blocks = [self._block(samples, place) for place in range(len(samples.columns))]
        return np.concatenate(blocks, axis=1)

    @property
    def named_transformers_(self):
        """Fitted transformers by their name."""
        return self._by_name(self.transformers_)

    def get_feature_names_out(self, input_features=None):
        """Get the names of the features.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Checked against the columns, and not used.

        Returns
        -------
        feature_names_out : ndarray of str
            The names ``<name>__<feature>`` of the features of each transformer,
            followed by ``<name>_missing``.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        names = []
        for name, transformer, n_features in zip(
            self._names, self.transformers_, self._n_features, strict=True
        ):
            features = names_of(transformer, n_features)
            names += [f"{name}__{feature}" for feature in features]
            names.append(f"{name}_missing")
        return np.array(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.string = True
        tags.input_tags.allow_nan = self.missing == "nan"
        return tags

    def _find_values(self, transformers, table, columns):
        """Return which columns hold values; by name, one must hold images."""
        pairs = list(zip(columns, transformers, strict=True))
        of_values = [takes_values(table[column], each) for column, each in pairs]
        if all(of_values) and isinstance(self._columns[0], str):
            raise ValueError(
                "Expected the paths of images in at least one of the columns "
                f"{columns!r} of X. Got values in all of them."
            )
        return of_values

    def _check(self, X, **options):
        """Check each column; return the samples."""
        options |= {"any_image": False, "take_text": self._take_text}
        samples = check_samples(self, X, self._columns, **options)
        present, images = samples.present, samples.image_columns
        if images:
            are_images = ~np.array(samples.of_values)
            check_any_image(present[:, are_images], images)
        if self._missing == "error" and not present.all():
            row, place = np.argwhere(~present)[0]
            raise ValueError(
                "Expected an image, or a value, in every column. Got none in row "
                f"{row} of {samples.columns[place]!r}. Leave out the row, or set "
                "missing='nan'."
            )
        for place in np.flatnonzero(self._passing):
            check_numbers(samples.table, samples.columns[place], present[:, place])
        return samples

    def _fit_column(self, table, column, transformer):
        if table.empty:
            raise ValueError(
                "Expected an image, or a value, of each column in fit. Got none in "
                f"the column {column!r} of X."
            )
        fitted = new_transformer(transformer).fit(table)
        self.transformers_.append(fitted)
        # The number of NaN where no sample has this column in prediction.
        self._n_features.append(fitted.transform(table[:1]).shape[1])

    def _block(self, samples, place):
        """Compute the features of one column, and whether they are missing."""
        rows = samples.present[:, place]
        block = np.full((len(rows), self._n_features[place] + 1), np.nan)
        block[:, -1] = ~rows
        if rows.any():
            features = self.transformers_[place].transform(samples.part(place))
            block[rows, :-1] = features.toarray() if issparse(features) else features
        return block


def make_feature_fusion(transformers, classifier, *, sampler=None, missing="nan"):
    """Make a pipeline that fuses modalities, and values, by their features.

    The features of the image, or of the value, in each column stand side by side. The
    mean of the training fold fills in what is missing, and one feature per column marks
    it. All features are scaled, over-sampled if there is a sampler, and classified.
    Every step learns from the training fold alone.

    Parameters
    ----------
    transformers : list of (str, transformer) or (str, transformer, str or int)
        The same as in :class:`ModalityFeatures`, which defines which columns hold
        values: a :class:`~skfusion.feature_extraction.CNNFeatureExtractor` for images,
        an encoder such as :class:`~sklearn.preprocessing.OneHotEncoder` for categories,
        "passthrough" for numbers.

    classifier : classifier
        Classifier of the features.

    sampler : imbalanced-learn sampler, default=None
        Sampler of the features, such as SMOTE.

    missing : {"nan", "error"}, default="nan"
        The same as in :class:`ModalityFeatures`.

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
    >>> transformers = [("mammogram", extractor), ("ultrasound", extractor)]
    >>> fusion = make_feature_fusion(transformers, SVC(), sampler=SMOTE())
    >>> list(fusion.named_steps)
    ['features', 'imputer', 'scaler', 'sampler', 'classifier']

    Beside the images, an age (a number) and a density (a category):

    >>> values = [
    ...     ("age", "passthrough"),
    ...     ("density", OneHotEncoder(handle_unknown="ignore")),
    ... ]
    >>> fusion = make_feature_fusion(transformers + values, SVC())
    """
    steps = [
        ("features", ModalityFeatures(transformers, missing=missing)),
        ("imputer", SimpleImputer()),
        ("scaler", StandardScaler()),
        ("sampler", sampler),
        ("classifier", classifier),
    ]
    return Pipeline([step for step in steps if step[1] is not None])
