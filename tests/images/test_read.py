"""read_image: what every format has in common, and the worker process."""

import os
import signal
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from pydicom import uid

from skfusion.exceptions import ImageReadError
from skfusion.images import _worker, _worker_pool, read_image
from skfusion.images._formats import _decode, _signatures


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture
def grey8():
    return np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.fixture
def grey16():
    return (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)


@pytest.mark.parametrize("suffix", ["png", "pgm", "tif", "bmp"])
def test_eight_bit_formats_are_exact(suffix, tmp_path, grey8):
    image = read_image(save(tmp_path / f"a.{suffix}", grey8))
    assert image.dtype == np.float32
    assert_allclose(image, grey8 / 255, atol=1e-7)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_formats_keep_their_depth(suffix, tmp_path):
    stored = np.array([[0, 1, 2, 32768, 65534, 65535]], np.uint16)
    image = read_image(save(tmp_path / f"a.{suffix}", stored))
    assert_allclose(image, stored / 65535, atol=1e-7)
    assert len(np.unique(image)) == 6


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        (b"P5 2 1 255\n", bytes([0, 255]), [0, 1]),
        (b"P5 2 1 65535\n", bytes([0, 1, 128, 0]), [1 / 65535, 32768 / 65535]),
        (b"P5\n# comment\n2 1 4095\n", bytes([15, 255, 0, 0]), [1, 0]),
        (b"P2 2 1 255\n", b"51 255", [0.2, 1]),
        (b"P2 2 1 65535\n", b"1 65535", [1 / 65535, 1]),
    ],
)
def test_pgm_plain_and_raw_in_both_depths(header, body, expected, tmp_path):
    path = tmp_path / "a.pgm"
    path.write_bytes(header + body)
    assert_allclose(read_image(path), [expected], atol=1e-6)


def test_jpeg_is_close(tmp_path, grey8):
    image = read_image(save(tmp_path / "a.jpg", grey8, quality=95))
    assert_allclose(image, grey8 / 255, atol=0.05)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
def test_colour_becomes_its_luma(mode, tmp_path):
    rgb = Image.new("RGB", (2, 2), (255, 0, 0))
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    rgb.convert(mode).save(path)
    assert_allclose(read_image(path), 0.299, atol=1e-3)


def test_grey_saved_as_rgb_reads_as_grey(tmp_path, grey8):
    grey = read_image(save(tmp_path / "grey.png", grey8))
    rgb = read_image(save(tmp_path / "rgb.png", np.stack([grey8] * 3, axis=-1)))
    assert_array_equal(grey, rgb)


def test_transparency_is_left_out(tmp_path):
    stored = np.full((2, 2, 4), [51, 51, 51, 0], np.uint8)
    assert_allclose(read_image(save(tmp_path / "a.png", stored)), 0.2, atol=1e-7)


@pytest.mark.parametrize("bits", [1, 8])
def test_grey_png_of_few_bits_is_bright_where_white(bits, tmp_path):
    picture = Image.new("L", (2, 1), 255)
    picture.putpixel((0, 0), 0)
    picture.convert("1" if bits == 1 else "L").save(tmp_path / "a.png")
    assert_array_equal(read_image(tmp_path / "a.png"), [[0, 1]])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_whose_zero_is_white_is_bright_where_white(dtype, tmp_path):
    stored = np.array([[0, np.iinfo(dtype).max]], dtype)
    path = save(tmp_path / "a.tif", stored)
    black_is_zero = b"\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00"
    data = path.read_bytes()
    assert data.count(black_is_zero) == 1
    path.write_bytes(data.replace(black_is_zero, black_is_zero[:-2] + bytes(2)))
    assert_array_equal(read_image(path), [[1, 0]])


def test_a_tiff_of_twelve_bits_fills_the_range(tmp_path):
    # Two pixels in three bytes: 0xfff and 0x7ff.
    path = save(tmp_path / "a.tif", np.zeros((1, 3), np.uint8))
    data = path.read_bytes()
    begin = int.from_bytes(data[4:8], "little") + 2
    tags = [bytearray(data[begin + 12 * i :][:12]) for i in range(data[begin - 2])]
    for tag in tags:
        kind = int.from_bytes(tag[:2], "little")
        value = {256: 2, 258: 12}.get(kind)  # ImageWidth, BitsPerSample
        if value:
            tag[8:10] = value.to_bytes(2, "little")
        if kind == 273:  # StripOffsets
            strip = int.from_bytes(tag[8:12], "little")
    data = data[:begin] + b"".join(tags) + data[begin + 12 * len(tags) :]
    path.write_bytes(data[:strip] + b"\xff\xf7\xff" + data[strip + 3 :])
    assert_allclose(read_image(path), [[1, 2047 / 4095]], atol=1e-6)


def test_a_float_tiff_in_the_unit_range_is_left_as_it_is(tmp_path):
    stored = np.array([[0.25, 0.5]], np.float32)
    assert_array_equal(read_image(save(tmp_path / "a.tif", stored)), stored)


def test_a_wider_float_tiff_is_scaled_by_its_extremes(tmp_path):
    stored = np.array([[-10, 0, 30]], np.float32)
    assert_allclose(read_image(save(tmp_path / "a.tif", stored)), [[0, 0.25, 1]])


def test_a_float_tiff_with_nan_is_an_error(tmp_path):
    path = save(tmp_path / "a.tif", np.array([[0.5, np.nan]], np.float32))
    with pytest.raises(ImageReadError, match=r"'a.tif': it holds NaN"):
        read_image(path)


def test_the_named_page_of_a_tiff_is_read(tmp_path, grey8):
    first, second = Image.fromarray(grey8), Image.fromarray(255 - grey8)
    first.save(tmp_path / "a.tif", save_all=True, append_images=[second])
    image = read_image(tmp_path / "a.tif", frame=1)
    assert_allclose(image, 1 - grey8 / 255, atol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "jpg", "pgm", "tif", "bmp"])
def test_a_frame_that_is_not_there_is_an_error(suffix, tmp_path, grey8):
    path = save(tmp_path / f"a.{suffix}", grey8)
    with pytest.raises(ImageReadError, match=rf"'a.{suffix}': it has no frame 7"):
        read_image(path, frame=7)


@pytest.mark.parametrize(("frame", "error"), [(-1, ValueError), (0.5, TypeError)])
def test_a_frame_is_a_whole_number(frame, error, tmp_path, grey8):
    with pytest.raises(error, match="frame"):
        read_image(save(tmp_path / "a.png", grey8), frame=frame)


@pytest.mark.parametrize("suffix", ["png", "jpg", "pgm", "tif", "bmp"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_file_cut_short_is_an_error(suffix, kept, tmp_path, rng):
    noise = rng.integers(0, 256, (64, 64), dtype=np.uint8)
    path = save(tmp_path / f"a.{suffix}", noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(ImageReadError, match=rf"'a.{suffix}'"):
        read_image(path)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_wrong_extension_does_not_matter(tmp_path, grey8):
    path = save(tmp_path / "a.png", grey8)
    renamed = path.rename(tmp_path / "a.dcm")
    assert_allclose(read_image(renamed), grey8 / 255, atol=1e-7)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "it is empty"), (b"patient;age\n1;50\n", "its content is none of these")],
)
def test_what_is_no_image_is_an_error(content, reason, tmp_path):
    path = tmp_path / "table.png"
    path.write_bytes(content)
    with pytest.raises(ImageReadError, match=f"'table.png': {reason}"):
        read_image(path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ImageReadError, match=r"'no.png': the file does not exist"):
        read_image(tmp_path / "no.png")


def test_a_folder_is_an_error(tmp_path):
    (tmp_path / "study").mkdir()
    with pytest.raises(ImageReadError, match="'study': it is not a file"):
        read_image(tmp_path / "study")


def test_errors_and_their_causes_do_not_show_the_folder(tmp_path):
    folder = tmp_path / "Doe^Jane"
    folder.mkdir()
    for name, content in [("a.png", b"\x89PNG\r\n\x1a\n"), ("b.dcm", b"\0" * 128)]:
        (folder / name).write_bytes(content + b"DICM" * name.startswith("b"))
        with pytest.raises(ImageReadError) as caught:
            read_image(folder / name)
        error = caught.value
        while error is not None:
            assert "Doe" not in str(error)
            error = error.__cause__


def test_a_file_that_may_not_be_opened_is_an_error(tmp_path, monkeypatch, grey8):
    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    path = save(tmp_path / "a.png", grey8)
    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(ImageReadError, match=r"'a.png': Permission denied") as caught:
        read_image(path)
    assert caught.value.__cause__ is None  # it would name the folder


def test_more_pixels_than_the_limit_are_refused(tmp_path, monkeypatch, grey8):
    monkeypatch.setattr(_signatures, "MAX_PIXELS", 255)
    with pytest.raises(ImageReadError, match=r"'a.png': the header gives 16 x 16"):
        read_image(save(tmp_path / "a.png", grey8))


@pytest.mark.parametrize(
    "head", [b"P5 100000 100000 255\n", b"P2 100000 100000 255\n1 2 3"]
)
def test_a_pgm_bomb_is_refused_by_its_header(head, tmp_path):
    (tmp_path / "a.pgm").write_bytes(head)
    with pytest.raises(ImageReadError, match=r"'a.pgm'"):
        read_image(tmp_path / "a.pgm")


def panic(*_):
    panic_type = type("PanicException", (BaseException,), {})
    panic_type.__module__ = "pyo3_runtime"
    raise panic_type("index out of bounds")


def interrupt(*_):
    raise KeyboardInterrupt


def test_a_panic_of_a_rust_decoder_is_an_error(tmp_path, monkeypatch, grey8):
    monkeypatch.setattr(_decode, "read_raster", panic)
    with pytest.raises(ImageReadError, match=r"'a.png': PanicException: index out"):
        read_image(save(tmp_path / "a.png", grey8))


def test_an_interrupt_is_not_swallowed(tmp_path, monkeypatch, grey8):
    monkeypatch.setattr(_decode, "read_raster", interrupt)
    with pytest.raises(KeyboardInterrupt):
        read_image(save(tmp_path / "a.png", grey8))


def test_isolated_reads_the_same_image(tmp_path, grey16):
    path = save(tmp_path / "a.png", grey16)
    isolated = read_image(path, isolated=True)
    assert_array_equal(isolated, read_image(path))
    isolated[0, 0] = 0.5  # the image is the caller's own


def test_isolated_raises_the_same_error(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(ImageReadError, match=r"'a.png': it is empty"):
        read_image(tmp_path / "a.png", isolated=True)


def test_isolated_reads_compressed_dicom(make, write, ramp):
    path = write(make(ramp, BitsStored=12), uid.RLELossless)
    assert_allclose(read_image(path, isolated=True), ramp / 4095, atol=1e-6)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_crash_of_the_worker_is_an_error_and_the_next_image_is_read(
    tmp_path, monkeypatch, grey8
):
    path = save(tmp_path / "a.png", grey8)
    read_image(path, isolated=True)
    worker = _worker_pool._idle[-1]
    os.kill(worker.process.pid, signal.SIGSTOP)  # it hangs ...
    monkeypatch.setattr(_worker_pool, "TIME_LIMIT", 0.2)
    with pytest.raises(ImageReadError, match=r"'a.png'.*did not end within 0.2 s"):
        read_image(path, isolated=True)
    assert worker.process.poll() is not None  # ... and was killed
    monkeypatch.undo()
    assert_allclose(read_image(path, isolated=True), grey8 / 255, atol=1e-7)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_an_abort_in_the_worker_is_an_error(tmp_path, monkeypatch, grey8):
    path = save(tmp_path / "a.png", grey8)
    read_image(path, isolated=True)
    send = _worker.Worker.decode

    def abort_while_decoding(worker, *request):
        os.kill(worker.process.pid, signal.SIGABRT)
        worker.process.wait()
        return send(worker, *request)

    monkeypatch.setattr(_worker.Worker, "decode", abort_while_decoding)
    with pytest.raises(ImageReadError, match=r"'a.png': its decoder crashed"):
        read_image(path, isolated=True)


@pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit")
def test_the_worker_has_a_memory_limit(tmp_path, grey8):
    read_image(save(tmp_path / "a.png", grey8), isolated=True)
    pid = _worker_pool._idle[-1].process.pid
    limit, _ = _worker.resource.prlimit(pid, _worker.resource.RLIMIT_AS)
    assert 0 < limit <= _worker.MEMORY_LIMIT


def test_a_name_that_is_too_long_shows_no_folder(tmp_path):
    with pytest.raises(ImageReadError) as info:
        read_image(tmp_path / ("a" * 300))
    assert str(tmp_path) not in str(info.value)


@pytest.mark.parametrize("top", [1, 100, 255, 256, 4095, 65535])
@pytest.mark.parametrize("kind", [b"P5", b"P6"])
def test_binary_pgm_and_ppm_are_what_pillow_reads(kind, top, tmp_path, rng):
    shape = (5, 7, 3) if kind == b"P6" else (5, 7)
    stored = rng.integers(0, top + 1, shape).astype(">u2" if top > 255 else "u1")
    path = tmp_path / "a.ppm"
    path.write_bytes(b"%b\n7 5\n# depth\n%d\n" % (kind, top) + stored.tobytes())
    values = np.asarray(Image.open(path)).astype(float)
    if kind == b"P6":
        values = values @ [0.299, 0.587, 0.114]
    full = 65535 if top > 255 and kind == b"P5" else 255
    assert_allclose(read_image(path), values / full, rtol=1e-6)


def test_a_pgm_of_more_than_its_largest_value_is_white(tmp_path):
    (tmp_path / "a.pgm").write_bytes(b"P5 2 1 100 " + bytes([50, 101]))
    assert_allclose(read_image(tmp_path / "a.pgm"), [[128 / 255, 1]])


@pytest.mark.parametrize("size", [(1000, 700), (3, 90_000), (90_000, 3)])
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "I;16", "I", "F", "CMYK"])
def test_an_image_of_several_bands_is_read_as_a_whole(mode, size, tmp_path, rng):
    pixels = rng.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    colour = Image.fromarray(pixels)
    if mode in ("I;16", "I", "F"):
        picture = Image.fromarray(pixels[..., 0].astype(np.uint16) * 200)
        picture = picture if mode == "I;16" else picture.convert(mode)
        values = pixels[..., 0] * 200.0
        lowest, highest = (0, 65535) if mode == "I;16" else (0, values.max())
        expected = (values - lowest) / (highest - lowest)
    else:
        picture = colour.convert(mode)
        expected = np.asarray(picture.convert("RGB")) @ [0.299, 0.587, 0.114] / 255
    picture.save(tmp_path / "a.tif")
    assert_allclose(read_image(tmp_path / "a.tif"), expected, atol=1e-6)
