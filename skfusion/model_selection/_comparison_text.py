"""A comparison as text of 80 columns."""

import textwrap

from ._comparison_blocks import (
    caption_of,
    describe_fit_time,
    find_blocks,
    format_interval,
    format_number,
)

__all__ = ["text_of"]

_WIDTH = 80
_NARROWEST = {"kappa": 12}  # of a column with an interval such as "-0.12, 0.04"


def text_of(comparison):
    """Return one table of every model, with the intervals below the estimates.

    Parameters
    ----------
    comparison : ModelComparison

    Returns
    -------
    text : str
        Its lines have at most 80 characters.
    """
    over = "groups" if "group" in comparison.predictions else "images"
    about = (
        f"{caption_of(comparison)}. Estimates from pooled predictions, and below them "
        f"95 % intervals over {over}; below a model, "
        f"{describe_fit_time(comparison)}."
    )
    lines = textwrap.wrap(about, _WIDTH)
    for block in find_blocks(comparison):
        lines += ["", *textwrap.wrap(block.title, _WIDTH), *_block_lines(block)]
    return "\n".join(line.rstrip() for line in lines)


def _block_lines(block):
    widths = [max(_NARROWEST.get(m, 11), len(m) + 1) for m in block.measures]
    first = _WIDTH - sum(widths)
    lines = [_line("", block.measures, widths)]
    for name, note, values in block.rows:
        estimates = [format_number(value) for value, _, _ in values.values()]
        # The first estimate is shorter than its column, which leaves room for a name.
        if len(name) > first + widths[0] - len(estimates[0]) - 2:  # a line of its own
            lines.append(textwrap.shorten(name, _WIDTH, placeholder="..."))
            name = ""
        intervals = [format_interval(*bounds) for _, *bounds in values.values()]
        lines.append(_line(name, estimates, widths))
        note = f"  {note}" if note else ""
        if len(note) > first:
            lines += [_line("", intervals, widths), note]
        else:
            lines.append(_line(note, intervals, widths))
    return lines


def _line(first, cells, widths):
    cells = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
    text = "".join(cells).rjust(_WIDTH)
    return first + text[len(first) :]
