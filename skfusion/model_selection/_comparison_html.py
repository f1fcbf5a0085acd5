"""A comparison as tables of HTML."""

from html import escape

from ._comparison_blocks import (
    caption_of,
    describe_fit_time,
    find_blocks,
    format_interval,
    format_number,
)

__all__ = ["html_of"]

_LEFT = 'style="text-align: left"'


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
    blocks = find_blocks(comparison)
    names = [*blocks[0].measures, "fit"]
    head = f'<th scope="col" {_LEFT}>model</th>'
    head += "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(_body(block, 1 + len(names)) for block in blocks)
    about = (
        f"<b>{escape(caption_of(comparison))}</b><br><small>Estimates from pooled "
        f"predictions, below them 95&nbsp;% intervals over {over}; of a model, "
        f"{describe_fit_time(comparison)}.</small>"
    )
    return (
        f'<p>{about}</p><table class="dataframe"><thead><tr>{head}</tr></thead>{body}'
        "</table>"
    )


def _body(block, n_columns):
    options = f'scope="rowgroup" colspan="{n_columns}" {_LEFT}'
    title = f"<th {options}>{escape(block.title)}</th>"
    rows = "".join(_row(*row) for row in block.rows)
    return f"<tbody><tr>{title}</tr>{rows}</tbody>"


def _row(name, note, values):
    cells = [f"<td {_LEFT}>{escape(name)}</td>"]
    for estimate, *bounds in values.values():
        interval = format_interval(*bounds).replace(" ", "&nbsp;")
        cells.append(f"<td>{format_number(estimate)}<br><small>{interval}</small></td>")
    cells.append(f"<td>{escape(note.removeprefix('fit '))}</td>")
    return f"<tr>{''.join(cells)}</tr>"
