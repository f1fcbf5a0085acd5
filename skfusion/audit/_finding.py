"""The table of findings: one row for each finding and image."""

import numpy as np
import pandas as pd

__all__ = ["KINDS", "concat_findings", "findings_of"]

#: All kinds of findings, and what each of them means.
KINDS = {
    "missing file": "no path, or the file does not exist",
    "unreadable file": "no image, or a damaged one",
    "constant": "all pixels have about the same value",
    "box outside": "the box of the lesion leaves the image",
    "two labels": "nearly the same image, different labels",
    "two groups": "nearly the same image, different groups",
    "exact duplicate": "the pixels are those of another image",
    "near-duplicate": "nearly the same as another image",
    "inverted polarity": "a bright background, or wrongly marked",
    "marks": "calipers, text or frames are drawn in",
    "colour": "colours as of Doppler",
    "shared overlay": "a drawing that many images have there",
    "corrected polarity": "bright, but corrected by 'inverted'",
    "odd shape": "size or aspect differs from the others",
}
_COLUMNS = ["kind", "row", "other_row", "family", "detail", "severity"]


def findings_of(kind, rows, details, severity, other_rows=None):
    """Return findings of one kind.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.

    rows : array-like of int

    details : list of str
        One for each row, without paths and names.

    severity : str
        "error": no image should be used before it is corrected; "warning": it may
        mislead a model or its evaluation; "note": worth knowing.

    other_rows : array-like of int, default=None
        The image with which each row was compared.

    Returns
    -------
    findings : DataFrame
        Without the families.
    """
    rows = np.asarray(rows, dtype=np.int64)
    others = [pd.NA] * len(rows) if other_rows is None else other_rows
    columns = {
        "kind": [kind] * len(rows),
        "row": rows,
        "other_row": pd.array(others, dtype="Int64"),
        "detail": details,
        "severity": [severity] * len(rows),
    }
    return pd.DataFrame(columns)


def concat_findings(parts, families):
    """Join findings, the most severe kinds first.

    Parameters
    ----------
    parts : list of DataFrame

    families : ndarray of shape (n_images,)
        Family of each image.

    Returns
    -------
    findings : DataFrame
        With the columns ``kind``, ``row``, ``other_row``, ``family``, ``detail`` and
        ``severity``.
    """
    findings = pd.concat([findings_of("", [], [], "")] + parts, ignore_index=True)
    findings["family"] = families[findings["row"].to_numpy(dtype=np.int64)]
    order = findings["kind"].map(list(KINDS).index), findings["row"]
    findings = findings.iloc[np.lexsort(order[::-1])]
    return findings[_COLUMNS].reset_index(drop=True)
