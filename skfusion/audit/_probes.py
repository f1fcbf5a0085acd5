"""How well the label is predicted by what should not predict it."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from .._validation._groups import find_groups
from ._measure import (
    BORDER_COLUMNS,
    SIZE_COLUMNS,
    STATISTIC_COLUMNS,
    THUMBNAIL_COLUMNS,
)
from ._overlays import OVERLAY_COLUMNS
from ._probe_area import (
    N_FOLDS,
    area_under_curve,
    make_pixel_model,
    make_table_model,
)
from ._probe_columns import as_features, is_reading, is_source, split_columns

__all__ = ["LEAST_AREA", "probe_shortcuts"]

LEAST_AREA = 0.6  # below it, a shortcut hardly changes the score of a model
_ERROR_RATE = 0.05  # of all intervals of a table together
_N_DRAWS = 3  # of the folds, in each of which a probe must be flagged
_COLUMNS = ["probe", "auc", "low", "high", "n", "n_groups", "flagged", "note"]

# What a high value means.
_OF_A_COLUMN = (
    "The column alone predicts the label. It is no feature if it was recorded with or "
    "after the diagnosis. If it describes the patient, such as the age, there may be a "
    "good reason."
)
_NOTES = {
    "all columns": "Metadata predict the label without any pixels.",
    "BI-RADS and density": "The radiologist's reading predicts the label. It is no "
    "feature, and what is added to a reading has to be compared with it.",
    "data set or machine": "The classes come from different places or machines. A "
    "model can learn the machine instead of the lesion.",
    "border": "The outermost pixels, where hardly any lesion is, predict the label: a "
    "machine, a way of cutting, or a mark.",
    "size and aspect": "The classes differ in the size or shape of their files.",
    "text, calipers, colour": "What was drawn onto the images predicts the label.",
    "five statistics": "Brightness, contrast, entropy and sharpness predict the label. "
    "The reason may be a machine, or the lesion itself.",
    "thumbnail": "A 16 x 16 thumbnail predicts the label. The reason may be a machine "
    "or a mark, or a large lesion. Compare it with the border.",
}
_IMAGE_PROBES = {
    "border": BORDER_COLUMNS,
    "size and aspect": SIZE_COLUMNS,
    "text, calipers, colour": OVERLAY_COLUMNS,
    "five statistics": STATISTIC_COLUMNS,
    "thumbnail": THUMBNAIL_COLUMNS,
}


def probe_shortcuts(measurements, metadata, y, groups=None, random_state=0):
    """Measure how well the label is predicted by what should not predict it.

    Each probe is a simple model that learns from one kind of information: one column
    of the table or all columns, data set and machine, the border of the images, their
    size, what was drawn onto them, five statistics, or a 16 x 16 thumbnail. A probe
    with a high area under the ROC curve is a shortcut that a larger model can take,
    too.

    Parameters
    ----------
    measurements : DataFrame of shape (n_samples, n_measurements) or None
        Result of ``measure_images``, with the ``OVERLAY_COLUMNS`` if drawings are to
        be probed. If None, only columns are probed.

    metadata : DataFrame of shape (n_samples, n_columns) or None
        Table of the data set, such as ``frame`` of a loader. If None, only images are
        probed.

    y : array-like of shape (n_samples,)
        Labels, of two classes or more.

    groups : array-like of shape (n_samples,), default=None
        Group of each row, usually the patient, which no fold crosses. If None, every
        row is a group of its own.

    random_state : int, RandomState instance or None, default=0
        Determines folds and resamples.

    Returns
    -------
    probes : DataFrame of shape (n_probes, 8)
        probe : str
            Name of the probe; "column BIRADS" is a single column.
        auc, low, high : float
            Area under the ROC curve in five grouped folds, and its interval; NaN where
            there is none, for which the note gives the reason.
        n, n_groups : int
            Rows and groups that were used.
        flagged : bool
            Whether the probe predicts the label, and therefore may be a shortcut.
        note : str
            What a high value means, or why there is no value.

    Notes
    -----
    A probe is flagged if its interval lies above 0.5 and its area is 0.6 or more: it
    predicts the label beyond chance, and well enough to matter. All intervals of a
    table together are correct with a confidence of 95 % (Bonferroni), because a table
    of many columns would otherwise show shortcuts that are chance. The interval does
    not contain the chance of the folds: a probe that would be flagged is therefore
    computed with two more draws of the folds, and the weakest of the three is reported.

    The area compares samples of the same fold only, and the interval resamples whole
    groups, as in :func:`skfusion.metrics.classification_summary`. The area of more than
    two classes is the mean of each class against the others, weighted by its share.

    Columns learn by boosted trees, for which a missing value is information, and
    thumbnails by a penalised logistic regression. The label itself, file names, and
    columns with another value in every row or patient are left out. They are rows of
    the result nevertheless, with the reason.

    Examples
    --------
    Labels that are noise, and a scanner that most malignant images come from:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion.audit._probes import probe_shortcuts
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, size=200)
    >>> scanner = np.where(rng.random(200) < 0.8, y, 1 - y)
    >>> frame = pd.DataFrame({"scanner": scanner, "age": rng.integers(40, 70, 200)})
    >>> probes = probe_shortcuts(None, frame.assign(target=y), y)
    >>> probes.loc[probes["flagged"], "probe"].tolist()
    ['column scanner', 'all columns', 'data set or machine']
    >>> probes["note"].iloc[-1]
    'Left out: the label itself.'
    """
    y, n_samples = np.asarray(y), len(y)
    groups = find_groups(y, groups)
    groups = np.arange(n_samples) if groups is None else np.asarray(groups)
    tables, left_out = _tables_of_columns(metadata, y, groups)
    tables |= _tables_of_images(measurements)
    level = 1 - _ERROR_RATE / max(1, len(tables))
    if not isinstance(random_state, Integral):
        random_state = check_random_state(random_state).randint(2**31 - _N_DRAWS)
    rows = [
        _probe(name, table, y, groups, level, random_state)
        for name, table in tables.items()
    ]
    rows += [
        _row(f"column {name}", 0, 0, note=f"Left out: {reason}.")
        for name, reason in left_out.items()
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _tables_of_columns(metadata, y, groups):
    """Features of each probe of the table, and why columns are left out."""
    if metadata is None:
        return {}, {}
    metadata = metadata.reset_index(drop=True)
    used, left_out = split_columns(metadata, y, groups)
    features = as_features(metadata[used])
    tables = {f"column {name}": features[[name]] for name in used}
    source, reading = ([n for n in used if f(n)] for f in (is_source, is_reading))
    if len(used) > 1:
        tables["all columns"] = features
    if len(reading) > 1:
        tables["BI-RADS and density"] = features[reading]
    if source:
        tables["data set or machine"] = features[source]
    return tables, left_out


def _tables_of_images(measurements):
    """Features of each probe of the images; rows that cannot be read are missing."""
    if measurements is None:
        return {}
    measurements = measurements.reset_index(drop=True)
    is_read = measurements[STATISTIC_COLUMNS].notna().all(axis=1)
    measurements = measurements[is_read]
    return {
        name: measurements[columns]
        for name, columns in _IMAGE_PROBES.items()
        if set(columns) <= set(measurements)
    }


def _probe(name, table, y, groups, level, random_state):
    """One row: the area of one probe, or the reason why there is none."""
    y, groups = y[table.index], groups[table.index]
    n_groups = len(pd.unique(groups))
    problem = _describe_problem(table, y, groups)
    if problem:
        return _row(name, len(y), n_groups, note=problem)
    model = make_pixel_model() if name == "thumbnail" else make_table_model()
    note, rows = _NOTES.get(name, _OF_A_COLUMN), []
    while len(rows) < _N_DRAWS and all(row["flagged"] for row in rows):
        area = area_under_curve(
            model,
            table,
            y,
            groups,
            confidence_level=level,
            random_state=random_state + len(rows),
        )
        rows.append(_row(name, len(y), n_groups, *area, note))
    return min(rows, key=lambda row: (row["flagged"], row["auc"]))


def _describe_problem(table, y, groups):
    """Describe why there is no area, or return empty text."""
    n_groups = pd.Series(groups).groupby(y).nunique()
    if len(n_groups) < 2:
        return "No value: fewer than two classes."
    rarest = n_groups.idxmin()
    if n_groups[rarest] < N_FOLDS:
        return (
            f"No value: {N_FOLDS} folds need {N_FOLDS} groups of each class. The class "
            f"{rarest} has {n_groups[rarest]}."
        )
    if (table.nunique(dropna=False) < 2).all():
        return "No value: the same in every image."
    return ""


def _row(name, n, n_groups, area=np.nan, low=np.nan, high=np.nan, note=""):
    flagged = bool(low > 0.5 and area >= LEAST_AREA)
    values = name, area, low, high, n, n_groups, flagged, note
    return dict(zip(_COLUMNS, values, strict=True))
