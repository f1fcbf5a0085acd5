"""The ``study-results`` directive, which shows a results file of a study as a table.

``.. study-results:: NAME`` shows ``docs/studies/results/NAME.csv`` with a caption from
``NAME.json``. This file has the keys ``title``, ``command``, ``commit`` and
``machine``, and optionally ``note``. Without a name the directive shows all results
files, and other pages can link each table, as ``:ref:`text <results-NAME>```. In this
way every number on a page comes from a file that was written by a known command.
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
        If a file is missing, or the origin of its numbers is not complete.
    """
    table, sidecar = (Path(folder) / f"{name}{end}" for end in (".csv", ".json"))
    for path in (table, sidecar):
        if not path.is_file():
            raise ValueError(f"The file {path.name!r} of {name!r} is missing.")
    origin = json.loads(sidecar.read_text(encoding="utf-8"))
    missing = [key for key in REQUIRED if not origin.get(key)]
    if missing:
        raise ValueError(f"{sidecar.name!r} has no {', '.join(missing)}.")
    with table.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row]
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"The rows of {table.name!r} differ in length.")
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
    """Make the paragraphs that describe the origin of the numbers."""
    line = nodes.paragraph()
    line += nodes.Text("Made by ")
    line += nodes.literal(text=origin["command"])
    line += nodes.Text(f" at commit {origin['commit']}, on {origin['machine']}.")
    note = origin.get("note")
    return [line, nodes.paragraph(text=note)] if note else [line]


class StudyResults(SphinxDirective):
    """Show one results file, or all of them."""

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
        table = make_table(rows, origin["title"])
        if not self.arguments:  # a label must be unique
            table["names"].append(f"results-{name}")
            self.state.document.note_explicit_target(table)
        return [table, *make_origin(origin)]


def setup(app):
    """Register the directive."""
    app.add_directive("study-results", StudyResults)
    return {"parallel_read_safe": True, "version": "1"}
