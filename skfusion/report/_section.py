"""What a page consists of: sections with texts, tables, figures and a flow."""

from dataclasses import dataclass, field
from typing import ClassVar

from markupsafe import Markup

__all__ = ["Figure", "Flow", "Html", "Section", "Step", "Table", "Text", "two_lines"]


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes
    ----------
    anchor : str
        Name of the section in links.

    title : str

    parts : list of Text, Table, Figure, Flow or Html
    """

    anchor: str
    title: str
    parts: list


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Html:
    """HTML of another part of skfusion, whose names are escaped already."""

    kind: ClassVar[str] = "html"
    html: Markup


@dataclass(frozen=True)
class Table:
    """A table, which scrolls where the page is narrow.

    Attributes
    ----------
    caption : str

    head : list of str
        Names of the columns.

    rows : list of list of str
        The first cell of a row is its name.

    n_names : int or None, default=1
        Number of columns of text; the others are numbers. None means all.

    is_folded : bool, default=False
        Whether a reader may fold the table.
    """

    kind: ClassVar[str] = "table"
    caption: str
    head: list
    rows: list
    n_names: int | None = 1
    is_folded: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes
    ----------
    caption : str

    source : str
        The picture as a data URL.

    is_photo : bool, default=False
        Whether it shows images, which keep their colours on a dark page.
    """

    kind: ClassVar[str] = "figure"
    caption: str
    source: str
    is_photo: bool = False


@dataclass(frozen=True)
class Step:
    """A box of the flow, and what is left out before the next one.

    Attributes
    ----------
    title : str

    lines : list of str

    left_out : list of str, default=[]

    is_apart : bool, default=False
        Whether other images come in here, to which no arrow leads.
    """

    title: str
    lines: list
    left_out: list = field(default_factory=list)
    is_apart: bool = False


@dataclass(frozen=True)
class Flow:
    """Boxes, one below the other."""

    kind: ClassVar[str] = "flow"
    steps: list


def two_lines(first, second):
    """Return a cell with a smaller second line.

    Parameters
    ----------
    first, second : str
        They are escaped.

    Returns
    -------
    cell : Markup
    """
    if not second:
        return Markup("{}").format(first)
    return Markup("{}<br><small>{}</small>").format(first, second)
