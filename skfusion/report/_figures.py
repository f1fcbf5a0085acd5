"""Figures as data URLs, equal to the byte for equal data."""

from base64 import b64encode
from io import BytesIO

from ._section import Figure

__all__ = ["draw", "draw_photo"]

_LARGEST_SVG = 400_000  # bytes; a larger one is drawn as pixels
_SALT = {"svg.hashsalt": "skfusion"}  # of the names inside a drawing
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def draw(caption, make):
    """Draw a Display.

    Parameters
    ----------
    caption : str

    make : callable
        Returns a Display with a new figure. Settings and styles of the caller do not
        reach it.

    Returns
    -------
    figure : Figure
    """
    return Figure(caption, _with_new_figure(lambda: make().figure_, _plot_url))


def draw_photo(caption, make):
    """Draw a sheet of images.

    Parameters
    ----------
    caption : str

    make : callable
        Returns a new figure of matplotlib.

    Returns
    -------
    figure : Figure
    """
    return Figure(caption, _with_new_figure(make, _photo_url), is_photo=True)


def _with_new_figure(make, save):
    import matplotlib.pyplot as plt

    with plt.style.context(["default", _SALT], after_reset=True):
        figure = make()
        try:
            return save(figure)
        finally:
            plt.close(figure)


def _plot_url(figure):
    svg = _save(figure, format="svg", metadata=_NO_METADATA)
    if len(svg) <= _LARGEST_SVG:
        return _url("image/svg+xml", svg)
    return _url("image/png", _save(figure, format="png", dpi=150))


def _photo_url(figure):
    options = {"format": "jpeg", "dpi": 110, "pil_kwargs": {"quality": 80}}
    return _url("image/jpeg", _save(figure, **options))


def _save(figure, **options):
    file = BytesIO()
    figure.savefig(file, **options)
    return file.getvalue()


def _url(kind, content):
    return f"data:{kind};base64,{b64encode(content).decode()}"
