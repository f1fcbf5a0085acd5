"""Convert a decoded DICOM frame to grey: modality LUT, VOI LUT, polarity and colour."""

from functools import partial

import numpy as np
from pydicom.pixels import convert_color_space

from ...exceptions import ImageReadError
from ._grey import (
    apply_lookup_table,
    apply_window,
    in_bands,
    luma,
    to_unit_range,
)

__all__ = ["GREY_KEYWORDS", "colour_to_grey", "monochrome_to_grey", "palette_to_grey"]

GREY_KEYWORDS = (
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "VOILUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
)
_WINDOW_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def monochrome_to_grey(pixels, photometric, properties, parameters):
    """Convert stored values of grey images to [0, 1], where 1 is bright.

    Parameters
    ----------
    pixels : ndarray of shape (H, W)
        Stored values.

    photometric : str
        MONOCHROME1 or MONOCHROME2.

    properties : dict
        ``bits_stored`` and ``pixel_representation`` of `pixels`. Floating-point pixels
        do not have them.

    parameters : pydicom.Dataset
        The elements of ``GREY_KEYWORDS`` that exist for the frame.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Raises
    ------
    ImageReadError
        If the photometric interpretation is not one of these, a table is truncated, or
        values are not finite.
    """
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageReadError(
            f"its PhotometricInterpretation is {photometric!r} with one sample per "
            "pixel"
        )
    modality, low, high = _modality(pixels, properties, parameters)
    voi = _voi(parameters, low, high)

    def convert(rows):
        image = voi(modality(pixels[rows]))
        return 1 - image if photometric == "MONOCHROME1" else image

    return in_bands(convert, pixels.shape)


def _modality(pixels, properties, parameters):
    """Return the modality transformation, and the range of the values after it."""
    if parameters.get("ModalityLUTSequence"):
        item = parameters.ModalityLUTSequence[0]
        table, first, bits = _sequence_table(item, _is_signed(properties))
        return partial(apply_lookup_table, table=table, first=first), 0, 2**bits - 1
    low, high = _stored_range(pixels, properties)
    slope = _number(parameters.get("RescaleSlope"), default=1.0)
    intercept = _number(parameters.get("RescaleIntercept"), default=0.0)
    if slope == 0:
        raise ImageReadError("its RescaleSlope is 0")
    if (slope, intercept) == (1.0, 0.0):
        return np.asarray, low, high
    low, high = sorted((low * slope + intercept, high * slope + intercept))
    return lambda stored: stored * np.float64(slope) + intercept, low, high


def _stored_range(pixels, properties):
    """Return the range of the stored values, which is that of their bits, up to 16.

    Values of more bits, and floats, rarely use the range of their type, so the range
    is their minimum and maximum.
    """
    bits = properties.get("bits_stored", 64)
    if bits > 16:
        low, high = float(pixels.min()), float(pixels.max())
        if not np.isfinite([low, high]).all():
            raise ImageReadError("it holds NaN or infinite values")
        return low, high
    if _is_signed(properties):
        return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return 0, 2**bits - 1


def _is_signed(properties):
    """Return whether stored integers may be negative."""
    return properties.get("pixel_representation") == 1


def _voi(parameters, low, high):
    """Return a function that maps values to [0, 1].

    It uses the first VOI table or window, or else the range. The inputs of a table are
    signed if the modality transformation can return negative values.
    """
    if parameters.get("VOILUTSequence"):
        item = parameters.VOILUTSequence[0]
        table, first, bits = _sequence_table(item, is_signed=low < 0)
        return lambda values: to_unit_range(
            apply_lookup_table(values, table, first), 0, 2**bits - 1
        )
    center = _number(parameters.get("WindowCenter"))
    width = _number(parameters.get("WindowWidth"))
    function = str(parameters.get("VOILUTFunction") or "LINEAR").upper()
    if function not in _WINDOW_FUNCTIONS:
        function = "LINEAR"
    # Some writers store a width of 0, which means no window and not a black image.
    if center is None or width is None or width < (1 if function == "LINEAR" else 1e-9):
        return partial(to_unit_range, low=low, high=high)
    return partial(apply_window, center=center, width=width, function=function)


def _number(value, default=None):
    """Return the first value of a decimal string element, or the default."""
    if isinstance(value, str) or value is None:
        return default
    first = next(iter(value), default) if hasattr(value, "__iter__") else value
    return default if first is None or not np.isfinite(float(first)) else float(first)


def _sequence_table(item, is_signed):
    """Return the table, first input value and bits of an item of a LUT sequence."""
    return _table(item.LUTDescriptor, item["LUTData"].value, is_signed)


def _table(descriptor, data, is_signed):
    """Return a table, the input value of its first entry, and its bits.

    Writers store the three numbers of a descriptor as signed or as unsigned (US 63488
    is SS -2048). The number of entries and the bits are always unsigned. The input
    value is signed if the inputs of the table are signed.
    """
    n_entries, first, bits = (int(number) for number in descriptor)
    n_entries = n_entries % 2**16 or 2**16
    if is_signed and first >= 2**15:
        first -= 2**16
    if isinstance(data, bytes):
        width = 2 if len(data) >= 2 * n_entries else 1
        data = np.frombuffer(data, dtype=f"<u{width}")
    table = np.atleast_1d(np.asarray(data, dtype=np.int64))[:n_entries]
    if len(table) < n_entries or not 8 <= bits <= 16:
        raise ImageReadError(
            f"its lookup table has {len(table)} entries of {bits} bits, but "
            f"{n_entries} of 8 to 16 bits are needed"
        )
    return table, first, bits


def colour_to_grey(pixels, photometric, bits):
    """Convert colours to grey in [0, 1].

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3) or (H, W, 4), unsigned integers
        RGB or YBR values.

    photometric : str
        Photometric interpretation of `pixels`.

    bits : int
        Number of bits per sample.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]
    """

    def convert(rows):
        band = pixels[rows]
        if photometric in ("YBR_FULL", "YBR_FULL_422"):
            grey = luma(convert_color_space(band, "YBR_FULL", "RGB"))
        elif photometric.startswith("YBR"):  # Y is the luma itself
            grey = band[:, :, 0]
        else:
            grey = luma(band)
        return to_unit_range(grey, 0, 2**bits - 1)

    return in_bands(convert, pixels.shape[:2])


def palette_to_grey(pixels, dataset):
    """Look up colours in the palette of a data set and convert them to grey in [0, 1].

    Parameters
    ----------
    pixels : ndarray of shape (H, W)
        Stored values.

    dataset : pydicom.Dataset
        Data set with the three palette colour lookup tables.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]
    """
    words = [f"{colour}PaletteColorLookupTable" for colour in ("Red", "Green", "Blue")]
    tables = [
        _table(
            dataset[f"{word}Descriptor"].value,
            dataset[f"{word}Data"].value,
            is_signed=dataset.get("PixelRepresentation") == 1,
        )
        for word in words
    ]

    bits = tables[-1][2]

    def convert(rows):
        channels = [
            apply_lookup_table(pixels[rows], table.astype(np.uint32), first)
            for table, first, _ in tables
        ]
        return to_unit_range(luma(np.stack(channels, axis=-1)), 0, 2**bits - 1)

    return in_bands(convert, pixels.shape)
