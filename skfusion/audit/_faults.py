"""Faults of single images: files, constant images, odd shapes, boxes, overlays."""

from pathlib import Path

import numpy as np
import pandas as pd

from .._validation._boxes import is_within, parse_boxes
from ._finding import findings_of
from ._overlays import OVERLAY_COLUMNS

__all__ = [
    "find_boxes_outside",
    "find_constant",
    "find_odd_shapes",
    "find_overlays",
    "find_unreadable",
]

_LEAST_CONTRAST = 1 / 255  # standard deviation of the grey values
_LEAST_OVERLAY = {"colour": 10, "marks": 5, "shared overlay": 1}  # pixels
_FEW = 10  # images, of which none is odd
_DEVIATIONS = 6  # robust standard deviations
_LEAST_FACTOR = 1.6  # how far an odd size or aspect is from the median
_TO_DEVIATION = 1.4826  # of the median absolute deviation of a normal distribution


def find_unreadable(measurements, paths):
    """Find rows without a file, and files that cannot be decoded.

    Parameters
    ----------
    measurements : DataFrame
        Result of ``measure_images``.

    paths : ndarray of shape (n_images,) or None
        None if X holds pixels.

    Returns
    -------
    findings : DataFrame
        Of the kinds "missing file" and "unreadable file". The details do not name the
        file.
    """
    problems = measurements["problem"]
    rows = np.flatnonzero(problems.notna())
    paths = [""] * len(problems) if paths is None else paths
    details = {row: _reason(problems.iat[row], paths[row]) for row in rows}
    missing = [row for row in rows if _is_missing(paths[row])]
    broken = [row for row in rows if row not in set(missing)]
    return pd.concat(
        [
            findings_of(kind, found, [details[row] for row in found], "error")
            for kind, found in (("missing file", missing), ("unreadable file", broken))
        ]
    )


def _is_missing(path):
    return path is None or (path != "" and not Path(path).exists())


def _reason(problem, path):
    """Return the reason of a problem without the name of the file."""
    name = repr(Path(path).name) if path else None
    if name is None or name not in problem:
        return problem
    reason = problem.partition(f"{name}: ")[2].partition(". Check the path")[0]
    return reason or problem.replace(name, "the file")


def find_constant(measurements):
    """Find images whose pixels have one value, or nearly so."""
    contrast = measurements["contrast"].to_numpy()
    rows = np.flatnonzero(contrast < _LEAST_CONTRAST)
    details = [f"standard deviation of the grey values {contrast[i]:.5f}" for i in rows]
    return findings_of("constant", rows, details, "error")


def find_odd_shapes(measurements, strata):
    """Find images whose aspect or size is far from those of their data set.

    Parameters
    ----------
    measurements : DataFrame

    strata : ndarray of shape (n_images,)
        The data set of each image.

    Returns
    -------
    findings : DataFrame
        Of the kind "odd shape".
    """
    width, height = measurements["width"], measurements["height"]
    shapes = {"aspect": width / height, "size": np.sqrt(width * height)}
    details = {}
    for name, values in shapes.items():
        medians = values.groupby(strata).transform("median")
        for row in np.flatnonzero(_is_odd(np.log(values), strata)):
            text = f"{name} {values[row]:.3g}, median {medians[row]:.3g}"
            details.setdefault(row, []).append(text)
    rows = sorted(details)
    return findings_of(
        "odd shape", rows, ["; ".join(details[row]) for row in rows], "note"
    )


def _is_odd(values, strata):
    """Compare the logarithms of each stratum with its median."""
    by_stratum = values.groupby(strata)
    distance = (values - by_stratum.transform("median")).abs()
    spread = distance.groupby(strata).transform("median") * _TO_DEVIATION
    limit = np.maximum(_DEVIATIONS * spread, np.log(_LEAST_FACTOR))
    return (distance > limit) & (by_stratum.transform("size") >= _FEW)


def find_boxes_outside(measurements, regions):
    """Find boxes of the column ``region`` that are no boxes, or outside the image.

    As in reading, they may go beyond the image by a pixel, which is rounding.

    Parameters
    ----------
    measurements : DataFrame

    regions : Series of shape (n_images,) or None

    Returns
    -------
    findings : DataFrame
        Of the kind "box outside".
    """
    details = {}
    for row, value in enumerate([] if regions is None else regions):
        size = measurements["width"].iat[row], measurements["height"].iat[row]
        detail = _fault_of_box(value, *size)
        if detail:
            details[row] = detail
    return findings_of("box outside", list(details), list(details.values()), "error")


def _fault_of_box(value, width, height):
    try:
        box = parse_boxes(pd.Series([value], dtype=object))[0]
    except ValueError:
        return "not a box 'x0,y0,x1,y1' of at least one pixel"
    if np.isnan([*box, width, height]).any() or is_within(box, width, height):
        return None
    box = ",".join(f"{edge:g}" for edge in box)
    return f"box {box}, image of {width:g} x {height:g} pixels"


def find_overlays(measurements, n_shared):
    """Find what was drawn into images.

    Parameters
    ----------
    measurements : DataFrame
        With the ``OVERLAY_COLUMNS``.

    n_shared : ndarray of shape (n_images,)
        Number of pixels that most images have at the same place.

    Returns
    -------
    findings : DataFrame
        Of the kinds "colour", "marks" and "shared overlay".
    """
    counts = [measurements[name].to_numpy() for name in OVERLAY_COLUMNS]
    kinds = zip(
        ("colour", "marks", "shared overlay"),
        (*counts, n_shared),
        ("warning", "warning", "note"),
        strict=True,
    )
    parts = []
    for kind, n_pixels, severity in kinds:
        rows = np.flatnonzero(n_pixels >= _LEAST_OVERLAY[kind])
        details = [f"{n_pixels[row]:.0f} pixels" for row in rows]
        parts.append(findings_of(kind, rows, details, severity))
    return pd.concat(parts)
