"""Over-sampling with augmented copies."""

from typing import ClassVar

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_sampling_strategy, check_target_type
from sklearn.preprocessing import label_binarize
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from .._validation._columns import require_column, require_values
from .._validation._image_table import holds_paths
from .._validation._private import ArraysTransformer, _fit_context
from ..exceptions import DataQualityWarning, warn_user
from ._forms import (
    augment_copies,
    draw_seeds,
    holds_files,
    names_of,
    seeded_table,
    take,
)

__all__ = ["ImageOverSampler"]


class ImageOverSampler(BaseOverSampler):
    """Over-sample the smaller classes with freshly augmented copies.

    Images of the smaller classes are drawn at random with replacement. Every copy has
    its own augmentation, so that no two pictures are the same, with any model. Arrays
    of images are augmented at once; rows of paths get a column ``augmentation``, the
    seed with which :class:`~skfusion.images.ImageSource` augments the row when it
    reads it.

    Like every sampler it belongs inside a pipeline, after the split, and acts in
    ``fit`` only: copies made before a split are on both of its sides.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        How many copies to add, the same as in
        :class:`~imblearn.over_sampling.RandomOverSampler`. With `by`, it applies
        inside each value of that column.

    by : str, default=None
        Column of X inside whose values the classes are balanced, usually
        ``"modality"``: where the modalities differ in prevalence, a model can predict
        the class from the modality alone. It requires a DataFrame.

    augmentation : bool, default=True
        Whether copies are augmented. If False they are plain copies, and the form of
        X does not change.

    random_state : int, RandomState instance or None, default=None
        Determines which rows are copied, and the augmentation of each copy.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of copies to add of each class; with `by`, one such dict for each
        value of the column.

    sample_indices_ : ndarray of shape (n_samples_new,)
        Row of X from which each row of the result comes; the rows of X come first.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X. Defined only if all names are strings.

    See Also
    --------
    skfusion.images.augment_image : The augmentation.
    imblearn.over_sampling.RandomOverSampler : Plain copies; works on DataFrames of
        paths too.

    Notes
    -----
    The form of the result depends on the form of X:

    - For an array of images, (n_samples, height, width[, n_channels]), it is an array
      of the same dtype, whose added images are augmented. An inner split after the
      sampler cannot recognise copies in it: with early stopping, use a DataFrame.
    - For a DataFrame with a column ``image``, it has the same columns and
      ``augmentation`` (int64; 0 for the rows of X, or the seed that they had).
    - For a list, Series, 1-D or (n_samples, 1) array of paths, it is a DataFrame with
      the columns ``image`` and ``augmentation``, because a list cannot hold the seed.
      In an (n_samples, 1) array, strings without an extension or a folder are treated
      as values, the same as in imbalanced-learn.
    - For a 2-D numeric or sparse array, or another DataFrame, it has plain copies.
      Rows of numbers have no known geometry: reshape flattened images to augment them.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.over_sampling import ImageOverSampler
    >>> X = pd.DataFrame({"image": ["a.png", "b.png", "c.png"], "group": [1, 2, 3]})
    >>> sampler = ImageOverSampler(random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, [0, 0, 1])
    >>> X_new[["image", "group"]].to_numpy().tolist()
    [['a.png', 1], ['b.png', 2], ['c.png', 3], ['c.png', 3]]
    >>> (X_new["augmentation"] > 0).tolist(), y_new
    ([False, False, False, True], [0, 0, 1, 1])
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseOverSampler._parameter_constraints,
        "by": [str, None],
        "augmentation": ["boolean"],
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        by=None,
        augmentation=True,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.by = by
        self.augmentation = augmentation
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, **params):
        """Check X and y and count the copies. Use ``fit_resample`` to add them.

        Parameters
        ----------
        X : DataFrame, Series, list, ndarray or sparse matrix
            Images, in any form.

        y : array-like of shape (n_samples,)
            Class labels.

        **params : dict
            Ignored, for compatibility with imbalanced-learn.

        Returns
        -------
        self : ImageOverSampler
            The sampler.
        """
        values = self._values_of_by(X)
        X, y, _ = self._check_X_y(X, y)
        self._plan(y, values)
        return self

    # imbalanced-learn's own version resolves sampling_strategy for all rows together,
    # which is wrong where it applies inside each value of a column.
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X, y, **params):
        """Add copies of the smaller classes.

        Parameters
        ----------
        X : DataFrame, Series, list, ndarray or sparse matrix
            Images, in any form.

        y : array-like of shape (n_samples,)
            Class labels.

        **params : dict
            Ignored, for compatibility with imbalanced-learn.

        Returns
        -------
        X_resampled : DataFrame, list, ndarray or sparse matrix
            X followed by the copies, in the form described in the notes.

        y_resampled : array-like of shape (n_samples_new,)
            The labels, in the form of `y`.

        Raises
        ------
        ValueError
            If there is only one class, X has no column `by`, or the strategy requires
            fewer samples than X has.
        """
        check_classification_targets(y)
        values = self._values_of_by(X)
        table = seeded_table(X) if self.augmentation and holds_files(X) else X
        forms = ArraysTransformer(table, y)
        checked, labels, binarize_y = self._check_X_y(table, y)
        if table is not X:  # the names of the input, not those of the result
            validate_data(self, X=names_of(X), skip_check_array=True)
        self._adds_column = table is not X and "augmentation" not in names_of(X)
        parts = self._plan(labels, values)
        X_new, y_new = self._fit_resample(checked, labels, parts=parts)
        if binarize_y:
            y_new = label_binarize(y_new, classes=np.unique(labels))
        return forms.transform(X_new, y_new)

    def get_feature_names_out(self, input_features=None):
        """Get the names of the columns of the result.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of X.

        Returns
        -------
        feature_names_out : ndarray of str
            Names of the columns of X, and ``augmentation`` if it was added.
        """
        names = super().get_feature_names_out(input_features)
        if getattr(self, "_adds_column", False):
            return np.append(names, np.array(["augmentation"], dtype=object))
        return names

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.sampler_tags.sample_indices = True
        return tags

    def _check_X_y(self, X, y):  # noqa: N802 (imbalanced-learn's name)
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        if not isinstance(X, pd.DataFrame):
            X = check_array(
                X,
                dtype=None,
                accept_sparse=["csr", "csc"],
                ensure_all_finite=False,
                ensure_2d=not holds_paths(X),
                allow_nd=True,
            )
        check_consistent_length(X, y)
        validate_data(self, X=X, y=y, skip_check_array=True)
        return X, y, binarize_y

    def _values_of_by(self, X):
        if self.by is None:
            return None
        user = f"ImageOverSampler(by={self.by!r})"
        values = require_column(X, self.by, user)
        # Empty text is a value here.
        require_values(X[[self.by]].replace("", " "), self.by, user)
        return values.to_numpy()

    def _plan(self, y, values):
        """Return each part of the rows with the number of copies of each class."""
        if values is None:
            self.sampling_strategy_ = self._strategy(y)
            return [(np.arange(len(y)), self.sampling_strategy_)]
        rows = {value: np.flatnonzero(values == value) for value in pd.unique(values)}
        self.sampling_strategy_ = {
            value: self._strategy_inside(value, y[rows[value]]) for value in rows
        }
        return [(rows[value], self.sampling_strategy_[value]) for value in rows]

    def _strategy(self, y):
        return dict(
            check_sampling_strategy(self.sampling_strategy, y, self._sampling_type)
        )

    def _strategy_inside(self, value, y):
        classes = np.unique(y).tolist()
        if len(classes) == 1:
            warn_user(
                f"The rows with {self.by} {value!r} are all of class {classes[0]!r}: "
                f"they are not changed, and {self.by} gives their class away.",
                DataQualityWarning,
            )
            return {}
        try:
            return self._strategy(y)
        except ValueError as error:
            raise ValueError(f"Inside {self.by} {value!r}: {error}") from error

    def _fit_resample(self, X, y, *, parts):
        rng = check_random_state(self.random_state)
        copied = [
            rng.choice(rows[y[rows] == label], size=n_copies, replace=True)
            for rows, strategy in parts
            for label, n_copies in strategy.items()
        ]
        originals = np.arange(len(y))
        self.sample_indices_ = np.concatenate([originals, *copied])
        X_new = take(X, self.sample_indices_)
        if self.augmentation:
            n_copies = len(self.sample_indices_) - len(y)
            augment_copies(X_new, draw_seeds(n_copies, rng))
        return X_new, y[self.sample_indices_]
