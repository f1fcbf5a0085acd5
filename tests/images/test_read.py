"""read_image: what every format has in common, and the worker process."""

import gc
import os
import pickle
import signal
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from pydicom import uid

from skfusion.exceptions import ImageReadError
from skfusion.images import ImageSource, _worker, _worker_pool, read_image
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


@pytest.mark.parametrize(("frame", "error"), [(-1, ValueError), (0.5, TypeError)])
def test_a_frame_is_a_whole_number(frame, error, tmp_path, grey8):
    with pytest.raises(error, match="frame"):
        read_image(save(tmp_path / "a.png", grey8), frame=frame)


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


def test_a_pickled_error_holds_no_folder(tmp_path):
    path = tmp_path / "Doe_Jane" / "damaged.png"
    with pytest.raises(ImageReadError) as raised:
        ImageSource([path])[:]
    error = raised.value
    assert (error.row, error.path) == (0, path)
    copy = pickle.loads(pickle.dumps(error))
    assert b"Doe" not in pickle.dumps(error)
    assert (str(copy), copy.row, copy.reason) == (str(error), 0, error.reason)
    assert copy.path == "damaged.png"


@pytest.mark.filterwarnings(
    "error::ResourceWarning", "error::pytest.PytestUnraisableExceptionWarning"
)
def test_a_file_is_closed_when_its_image_is_read(tmp_path, grey8):
    read_image(save(tmp_path / "a.png", grey8))
    gc.collect()
