"""Descriptions of the data sets."""

from importlib.resources import files

__all__ = ["read_descr"]


def read_descr(name):
    """Return the description of the data set `name`, as reStructuredText."""
    return (files(__package__) / "descr" / f"{name}.rst").read_text(encoding="utf-8")
