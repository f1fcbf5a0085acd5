"""Decode a frame of a DICOM file to grey values in [0, 1]."""

import zlib
from io import BytesIO

from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.filereader import read_dataset
from pydicom.pixels import apply_color_lut, get_decoder
from pydicom.tag import Tag

from ...exceptions import ImageReadError
from ._codestreams import check_jpeg, check_jpeg2000, check_rle
from ._dicom_grey import (
    GREY_KEYWORDS,
    colour_to_grey,
    monochrome_to_grey,
    palette_to_grey,
)
from ._jpeg2000 import decode_reduced
from ._signatures import MAX_PIXELS, check_size

__all__ = ["check_inflated_size", "read_dicom"]

# Only these elements are parsed; those that identify a patient are not read.
_KEYWORDS = (
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "PixelData",
    "FloatPixelData",
    "DoubleFloatPixelData",
)
_PALETTE_KEYWORDS = tuple(
    f"{prefix}{colour}PaletteColorLookupTable{suffix}"
    for colour in ("Red", "Green", "Blue")
    for prefix, suffix in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
)
_TAGS = [Tag(word) for word in (*_KEYWORDS, *GREY_KEYWORDS, *_PALETTE_KEYWORDS)]

# One decoder per syntax, chosen by its speed and by how it fails on damaged data. All
# have permissive licences.
_DECODERS = {
    uid.RLELossless: ("pylibjpeg", check_rle),
    uid.JPEGBaseline8Bit: ("pillow", check_jpeg),
    uid.JPEGExtended12Bit: ("pillow", check_jpeg),
    uid.JPEGLossless: ("gdcm", check_jpeg),
    uid.JPEGLosslessSV1: ("gdcm", check_jpeg),
    uid.JPEGLSLossless: ("gdcm", check_jpeg),
    uid.JPEGLSNearLossless: ("gdcm", check_jpeg),
    uid.JPEG2000Lossless: ("pylibjpeg", check_jpeg2000),
    uid.JPEG2000: ("pylibjpeg", check_jpeg2000),
}


def read_dicom(data, frame, min_side, admit):
    """Decode one frame of a DICOM file and convert it to grey.

    The steps follow the standard: first the modality LUT (or rescale), then the VOI LUT
    or window, and finally the inversion of MONOCHROME1.

    Parameters
    ----------
    data : bytes
        The whole file, with or without a preamble.

    frame : int
        Index of the frame.

    min_side : int or None
        Smallest side, in pixels, that is sufficient, if the file has several
        resolutions. If None, the whole image is decoded.

    admit : callable
        Called with the number of pixels before they are decoded.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1], 1 = bright

    Raises
    ------
    ImageReadError, AttributeError, ValueError, RuntimeError, ...
        All errors of pydicom and its decoders; the caller converts them.

    References
    ----------
    DICOM PS3.3, C.7.6.3 (pixels), C.11.1 (modality LUT), C.11.2 (VOI LUT).
    """
    check_inflated_size(data)
    dataset = dcmread(BytesIO(data), force=True, specific_tags=_TAGS)
    _check_header(dataset, frame)
    admit(dataset.Rows * dataset.Columns)
    pixels, properties = _decode(dataset, frame, min_side)
    photometric = properties["photometric_interpretation"]
    if photometric == "PALETTE COLOR":
        return _palette_to_grey(pixels, dataset)
    if pixels.ndim == 3:
        return colour_to_grey(pixels, photometric, properties["bits_stored"])
    parameters = _grey_parameters(dataset, frame)
    return monochrome_to_grey(pixels, photometric, properties, parameters)


def check_inflated_size(data):
    """Refuse a deflated data set that is too large when it is inflated.

    Parameters
    ----------
    data : bytes
        The whole file.

    Raises
    ------
    ImageReadError
        If its inflated size is more than eight bytes for each of ``MAX_PIXELS``.
    """
    stream = BytesIO(data)
    if data[128:132] == b"DICM":
        stream.seek(132)
    meta = read_dataset(stream, False, True, stop_when=_after_file_meta)
    if meta.get("TransferSyntaxUID") != uid.DeflatedExplicitVRLittleEndian:
        return
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    block, total = inflate.decompress(data[stream.tell() :], 2**24), 0
    while block:
        total += len(block)
        if total > 8 * MAX_PIXELS:
            raise ImageReadError("its deflated data set is too large when inflated")
        block = inflate.decompress(inflate.unconsumed_tail, 2**24)
    if not inflate.eof:
        raise ImageReadError("its deflated data set is truncated")


def _after_file_meta(tag, vr, length):
    return tag >> 16 != 2


def _check_header(dataset, frame):
    """Refuse an invalid header, and add a transfer syntax if it is missing."""
    if not any(word in dataset for word in _KEYWORDS[-3:]):
        raise ImageReadError("it is DICOM but contains no complete image")
    check_size(int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0))
    samples, bits = dataset.get("SamplesPerPixel"), dataset.get("BitsAllocated")
    if samples not in (1, 3):
        raise ImageReadError(
            f"its header gives {samples!r} samples per pixel, not 1 or 3"
        )
    if bits not in (1, 8, 16, 32, 64):
        raise ImageReadError(f"its header gives {bits!r} bits allocated")
    n_frames = int(dataset.get("NumberOfFrames") or 1)
    if frame >= n_frames:
        raise ImageReadError(f"it has no frame {frame}, only {n_frames} in total")
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, _ = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = (
            uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
        )
    if not dataset.file_meta.TransferSyntaxUID.is_little_endian and any(
        word in dataset
        for word in ("ModalityLUTSequence", "VOILUTSequence", *_PALETTE_KEYWORDS)
    ):
        raise ImageReadError("lookup tables in big-endian order are not supported")


def _decode(dataset, frame, min_side):
    """Return the stored values of one frame, and their properties.

    The values are raw, because pydicom would convert colours in a float copy.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        return get_decoder(syntax).as_array(dataset, index=frame, raw=True)
    if syntax not in _DECODERS:
        raise ImageReadError(f"its transfer syntax {syntax.name!r} is not supported")
    plugin, check = _DECODERS[syntax]
    encoded = _encoded_frame(dataset, frame)
    check(
        encoded,
        dataset.Rows,
        dataset.Columns,
        dataset.SamplesPerPixel,
        dataset.BitsAllocated,
    )
    if min_side and check is check_jpeg2000 and dataset.SamplesPerPixel == 1:
        pixels = decode_reduced(encoded, min_side)
        if pixels is not None:
            return pixels, _properties(dataset)
    return get_decoder(syntax).as_array(
        dataset, index=frame, decoding_plugin=plugin, raw=True
    )


def _properties(dataset):
    """Return the properties that pydicom returns with the pixels that it decodes."""
    return {
        "photometric_interpretation": dataset.PhotometricInterpretation,
        "bits_stored": dataset.BitsStored,
        "pixel_representation": dataset.PixelRepresentation,
    }


def _encoded_frame(dataset, frame):
    offsets = None
    if "ExtendedOffsetTable" in dataset and "ExtendedOffsetTableLengths" in dataset:
        offsets = dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths
    return get_frame(
        dataset.PixelData,
        frame,
        number_of_frames=int(dataset.get("NumberOfFrames") or 1),
        extended_offsets=offsets,
    )


def _palette_to_grey(pixels, dataset):
    if "SegmentedRedPaletteColorLookupTableData" in dataset:
        bits = dataset.RedPaletteColorLookupTableDescriptor[2]
        return colour_to_grey(apply_color_lut(pixels, dataset), "RGB", bits)
    return palette_to_grey(pixels, dataset)


def _grey_parameters(dataset, frame):
    """Return rescale, window and tables of one frame in one flat data set.

    An enhanced (tomosynthesis) object stores them in its functional groups. Those of
    the frame have priority over those that are shared by all frames.
    """
    parameters = Dataset()
    for source in _grey_sources(dataset, frame):
        for word in GREY_KEYWORDS:
            if word in source:
                parameters[word] = source[word]
    return parameters


def _grey_sources(dataset, frame):
    yield dataset
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    each = dataset.get("PerFrameFunctionalGroupsSequence") or []
    for group in (*shared[:1], *each[frame : frame + 1]):
        for word in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            yield from group.get(word) or []
