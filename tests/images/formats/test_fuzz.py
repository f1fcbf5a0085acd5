"""Mutated files end in ImageReadError naming the file, or in a valid image."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pydicom import uid

from skfusion.exceptions import ImageReadError
from skfusion.images import read_image

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    # Pillow and libtiff may read a damaged size as a large one.
    pytest.mark.timeout(240),
]

RASTERS = ["png", "jpg", "pgm", "tif"]
DICOMS = {
    "uncompressed": None,
    "deflated": uid.DeflatedExplicitVRLittleEndian,
    "rle": uid.RLELossless,
    "jpeg2000": uid.JPEG2000Lossless,
    "jpegls": uid.JPEGLSLossless,
    "jpeglossless": uid.JPEGLosslessSV1,
}
ISOLATED = ("rle", "jpeg2000", "jpegls", "jpeglossless")


def texture(rng, dtype):
    """A textured image: noise would leave a compressed file all data, no header."""
    rows, columns = np.mgrid[:48, :64]
    waves = np.sin(rows / 5) * np.cos(columns / 7) + rng.normal(0, 0.05, (48, 64))
    scale = 1000 if np.dtype(dtype).itemsize == 2 else 60
    return (scale * (2 + waves)).astype(dtype)


@pytest.fixture
def original(encode, make):
    """The bytes of a whole file of one kind."""

    def original(kind, rng):
        if kind in RASTERS:
            wide = kind in ("png", "tif")
            options = {"compression": "tiff_lzw"} if kind == "tif" else {}
            stream = BytesIO()
            name = {"jpg": "JPEG", "pgm": "PPM", "tif": "TIFF"}.get(kind, kind)
            picture = Image.fromarray(texture(rng, np.uint16 if wide else np.uint8))
            picture.save(stream, name, **options)
            return stream.getvalue()
        syntax = DICOMS[kind]
        if syntax == uid.DeflatedExplicitVRLittleEndian:
            return encode(make(texture(rng, np.uint16), syntax=syntax))
        return encode(make(texture(rng, np.uint16), BitsStored=12), syntax)

    return original


def truncate(data, rng):
    return data[: rng.integers(1, len(data))]


def flip_anywhere(data, rng):
    return flip(data, rng, len(data))


def flip_header(data, rng):
    """Flip bits near the start, or around the start of a compressed frame."""
    begin = max(data.find(mark) for mark in (b"\xff\x4f\xff\x51", b"\xe0\x7f\x10\x00"))
    begin = max(begin, 0) if rng.random() < 0.7 else 0
    return data[:begin] + flip(data[begin:], rng, min(200, len(data) - begin))


def flip(data, rng, stop):
    mutated = np.frombuffer(data, np.uint8).copy()
    for place in rng.integers(0, stop, rng.integers(1, 9)):
        mutated[place] ^= 1 << rng.integers(8)
    return mutated.tobytes()


def empty(data, rng):
    return b""


def zero_bytes(data, rng):
    """Blank a run of bytes: a size of zero, when it hits one."""
    begin = rng.integers(0, min(len(data), 1000))
    length = rng.integers(1, 5)
    return data[:begin] + bytes(length) + data[begin + length :]


def enlarge(data, rng):
    """Blow up two bytes that could be a size: a decompression bomb."""
    begin = rng.integers(0, min(len(data), 1000))
    return data[:begin] + b"\xff\xf0" + data[begin + 2 :]


def splice(data, rng):
    begin, end = sorted(rng.integers(0, len(data), 2))
    return data[:begin] + data[end:]


MUTATIONS = [
    truncate,
    flip_anywhere,
    flip_header,
    zero_bytes,
    enlarge,
    splice,
    flip_header,
    flip_anywhere,
    empty,
    truncate,
]
SUFFIXES = ["png", "dcm", "jpg", "tif", "pgm", "txt"]  # wrong ones among them


def bombs(kind):
    """Whole headers of the formats that claim far more than they hold."""
    if kind == "pgm":
        return [b"P5 %d %d 65535\n" % (10**n, 10**n) for n in (5, 6, 9)]
    if kind in ("png", "jpg", "tif"):
        mode, name = ("1", "PNG") if kind == "png" else ("L", "JPEG")
        if kind == "tif":
            mode, name = "1", "TIFF"
        stream = BytesIO()
        side = 12_000
        options = {"compression": "group4"} if kind == "tif" else {}
        Image.new(mode, (side, side)).save(stream, name, **options)
        return [stream.getvalue()]
    return []


def check(path, isolated):
    """Read the file; return whether it was a valid image."""
    try:
        image = read_image(path, isolated=isolated)
    except ImageReadError as error:
        message = str(error)
    else:
        message = None
        assert_valid(image)
    assert message is None or repr(path.name) in message
    return message is None


def assert_valid(image):
    assert image.dtype == np.float32
    assert image.ndim == 2
    assert image.size
    assert np.isfinite(image).all()
    assert image.min() >= 0
    assert image.max() <= 1


def fuzz(kind, original, folder, n_files):
    """Check `n_files` mutations of one kind; return how many were valid images."""
    n_valid = 0
    for number in range(n_files):
        rng = np.random.default_rng([number, *kind.encode()])
        mutate = MUTATIONS[number % len(MUTATIONS)]
        path = folder / f"mutated {number}.{SUFFIXES[number % len(SUFFIXES)]}"
        path.write_bytes(mutate(original(kind, rng), rng))
        n_valid += check(path, kind in ISOLATED)
    return n_valid


@pytest.mark.parametrize("kind", [*RASTERS, *DICOMS])
def test_the_original_is_a_valid_image(kind, original, tmp_path):
    path = tmp_path / "whole"
    path.write_bytes(original(kind, np.random.default_rng(0)))
    assert check(path, isolated=False)


@pytest.mark.parametrize("kind", [*RASTERS, *DICOMS])
def test_thirty_mutated_files(kind, original, tmp_path):
    n_valid = fuzz(kind, original, tmp_path, 30)
    assert n_valid < 30


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", [*RASTERS, *DICOMS])
def test_three_hundred_mutated_files(kind, original, tmp_path, record_property):
    n_valid = fuzz(kind, original, tmp_path, 300)
    record_property("valid", n_valid)
    assert 0 < n_valid < 300


@pytest.mark.parametrize("kind", RASTERS)
def test_a_decompression_bomb_is_refused(kind, tmp_path):
    for content in bombs(kind):
        path = tmp_path / f"bomb.{kind}"
        path.write_bytes(content)
        with pytest.raises(ImageReadError, match=r"'bomb\."):
            read_image(path)
