"""What all steps of cleaning have in common: arrays, and columns of paths."""

from abc import ABCMeta, abstractmethod
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._store._home import home_folder
from .._validation._boxes import box_text, parse_boxes
from .._validation._columns import IMAGE, MODALITY, REGION
from .._validation._images import check_images
from .._validation._private import Options, _fit_context
from .._validation._scale import warn_of_scale
from .._validation._unreadable import names_unreadable_images
from ..exceptions import DataQualityWarning, warn_user
from ._files import clean_files

__all__ = ["ImageCleaner"]


class ImageCleaner(
    OneToOneFeatureMixin, TransformerMixin, BaseEstimator, metaclass=ABCMeta
):
    """Transformer that cleans each image by itself.

    Derived classes define :meth:`_clean`, and :meth:`_move` where pixels move.

    Parameters
    ----------
    folder : True, str or Path, default=True
        Folder of the files that are written; True is the default folder.
    """

    _version = 1  # raise it where the pixels that a class writes change
    _modality = None  # of the rows that are cleaned; None: all
    _reads_colour = False
    _in_unit_range = False  # whether it needs images in [0, 1]
    _sought = None  # what an image that is left as it is does not have

    _parameter_constraints: dict = {"folder": [Options(bool, {True}), str, Path]}

    def __init_subclass__(cls, **kwargs):
        # Neither a table of files nor an array of images is wrapped.
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)

    def __init__(self, *, folder=True):
        self.folder = folder

    @abstractmethod
    def _clean(self, image, colour=None):
        """Clean one image.

        Parameters
        ----------
        image : ndarray of shape (H, W, n_channels), floats
            In [0, 1] for files, uint8 and uint16.

        colour : ndarray of shape (H, W, 3), dtype uint8, or None
            Colours of the file, if the class reads them and the file has some.

        Returns
        -------
        image : ndarray of shape (H, W, n_channels)

        change : list of int or None
            What was done, as :meth:`_move` needs it; None if the image was left as it
            is because nothing was found.
        """

    def _move(self, box, change):
        """Return where a box (x0, y0, x1, y1) is after a change that is not None."""
        return box

    def _settings(self):
        """Return what the pixels depend on, apart from the file."""
        parameters = self.get_params()
        del parameters["folder"]
        return type(self).__name__, self._version, sorted(parameters.items())

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check X and the parameters; nothing is learnt.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Paths of images, or a DataFrame with the column ``image``, or pixels of
            shape (n_samples, height, width[, n_channels]).

        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        check_images(self, X, reset=True)
        return self

    @names_unreadable_images
    def transform(self, X):
        """Clean the images.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Images in any form that ``fit`` accepts.

        Returns
        -------
        X : ndarray of the shape and dtype of X, or DataFrame
            Pixels for pixels. For paths, a DataFrame with the columns of X, in which
            ``image`` holds the paths of the files written, ``region`` is moved with the
            pixels, and ``inverted`` is False.

        Raises
        ------
        ImageReadError
            If a file cannot be read. The message names its row.

        OSError
            If a file cannot be written.

        Warns
        -----
        DataQualityWarning
            If nothing was found in some images, which are left as they are, or if an
            array has numbers far beyond [0, 1] and the class needs numbers in it.
        """
        check_is_fitted(self)
        images = check_images(self, X)
        if isinstance(images, pd.DataFrame):
            return self._clean_table(images)
        if self._in_unit_range:
            warn_of_scale(images, self)
        floats, back = _as_floats(images)
        cleaned = [self._clean(image) for image in floats]
        self._warn_of([change for _, change in cleaned], range(len(images)))
        is_flat = images.ndim == 3 and np.asarray(X).ndim == 2
        shape = (len(images), -1) if is_flat else images.shape
        return back(np.stack([image for image, _ in cleaned])).reshape(shape)

    def set_output(self, *, transform=None):
        """Do nothing: paths give a DataFrame, and pixels an array, in any case.

        The method is here so that a pipeline with this step has it.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Ignored.

        Returns
        -------
        self : object
        """
        return self

    def _clean_table(self, table):
        """Return the table of the cleaned files."""
        rows = np.arange(len(table))
        if self._modality is not None and MODALITY in table.columns:
            other = table[MODALITY].notna() & (table[MODALITY] != self._modality)
            rows = np.flatnonzero(~other)
        folder = self.folder
        folder = home_folder("cleaned") if folder is True else Path(folder).expanduser()
        boxes = parse_boxes(table[REGION]) if REGION in table.columns else None
        paths, changes = clean_files(self, table, rows, folder)
        self._warn_of(changes, rows)
        table = table.copy()
        _set(table, IMAGE, rows, paths)
        if "inverted" in table.columns:
            _set(table, "inverted", rows, [False] * len(rows))
        if boxes is not None:
            moved = self._move_all(table[REGION], boxes, rows, changes)
            _set(table, REGION, rows, moved)
        return table

    def _move_all(self, regions, boxes, rows, changes):
        moved = []
        for row, change in zip(rows, changes, strict=True):
            if change is None or np.isnan(boxes[row, 0]):
                moved.append(regions.iat[row])
            else:
                moved.append(box_text(*self._move(boxes[row].tolist(), change)))
        return moved

    def _warn_of(self, changes, rows):
        """Give one warning for all images that were left as they are."""
        pairs = zip(rows, changes, strict=True)
        left = [int(row) for row, change in pairs if change is None]
        if left:
            warn_user(
                f"{type(self).__name__} found no {self._sought} in {len(left)} of "
                f"{len(changes)} images, which are left as they are. Look at row "
                f"{left[0]} of X.",
                DataQualityWarning,
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def _set(table, column, rows, values):
    """Set some rows of a column, whatever its dtype."""
    new = table[column].astype(object).to_numpy(copy=True)
    new[rows] = values
    table[column] = pd.Series(new, index=table.index).infer_objects()


def _as_floats(images):
    """Return images of four dimensions as floats, and the function that undoes it."""
    dtype = images.dtype
    is_scaled = dtype in (np.uint8, np.uint16)
    scale = np.iinfo(dtype).max if is_scaled else 1

    def back(floats):
        if dtype.kind not in "iu":
            return floats.astype(dtype)
        limits = np.iinfo(dtype)
        whole = np.clip(np.rint(floats * scale), limits.min, limits.max)
        return whole.astype(dtype)

    if dtype.kind == "f":  # 16 bits are too few to compute with
        floats = images.astype(np.promote_types(dtype, np.float32), copy=False)
    else:
        floats = images / np.float64(scale)
    return (floats if floats.ndim == 4 else floats[..., np.newaxis]), back
