"""A comparison as tables of HTML."""

from html import escape

from ._comparison_blocks import (
    caption_of,
    find_blocks,
    format_interval,
    format_number,
)

__all__ = ["html_of"]


def html_of(comparison):
    """Return a table of every model for each block, with intervals.

    Colours are left to the page, so that they suit a light and a dark notebook.

    Parameters
    ----------
    comparison : ModelComparison

    Returns
    -------
    html : str
        All names are escaped.
    """
    over = "groups" if "group" in comparison.predictions else "images"
    about = (
        f"<p><b>{escape(caption_of(comparison))}</b><br><small>Estimates from pooled "
        f"predictions with 95&nbsp;% intervals over {over}</small></p>"
    )
    return about + "".join(map(_table, find_blocks(comparison)))


def _table(block):
    has_notes = any(note for _, note, _ in block.rows)
    names = ["model", *block.measures, *(["mean fit of a fold"] if has_notes else [])]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = "".join(_row(row, has_notes) for row in block.rows)
    return (
        f'<p>{escape(block.title)}</p><table class="dataframe"><thead><tr>{head}</tr>'
        f"</thead><tbody>{rows}</tbody></table>"
    )


def _row(row, has_notes):
    name, note, values = row
    cells = [f'<th scope="row">{escape(name)}</th>']
    for estimate, *bounds in values.values():
        interval = format_interval(*bounds).replace(" ", "&nbsp;")
        cells.append(f"<td>{format_number(estimate)}<br><small>{interval}</small></td>")
    cells += [f"<td>{escape(note.removeprefix('fit '))}</td>"] if has_notes else []
    return f"<tr>{''.join(cells)}</tr>"
