"""Labels of a user's table that may be misspelt."""

import difflib
import re
from itertools import islice

from ..exceptions import DataQualityWarning, warn_user
from ._image_table_problems import ROWS_COUNT, name_rows

__all__ = ["warn_of_misspelt_labels"]

_MANY_ROWS = 20  # in which a label of two rows is rare
_RARE = 0.01  # fraction of the rows
_SIMILAR = 0.82  # "bening" and "benign"; less than "no cancer" and "cancer"
_N_SHOWN = 10


def warn_of_misspelt_labels(labels, confirmed, column):
    """Warn of labels that are rare, or are spelt nearly like a more frequent one.

    A label is rare if it is in fewer than 1 % of the rows or in one or two of 20 or
    more, and if there are more than two labels.

    Parameters
    ----------
    labels : Series
        Label of each row; the index is the row of the table.

    confirmed : list of labels
        Labels that the user has written in the call.

    column : str
        Name of the column, for the warning.

    Examples
    --------
    >>> import warnings
    >>> import pandas as pd
    >>> from skfusion.datasets._image_table_misspelt import warn_of_misspelt_labels
    >>> labels = pd.Series(["benign", "malignant", "malignat", "malignant"])
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warn_of_misspelt_labels(labels, ["malignant"], "finding")
    >>> print(caught[0].message)
    Labels of the column 'finding' may be misspelt: 'malignat' (1 of the 4 rows: row 2;
    similar to 'malignant'). Rows count from 0, the header not counted. Correct the
    labels, because each of them is a label of its own, or ignore this warning.
    """
    counts = labels.value_counts(sort=False).to_dict()
    unconfirmed = [label for label in counts if label not in confirmed]
    suspects = list(islice(_suspects(unconfirmed, labels, counts), _N_SHOWN + 1))
    if suspects:
        more = " and others" if len(suspects) > _N_SHOWN else ""
        warn_user(
            f"Labels of the column {column!r} may be misspelt: "
            f"{', '.join(suspects[:_N_SHOWN])}{more}. Rows count {ROWS_COUNT}. Correct "
            "the labels, because each of them is a label of its own, or ignore this "
            "warning.",
            DataQualityWarning,
        )


def _suspects(unconfirmed, labels, counts):
    """Yield a description of each label that may be misspelt."""
    for label in unconfirmed:
        if _has_a_twin(label, counts):
            continue
        similar = _similar(label, counts)
        if similar is not None or _is_rare(counts[label], counts):
            rows = labels.index[labels == label]
            like = "" if similar is None else f"; similar to {similar!r}"
            size = f"{len(rows)} of the {len(labels)} rows"
            yield f"{label!r} ({size}: {name_rows(rows)}{like})"


def _text(label):
    return str(label).strip().casefold()


def _has_a_twin(label, counts):
    """Return whether another label differs in case and blanks only."""
    return sum(_text(other) == _text(label) for other in counts) > 1


def _is_rare(count, counts):
    n_rows = sum(counts.values())
    is_rare = count < _RARE * n_rows or (count <= 2 and n_rows >= _MANY_ROWS)
    return len(counts) > 2 and is_rare


def _similar(label, counts):
    """Return a more frequent label of nearly the same letters, or None.

    Numbers, such as grades, and prefixes, such as "abnormal", are not typing errors.
    """
    text = _text(label)
    if re.search(r"\d", text):
        return None
    candidates = {
        _text(other): other
        for other in counts
        if other != label
        and counts[label] <= min(counts[other], max(2, counts[other] // 10))
        and not text.endswith(_text(other))
        and not _text(other).endswith(text)
    }
    found = difflib.get_close_matches(text, candidates, n=1, cutoff=_SIMILAR)
    return candidates[found[0]] if found else None
