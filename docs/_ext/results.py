"""The ``study-results`` directive: a results file of a study as a table.

``.. study-results:: NAME`` shows ``docs/studies/results/NAME.csv`` under a caption
made of ``NAME.json``, which holds the keys ``title``, ``command``, ``commit`` and
``machine`` and may hold ``note``. Without a name it shows every results file there
is. So every number on a page comes from a file that a named command wrote.
"""

import csv
import json
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

REQUIRED = ("title", "command", "commit", "machine")


def read_results(folder, name):
    """Read the rows and the origin of one results file.

    Parameters
    ----------
    folder : path-like
        Folder of the results files.

    name : str
        Name of the results, without an extension.

    Returns
    -------
    rows : list of list of str
        Rows of the table; the first one is its header.

    origin : dict
        Title, command, commit and machine of the run.

    Raises
    ------
    ValueError
        If a file is missing or does not say where its numbers come from.
    """
    table, sidecar = (Path(folder) / f"{name}{end}" for end in (".csv", ".json"))
    for path in (table, sidecar):
        if not path.is_file():
            raise ValueError(f"The results {name!r} have no file {path.name!r}.")
    origin = json.loads(sidecar.read_text(encoding="utf-8"))
    missing = [key for key in REQUIRED if not origin.get(key)]
    if missing:
        raise ValueError(f"{sidecar.name!r} does not say its {', '.join(missing)}.")
    with table.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row]
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"The rows of {table.name!r} are not of one length.")
    return rows, origin


def make_table(rows, title):
    """Make a docutils table with a header row."""
    table = nodes.table("", nodes.title(text=title))
    group = nodes.tgroup(cols=len(rows[0]))
    columns = zip(*rows, strict=True)
    group += [nodes.colspec(colwidth=max(map(len, cells))) for cells in columns]
    group += nodes.thead("", make_row(rows[0]))
    group += nodes.tbody("", *map(make_row, rows[1:]))
    table += group
    return table


def make_row(cells):
    """Make one row of a docutils table."""
    return nodes.row(
        "", *(nodes.entry("", nodes.paragraph(text=cell)) for cell in cells)
    )


def make_origin(origin):
    """Make the paragraphs that say where the numbers come from."""
    line = nodes.paragraph()
    line += nodes.Text("Made by ")
    line += nodes.literal(text=origin["command"])
    line += nodes.Text(f" at commit {origin['commit']}, on {origin['machine']}.")
    note = origin.get("note")
    return [line, nodes.paragraph(text=note)] if note else [line]


class StudyResults(SphinxDirective):
    """Show one results file, or every one of them."""

    optional_arguments = 1

    def run(self):
        """Make the nodes of the directive."""
        folder = Path(self.env.srcdir) / "studies" / "results"
        names = self.arguments or sorted(path.stem for path in folder.glob("*.csv"))
        if not names:
            return [nodes.paragraph(text="No study has been run yet.")]
        return [node for name in names for node in self._show(folder, name)]

    def _show(self, folder, name):
        try:
            rows, origin = read_results(folder, name)
        except ValueError as error:
            raise self.error(str(error)) from error
        for end in (".csv", ".json"):
            self.env.note_dependency(str(folder / f"{name}{end}"))
        return [make_table(rows, origin["title"]), *make_origin(origin)]


def setup(app):
    """Register the directive."""
    app.add_directive("study-results", StudyResults)
    return {"parallel_read_safe": True, "version": "1"}
