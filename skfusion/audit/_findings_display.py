"""A sheet of the images of one kind of finding."""

import textwrap
from numbers import Integral

import numpy as np
from PIL import Image
from sklearn.utils import check_scalar

from ..exceptions import ImageReadError
from ..images._eight_bits import to_uint8
from ..model_selection._plot._common import make_axes
from ._measure import make_reader

__all__ = ["FindingsDisplay"]

_COLUMNS = 6
_SIDE = 256  # longest side of a drawn image in pixels
_WIDTH = 30  # of a line of a title, in characters


class FindingsDisplay:
    """Images of one kind of finding, with the numbers of their rows.

    It is recommended to use :meth:`DatasetAudit.plot` to create a Display. All
    parameters are stored as attributes.

    Parameters
    ----------
    pictures : list of ndarray, dtype uint8
        Images of at most 256 pixels a side, of shape (height, width) or (height, width,
        3). None for a file that cannot be read.

    titles : list of str
        One for each picture: its row, the name of its class, and a detail.

    title : str, default=None
        Title of a new figure.

    Attributes
    ----------
    ax_ : ndarray of Axes, of shape (n_pictures,)

    figure_ : matplotlib Figure

    See Also
    --------
    DatasetAudit.plot : Draw a kind of finding, or the probes.
    ProbesDisplay : The shortcut probes.

    Examples
    --------
    >>> from skfusion.audit import audit_dataset
    >>> from skfusion.datasets import make_breast_images
    >>> breast = make_breast_images(30, random_state=0)
    >>> breast.data[9] = breast.data[3]
    >>> display = audit_dataset(breast, probes=False).plot("two groups")
    >>> print(display.titles[0])
    row 3, benign
    all pixels are equal
    """

    def __init__(self, *, pictures, titles, title=None):
        self.pictures = pictures
        self.titles = titles
        self.title = title

    @classmethod
    def from_audit(cls, audit, kind, *, n=24, ax=None):
        """Draw the images of one kind of finding.

        Parameters
        ----------
        audit : DatasetAudit

        kind : str
            A kind of its ``summary`` that was found.

        n : int, default=24
            Largest number of images, at least 1. If there are more, they are chosen
            evenly, but families are drawn one after the other.

        ax : array-like of Axes, default=None
            Axes to draw on, one for each image. None makes a new figure.

        Returns
        -------
        display : FindingsDisplay

        Raises
        ------
        ValueError
            If nothing of this kind was found, or `n` is less than 1.
        """
        check_scalar(n, "n", Integral, min_val=1)
        findings = audit.findings[audit.findings["kind"] == kind]
        if findings.empty:
            raise _nothing_found(audit, kind)
        rows = _choose(findings, n)
        details = findings.drop_duplicates("row").set_index("row")["detail"]
        display = cls(
            pictures=_read_all(audit._X, rows),
            titles=[_title(row, audit._class_names, details[row]) for row in rows],
            title=f"{kind}: {len(rows)} of {findings['row'].nunique()} images",
        )
        return display.plot(ax=ax)

    def plot(self, ax=None):
        """Draw the images.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            Axes to draw on, one for each image. None makes a new figure.

        Returns
        -------
        display : FindingsDisplay
        """
        axes = self._lay_out() if ax is None else make_axes(ax, (1, len(self.pictures)))
        for axis in axes:
            axis.set_axis_off()
        self.ax_ = axes[: len(self.pictures)]
        self.figure_ = axes[0].figure
        for axis, title, picture in zip(
            self.ax_, self.titles, self.pictures, strict=True
        ):
            axis.set_title(title, fontsize=7, parse_math=False)
            if picture is None:
                axis.text(0.5, 0.5, "not readable", ha="center", va="center")
            else:
                axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        return self

    def _lay_out(self):
        """Return the axes of a new figure, as high as the tallest image."""
        n_columns = min(_COLUMNS, len(self.pictures))
        n_lines = -(-len(self.pictures) // n_columns)
        shapes = [image.shape for image in self.pictures if image is not None]
        tallest = min(1.6, max([0.5, *(shape[0] / shape[1] for shape in shapes)]))
        size = (max(5, 1.9 * n_columns), (1.8 * tallest + 0.4) * n_lines + 0.5)
        axes = make_axes(None, (n_lines, n_columns), size=size)
        axes[0].figure.suptitle(self.title)
        return axes


def _nothing_found(audit, kind):
    known = list(dict.fromkeys(audit.findings["kind"]))
    known += ["probes"] if audit.probes is not None else []
    if not known:
        return ValueError(
            "Expected findings or probes to draw. Got none: nothing was found, and no "
            "probes were computed."
        )
    return ValueError(
        f"Expected kind to be one of {known!r}, which were found. Got {kind!r} instead."
    )


def _choose(findings, n):
    """Return rows: whole families if there are pairs, else evenly chosen ones."""
    if findings["other_row"].notna().any():
        rows = findings.sort_values(["family", "row"])["row"].unique()
        return rows[:n].tolist()
    rows = findings["row"].unique()
    places = np.linspace(0, len(rows) - 1, min(n, len(rows))).round().astype(int)
    return rows[places].tolist()


def _title(row, class_names, detail):
    first = f"row {row}" if class_names is None else f"row {row}, {class_names[row]}"
    lines = (
        textwrap.shorten(line, _WIDTH, placeholder="...") for line in (first, detail)
    )
    return "\n".join(lines)


def _read_all(X, rows):
    """Return small pictures, and None for files that cannot be read."""
    read, _ = make_reader(X)
    pictures = []
    for row in rows:
        try:
            pixels = read(row)[0]
        except ImageReadError:
            pictures.append(None)
            continue
        pixels = pixels if pixels.dtype == np.uint8 else to_uint8(pixels)
        picture = Image.fromarray(pixels)
        picture.thumbnail((_SIDE, _SIDE))
        pictures.append(np.asarray(picture))
    return pictures
