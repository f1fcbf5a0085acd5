"""Look at a data set before the first model is fitted."""

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils.validation import check_consistent_length

from .._validation._columns import DATASET, MODALITY, REGION
from .._validation._groups import find_groups
from .._validation._image_table import holds_paths
from .._validation._no_images import refuse_no_images
from .._validation._private import _num_samples, validate_params
from ..model_selection._data_checks import check_labels
from ._duplicates import find_duplicates
from ._faults import (
    find_boxes_outside,
    find_constant,
    find_odd_shapes,
    find_overlays,
    find_unreadable,
)
from ._finding import concat_findings
from ._measure import measure_images, paths_of
from ._overlays import OVERLAY_COLUMNS, count_overlays
from ._polarity import find_inverted, is_bright
from ._probes import probe_shortcuts
from ._report import DatasetAudit

__all__ = ["audit_dataset"]


@validate_params(
    {
        "data": "no_validation",
        "y": ["array-like", None],
        "groups": ["array-like", None],
        "probes": ["boolean"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def audit_dataset(data, y=None, *, groups=None, probes=True, random_state=0):
    """Find duplicates, faults and shortcuts of a data set of images.

    Each file is decoded once. A file that cannot be read is a finding and no error.

    Read more in the :ref:`User Guide <audit>`.

    Parameters
    ----------
    data : Bunch, DataFrame, Series, list or ndarray
        Result of a loader, or images in any form of X. The columns ``modality``,
        ``dataset``, ``region`` and ``inverted`` are used, if they are present.

    y : array-like of shape (n_images,), default=None
        Labels. If None, the target of a Bunch. Without labels, there are no probes, and
        images with two labels are not found.

    groups : array-like of shape (n_images,), default=None
        Group of each image, usually the patient. If None, the groups of a Bunch, or the
        column ``group`` of X. If there are none, the probes use the families of
        duplicates.

    probes : bool, default=True
        Whether to measure how well the label is predicted by what should not predict
        it, such as the border of the images.

    random_state : int, RandomState instance or None, default=0
        Determines the folds and the intervals of the probes.

    Returns
    -------
    audit : DatasetAudit
        A report that can be printed and drawn, with the attributes ``findings``,
        ``families``, ``summary`` and ``probes``.

    Raises
    ------
    ValueError
        If `data` holds no images, `y` or `groups` has another length or a missing
        value, or `y` is continuous.

    See Also
    --------
    skfusion.images.find_near_duplicates : The families of duplicates alone.

    Notes
    -----
    Rows of findings are positions in the images that were passed, counted from 0. The
    file of a row is ``data.data["image"].iloc[row]`` with the result of a loader, and
    ``X["image"].iloc[row]`` with a table.

    The findings, the most severe ones first:

    - Files that are missing or unreadable, images that are constant, and boxes of the
      column ``region`` that are not inside their image.
    - Duplicates, also mirrored and rotated ones. "two labels" and "two groups" are
      duplicates whose labels or groups differ: one of the labels is wrong, or one
      patient has two names. A wrong label of an image without a copy is not found.
    - "inverted polarity": mammograms whose border is brighter than half of white. Other
      modalities, and images of unknown modality, are not examined.
    - "marks" (calipers, text, frames) and "colour" (as of Doppler), by colours that
      differ from the tint of the image, and by thin upright white strokes. What more
      than a fifth of the images of one data set and size have at the same place, such
      as a logo, is a "shared overlay". DICOM files are read in grey, so that only white
      strokes are found in them.
    - "odd shape": aspect or size is far from the median of the data set.

    Files are examined as they are. An inverted image that the column ``inverted``
    corrects when it is read is a note, "corrected polarity".

    Images are not kept. Each of them needs about 12 kB of memory.

    Examples
    --------
    A benign image is copied to another, malignant patient, mirrored:

    >>> from skfusion.audit import audit_dataset
    >>> from skfusion.datasets import make_breast_images
    >>> breast = make_breast_images(30, random_state=0)
    >>> breast.data[7] = breast.data[2][:, ::-1]
    >>> audit = audit_dataset(breast, probes=False)
    >>> audit.findings[["kind", "row", "other_row", "severity"]]
                 kind  row  other_row severity
    0      two labels    2          7    error
    1      two labels    7          2    error
    2      two groups    2          7    error
    3      two groups    7          2    error
    4  near-duplicate    2          7  warning
    5  near-duplicate    7          2  warning
    >>> audit.families[[2, 7]]
    array([2, 2])
    """
    X, y, groups, frame = _take_apart(data, y, groups)
    if not _num_samples(X):
        raise ValueError("Expected at least 1 image. Got 0 images instead.")
    table = pd.DataFrame(index=range(_num_samples(X))) if frame is None else frame
    modality = _column(X, table, MODALITY)
    thumbnails, measurements = measure_images(X, modality)
    strata = _strata(table, len(measurements))
    n_shared = _count_overlays(measurements, strata)
    findings, families = _find_all(
        X, thumbnails, measurements, table, strata, n_shared, y, groups
    )
    table_of_probes = None
    if probes and y is not None and len(np.unique(y)) > 1:
        table_of_probes = probe_shortcuts(
            measurements,
            frame,
            y,
            groups=families if groups is None else groups,
            left_out=_columns_in_use(data),
            random_state=random_state,
        )
    return DatasetAudit(X, findings, families, table_of_probes, _class_names(data, y))


def _take_apart(data, y, groups):
    """Return X, y, groups and the table of all columns, or None for each of them."""
    X, frame = data, data if isinstance(data, pd.DataFrame) else None
    if isinstance(data, Bunch):
        if "data" not in data:
            raise ValueError(
                "Expected a Bunch with the images in 'data'. Got one with the keys "
                f"{sorted(data)!r} instead."
            )
        X, frame = data["data"], data.get("frame")
        y = data.get("target") if y is None else y
        groups = data.get("groups") if groups is None else groups
    refuse_no_images(X, "data")
    groups = find_groups(X, groups)
    check_consistent_length(X, y, frame)
    y = None if y is None else check_labels(y)
    if frame is not None and not frame.columns.is_unique:
        repeated = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(
            f"Expected distinct names of columns. Got {repeated!r} twice. Rename one "
            "of these columns."
        )
    return X, y, groups, None if frame is None else frame.reset_index(drop=True)


def _columns_in_use(data):
    """Return the columns of a Bunch from which target and data were made."""
    if not isinstance(data, Bunch):
        return {}
    used = dict.fromkeys(data.get("used_columns") or [], "in the columns of X already")
    return used | {data.get("label_column"): "the label itself"}


def _class_names(data, y):
    """Return the name of the class of each image, or None without labels."""
    if y is None:
        return None
    names = data.get("target_names") if isinstance(data, Bunch) else None
    is_target = names is not None and np.array_equal(y, data.get("target"))
    if is_target and set(y) <= set(range(len(names))):
        return [str(names[int(label)]) for label in y]
    return [label if isinstance(label, str) else f"class {label}" for label in y]


def _strata(table, n_images):
    """Return the data set and modality of each image, as one number."""
    columns = [name for name in (DATASET, MODALITY) if name in table]
    if not columns:
        return np.zeros(n_images, dtype=np.int64)
    return table.groupby(columns, dropna=False).ngroup().to_numpy()


def _count_overlays(measurements, strata):
    """Set the columns of overlays; return the number of pixels that images share."""
    shapes = measurements[["height", "width"]].assign(stratum=strata)
    shapes = shapes.groupby(list(shapes), dropna=False).ngroup()
    counts, n_shared = count_overlays(measurements.pop("cells"), shapes)
    measurements[OVERLAY_COLUMNS] = counts
    return n_shared


def _find_all(X, thumbnails, measurements, table, strata, n_shared, y, groups):
    modality, inverted = (_column(X, table, name) for name in (MODALITY, "inverted"))
    if inverted is not None:
        inverted = np.where(pd.isna(inverted), False, inverted).astype(bool)
    paths = paths_of(X) if holds_paths(X) else None
    constant = find_constant(measurements)
    polarity = find_inverted(measurements, modality, inverted)
    _prepare(thumbnails, measurements, constant["row"], polarity)
    duplicates, families = find_duplicates(thumbnails, measurements, y, groups)
    parts = [
        find_unreadable(measurements, paths),
        constant,
        find_boxes_outside(measurements, _column(X, table, REGION)),
        duplicates,
        polarity,
        find_overlays(measurements, n_shared),
        find_odd_shapes(measurements, strata),
    ]
    return concat_findings(parts, families), families


def _prepare(thumbnails, measurements, constant, polarity):
    """Leave constant images out of the duplicates, and make all backgrounds black."""
    thumbnails[constant] = 0
    measurements.loc[constant, "digest"] = None
    rows = polarity["row"].to_numpy()
    bright = rows[is_bright(measurements)[rows]]
    thumbnails[bright] = 255 - thumbnails[bright]


def _column(X, table, name):
    """Return a column of X, or else of the table, or None."""
    for columns in (X, table):
        if isinstance(columns, pd.DataFrame) and name in columns:
            return columns[name].to_numpy()
    return None
