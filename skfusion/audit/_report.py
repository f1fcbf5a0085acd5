"""The report of an audit."""

import pandas as pd

from ._finding import KINDS
from ._findings_display import FindingsDisplay
from ._html import html_of
from ._probes_display import ProbesDisplay
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

    class_names : list of str, default=None
        Name of the class of each image, for the titles of sheets.

    Attributes
    ----------
    findings : DataFrame of shape (n_findings, 6)
        One row for each kind and image: ``kind``; ``row`` of the image; ``other_row``,
        the image with which it was compared, or missing; ``family``; ``detail``; and
        ``severity``, "error", "warning" or "note". Rows are positions in `data`:
        ``data.data["image"].iloc[row]`` is the file of an image of a loader.

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

    def __init__(self, X, findings, families, probes, class_names=None):
        self._X = X
        self._class_names = class_names
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

    def plot(self, kind=None, *, n=24, ax=None):
        """Draw the images of one kind of finding, or the probes.

        Parameters
        ----------
        kind : str, default=None
            A kind of ``summary``, or "probes". If None, "probes" if there are some,
            else the most severe kind.

        n : int, default=24
            Largest number of images, at least 1. Pairs and families stand side by side.

        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, one for each image. None makes a new figure.

        Returns
        -------
        display : FindingsDisplay or ProbesDisplay
            With the attributes ``figure_`` and ``ax_``. The titles of images are row,
            class and a detail.

        Raises
        ------
        ValueError
            If nothing of this kind was found, or `n` is less than 1.
        """
        kind = self._default_kind() if kind is None else kind
        if kind == "probes" and self.probes is not None:
            return ProbesDisplay.from_audit(self, ax=ax)
        return FindingsDisplay.from_audit(self, kind, n=n, ax=ax)

    def _default_kind(self):
        if self.probes is not None or self.findings.empty:
            return "probes"
        return self.findings["kind"].iloc[0]
