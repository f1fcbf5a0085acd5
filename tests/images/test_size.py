"""The size of an image from its header."""

import numpy as np
import pytest
from PIL import Image

from skfusion.images._size import image_size, is_image


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "TIFF", "BMP", "PPM"])
def test_size_whatever_the_name_of_the_file(tmp_path, image_format):
    Image.new("L", (7, 5)).save(tmp_path / "image", image_format)
    assert image_size(tmp_path / "image") == (7, 5)
    assert is_image(tmp_path / "image")


def test_size_of_dicom(tmp_path, make, write):
    write(make(np.zeros((5, 7), np.uint8)), name="image")
    assert image_size(str(tmp_path / "image")) == (7, 5)


def test_pixels_are_not_needed(tmp_path):
    file = tmp_path / "image.png"
    Image.effect_noise((90, 80), 50).save(file)
    file.write_bytes(file.read_bytes()[:100])
    assert image_size(file) == (90, 80)


def test_no_image_has_no_size(tmp_path):
    (tmp_path / "text").write_text("no image")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "head").write_bytes(b"\x89PNG\r\n\x1a\n")
    for name in ("text", "empty", "head", "missing", "."):
        assert image_size(tmp_path / name) is None
    assert not is_image(tmp_path / "text")
    assert not is_image(tmp_path / "missing")


def test_a_size_that_no_image_has(tmp_path):
    (tmp_path / "huge").write_bytes(b"P5 90000 90000 255 ")
    assert image_size(tmp_path / "huge") is None
