"""One file in several rows of a user's table."""

from ..exceptions import DataQualityWarning, warn_user
from ._image_table_problems import ROWS_COUNT, name_rows

__all__ = ["check_repeats"]


def check_repeats(rows, problems):
    """Note the rows that repeat an image, unless they show different regions of it.

    Parameters
    ----------
    rows : DataFrame
        ``file`` (a number for each file), ``label``, ``group`` and ``region`` (None
        without a box); missing labels and groups are noted elsewhere.

    problems : Problems
        Receives the rows.

    Warns
    -----
    DataQualityWarning
        If regions of one image have different labels.
    """
    rows = rows.assign(region=[text or "" for text in rows["region"]])
    shows = rows.groupby(["file", "region"], sort=False)
    has_two = shows["label"].transform("nunique") > 1
    problems.add(
        rows.index[has_two],
        "one image under different labels",
        "Correct the label, or drop the image.",
    )
    again = rows.duplicated(["file", "region"], keep=False)
    problems.add(
        rows.index[again & ~has_two],
        "the same image again",
        "Keep one row of an image, or give each row another region.",
    )
    of_file = rows.groupby("file", sort=False)
    problems.add(
        rows.index[of_file["group"].transform("nunique") > 1],
        "one image in different groups",
        "Give all rows of an image the same group.",
    )
    mixed = rows.index[(of_file["label"].transform("nunique") > 1) & ~has_two]
    if len(mixed):
        warn_user(
            f"Regions of one image have different labels in {name_rows(mixed)} "
            f'({ROWS_COUNT}). Train with region="lesion": to a model of whole images, '
            "these rows are one image under two labels.",
            DataQualityWarning,
        )
