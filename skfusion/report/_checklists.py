"""Items of two reporting guidelines, and which of them a page answers."""

import csv
from importlib.resources import files

from markupsafe import Markup

from ._section import Section, Table, Text

__all__ = ["GUIDELINES", "checklists_section", "read_checklists"]

#: The publications that the items were taken from.
GUIDELINES = {
    "TRIPOD+AI": "Collins GS et al. TRIPOD+AI statement. BMJ 2024;385:e078378, "
    "doi 10.1136/bmj-2023-078378",
    "CLAIM 2024": "Tejani AS et al. Checklist for Artificial Intelligence in Medical "
    "Imaging (CLAIM): 2024 update. Radiology: Artificial Intelligence "
    "2024;6(4):e240300, doi 10.1148/ryai.240300",
}

_ABOUT = (
    "Topics of the items in short words of our own: read the publications for what "
    "each item requires. The column 'here' leads to what this page holds of an item. "
    "Whether that is enough is the author's judgement, and what remains is the "
    "author's to fill in."
)


def read_checklists():
    """Return the items of both guidelines.

    Returns
    -------
    items : list of dict of str to str
        ``guideline``, ``section``, ``item`` (its number), ``topic``, ``here`` (anchors
        of sections that answer it, wholly or in part) and ``remains``, what the author
        has to add.
    """
    text = files(__package__).joinpath("checklists.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def checklists_section(sections):
    """Return the section of the checklists.

    Parameters
    ----------
    sections : dict of str to Section
        Sections of the page, by the names that the items have for them.

    Returns
    -------
    section : Section
    """
    items = read_checklists()
    parts = [Text(_ABOUT)]
    for guideline, source in GUIDELINES.items():
        own = [item for item in items if item["guideline"] == guideline]
        rows = [_row(item, sections) for item in own]
        n_here = sum(bool(row[3]) for row in rows)
        caption = f"{guideline}: this page has something on {n_here} of {len(rows)}"
        head = ["item", "section", "topic", "here", "left to the author"]
        parts += [Table(f"{caption} items", head, rows, None), Text(source)]
    return Section("checklists", "Reporting guidelines", parts)


def _row(item, sections):
    found = [sections[name] for name in item["here"].split() if name in sections]
    link = Markup('<a href="#{0.anchor}">{0.title}</a>')
    links = [link.format(section) for section in found]
    remains = item["remains"] if found else item["remains"] or "the whole item"
    if not found and not remains.startswith("the whole item"):
        remains = f"the whole item: {remains}"
    cells = [item["item"], item["section"], item["topic"]]
    return [*cells, Markup(", ").join(links), remains]
