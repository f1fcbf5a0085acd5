import numpy as np
import pytest
from PIL import Image

from skfusion.images._pixels import read_colour

RED = (204, 0, 0)  # in the palette of the web


@pytest.mark.parametrize(
    ("mode", "ending"),
    [
        ("RGB", "png"),
        ("RGBA", "png"),
        ("P", "png"),
        ("RGB", "bmp"),
        ("RGB", "tif"),
        ("CMYK", "tif"),
        ("RGB", "jpg"),
        ("CMYK", "jpg"),
    ],
)
def test_colour_is_read(mode, ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    Image.new("RGB", (4, 3), RED).convert(mode).save(path)
    colour = read_colour(path)
    assert colour.shape == (3, 4, 3)
    assert colour.dtype == np.uint8
    assert np.abs(colour.astype(int) - RED).max() <= 5


@pytest.mark.parametrize("mode", ["L", "I;16", "1"])
def test_grey_files_have_no_colour(mode, tmp_path):
    Image.new(mode, (4, 3)).save(tmp_path / "a.png")
    assert read_colour(tmp_path / "a.png") is None


def test_other_files_have_no_colour(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(bytes(128) + b"DICM" + bytes(100))
    assert read_colour(path) is None
