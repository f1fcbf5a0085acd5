"""Small DICOM files, written by pydicom and its encoders."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate

GDCM_NAMES = {
    uid.JPEGLosslessSV1: "JPEGLosslessProcess14_1",
    uid.JPEGLossless: "JPEGLosslessProcess14",
    uid.JPEGLSLossless: "JPEGLSLossless",
    uid.JPEGLSNearLossless: "JPEGLSNearLossless",
}
DIGITAL_MAMMOGRAPHY = "1.2.840.10008.5.1.4.1.1.1.2"


def make_dataset(pixels, photometric="MONOCHROME2", syntax=None, **elements):
    """A data set of stored values (H, W[, 3]) or frames of them (n, H, W)."""
    pixels = np.asarray(pixels)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax or uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = DIGITAL_MAMMOGRAPHY
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset = FileDataset(
        None,
        {},
        file_meta=meta,
        preamble=bytes(128),
        is_implicit_VR=meta.TransferSyntaxUID.is_implicit_VR,
        is_little_endian=meta.TransferSyntaxUID.is_little_endian,
    )
    dataset.SOPClassUID, dataset.SOPInstanceUID = DIGITAL_MAMMOGRAPHY, "1.2.3.4"
    colour = pixels.ndim == 3 and pixels.shape[-1] == 3
    if pixels.ndim == 3 and not colour:
        dataset.NumberOfFrames = len(pixels)
    dataset.Rows, dataset.Columns = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    dataset.SamplesPerPixel = 3 if colour else 1
    if colour:
        dataset.PlanarConfiguration = 0
    bits = 8 * pixels.dtype.itemsize
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PhotometricInterpretation = photometric
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.HighBit = dataset.BitsStored - 1
    if meta.TransferSyntaxUID == uid.ExplicitVRBigEndian:
        pixels = pixels.astype(pixels.dtype.newbyteorder(">"))
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"
    return dataset


def encode_gdcm(dataset, syntax):
    """Compress the pixels of `dataset` by gdcm, in place."""
    gdcm = pytest.importorskip("gdcm")
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetByteStringValue(dataset.PixelData)
    image = gdcm.Image()
    image.thisown = False  # its smart pointer in `change` frees it
    image.SetNumberOfDimensions(2)
    image.SetDimensions((dataset.Columns, dataset.Rows, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.MONOCHROME2
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    image.SetTransferSyntax(
        gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian)
    )
    bits = dataset.BitsAllocated
    image.SetPixelFormat(gdcm.PixelFormat(1, bits, bits, bits - 1, 0))
    change = gdcm.ImageChangeTransferSyntax()
    kind = getattr(gdcm.TransferSyntax, GDCM_NAMES[syntax])
    change.SetTransferSyntax(gdcm.TransferSyntax(kind))
    change.SetInput(image)
    assert change.Change()
    fragments = change.GetOutput().GetDataElement().GetSequenceOfFragments()
    frame = fragments.GetFragment(0).GetByteValue().GetBuffer()
    encapsulate_frame(dataset, frame.encode("utf-8", "surrogateescape"), syntax)


def encapsulate_frame(dataset, frame, syntax):
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax


def to_bytes(dataset, syntax=None):
    """The bytes of a data set, compressed into `syntax` where one is given."""
    if syntax in GDCM_NAMES:
        encode_gdcm(dataset, syntax)
    elif syntax in (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit):
        stream = BytesIO()
        values = np.frombuffer(dataset.PixelData, np.uint8)
        samples = dataset.SamplesPerPixel
        shape = (dataset.Rows, dataset.Columns) + ((3,) if samples == 3 else ())
        Image.fromarray(values.reshape(shape)).save(stream, "JPEG", quality=95)
        encapsulate_frame(dataset, stream.getvalue(), syntax)
        if samples == 3:
            dataset.PhotometricInterpretation = "YBR_FULL_422"
    elif syntax is not None:
        options = {"j2k_cr": [2]} if syntax == uid.JPEG2000 else {}
        dataset.compress(syntax, generate_instance_uid=False, **options)
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@pytest.fixture
def make():
    return make_dataset


@pytest.fixture
def encode():
    return to_bytes


@pytest.fixture
def write(tmp_path):
    """Write a data set (or its bytes) and return the path."""

    def write(dataset, syntax=None, name="image.dcm"):
        path = tmp_path / name
        data = dataset if isinstance(dataset, bytes) else to_bytes(dataset, syntax)
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def ramp():
    """Twelve-bit values in a 32 x 48 image that a lossy encoder hardly changes."""
    rows, columns = np.mgrid[:32, :48]
    return (rows * 60 + columns * 45).astype(np.uint16)
