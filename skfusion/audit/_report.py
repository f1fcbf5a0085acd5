"""The report of an audit."""

from numbers import Integral

import pandas as pd
from sklearn.utils import check_scalar

from ._finding import KINDS
from ._html import html_of
from ._sheets import draw_probes, draw_sheet
from ._text import text_of

__all__ = ["DatasetAudit"]


class DatasetAudit:
    """Findings and probes of a data set, as returned by :func:`audit_dataset`.

    Print it, display it in a notebook, or draw the images of one kind of finding.
    Rows are the only names of images: no path and no patient is shown. A pickle of the
    report contains X, and therefore its paths and groups.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        Images, from which sheets are drawn.

    findings : DataFrame
        See the attribute.

    families : ndarray of shape (n_images,)
        See the attribute.

    probes : DataFrame or None
        See the attribute.

    Attributes
    ----------
    findings : DataFrame of shape (n_findings, 6)
        One row for each kind and image: ``kind``; ``row`` of the image; ``other_row``,
        the image with which it was compared, or missing; ``family``; ``detail``; and
        ``severity``, "error", "warning" or "note".

    families : ndarray of shape (n_images,), dtype int64
        Family of duplicates of each image, numbered in order of first appearance. An
        image without duplicates is the only member of its family. Pass it as groups
        where patients are not known.

    summary : DataFrame of shape (n_kinds, 4)
        ``kind``, also of findings that no image has; ``n`` images; their ``share`` of
        all images; and ``severity``, None where nothing was found.

    probes : DataFrame of shape (n_probes, n_columns) or None
        ``probe``, ``auc``, ``low`` and ``high`` (its interval), ``n``, ``n_groups``,
        ``flagged`` (whether the interval lies above 0.5 and the area is 0.6 or more)
        and ``note``, what a high value means. None without labels, or with
        ``probes=False``.

    n_images : int
        Number of images.

    See Also
    --------
    audit_dataset : Find duplicates, faults and shortcuts.

    Examples
    --------
    >>> from skfusion.audit import audit_dataset
    >>> from skfusion.datasets import make_breast_images
    >>> breast = make_breast_images(30, random_state=0)
    >>> breast.data[5] = 0
    >>> breast.data[9] = breast.data[3]
    >>> audit_dataset(breast, probes=False)
    Audit of 30 images: errors of 2 kinds, warnings of 1, notes of 0.
    <BLANKLINE>
                          images  share
    errors
      constant                 1  3.3 %  all pixels have about the same value
      two groups               2  6.7 %  nearly the same image, different groups
    warnings
      exact duplicate          2  6.7 %  the pixels are those of another image
    <BLANKLINE>
    1 family of duplicates with 2 images.
    """

    def __init__(self, X, findings, families, probes):
        self._X = X
        self.findings = findings
        self.families = families
        self.probes = probes

    @property
    def n_images(self):
        """Number of images."""
        return len(self.families)

    @property
    def summary(self):
        """One row for each kind of finding."""
        by_kind = self.findings.groupby("kind")
        n_images = by_kind["row"].nunique()
        # Each kind has one severity.
        severity = by_kind["severity"].first()
        rows = [
            (kind, n_images.get(kind, 0), n_images.get(kind, 0) / self.n_images)
            for kind in KINDS
        ]
        table = pd.DataFrame(rows, columns=["kind", "n", "share"])
        severity = [severity.get(kind) for kind in KINDS]
        return table.assign(severity=pd.Series(severity, dtype=object))

    def __repr__(self):
        return text_of(self)

    def _repr_html_(self):
        return html_of(self)

    def plot(self, kind=None, *, n=24):
        """Draw the images of one kind of finding, or the probes.

        Parameters
        ----------
        kind : str, default=None
            A kind of ``summary``, or "probes". If None, "probes" if there are some,
            else the most severe kind.

        n : int, default=24
            Largest number of images, at least 1. Pairs and families stand side by side.

        Returns
        -------
        figure : matplotlib Figure
            Titles are numbers of rows.

        Raises
        ------
        ValueError
            If nothing of this kind was found, or `n` is less than 1.
        """
        check_scalar(n, "n", Integral, min_val=1)
        kind = self._default_kind() if kind is None else kind
        if kind == "probes" and self.probes is not None:
            return draw_probes(self.probes)
        found = self.findings[self.findings["kind"] == kind]
        if found.empty:
            known = list(dict.fromkeys(self.findings["kind"]))
            known += ["probes"] if self.probes is not None else []
            if not known:
                raise ValueError(
                    "Expected findings or probes to draw. Got none: nothing was found, "
                    "and no probes were computed."
                )
            raise ValueError(
                f"Expected kind to be one of {known!r}, which were found. Got {kind!r} "
                "instead."
            )
        return draw_sheet(self._X, found, n)

    def _default_kind(self):
        if self.probes is not None or self.findings.empty:
            return "probes"
        return self.findings["kind"].iloc[0]
