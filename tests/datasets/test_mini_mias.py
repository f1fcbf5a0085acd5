from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skfusion.datasets import load_mini_mias
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError
from skfusion.images import read_image

CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset", "region"]
INFO = """\
                 Mammographic Image Analysis Society
INFORMATION: the mdb numbers, such as mdb001, are the 1st column:
    2nd column: tissue, F, G or D
******
mdb001 G CIRC B 20 30 5
mdb002 G NORM
mdb059 F CIRC B *NOTE 3*
mdb060 F NORM
mdb144 F MISC B 4 38 6
mdb144 F MISC M 25 10 3\t
mdb216 D CALC M
"""
SIZE = (40, 32)  # rows, columns


@pytest.fixture
def mias_folder(tmp_path):
    """Images with the text around the list, which is that of the publisher."""
    folder = tmp_path / "mini-MIAS"
    (folder / "all-mias").mkdir(parents=True)
    for name in ("001", "002", "059", "060", "144", "216"):
        pixels = np.full(SIZE, 10, np.uint8)
        if name == "001":
            pixels[5:15, 15:25] = 200  # centre 10 from the top, 30 from the bottom
        Image.fromarray(pixels).save(folder / "all-mias" / f"mdb{name}.pgm")
    (folder / "Info.txt").write_text(INFO, encoding="latin-1")
    return folder


def rewrite(folder, old, new):
    text = (folder / "Info.txt").read_text()
    assert old in text
    (folder / "Info.txt").write_text(text.replace(old, new))


def test_images_with_a_finding_are_rows(mias_folder):
    mias = load_mini_mias(mias_folder)
    assert mias.data.columns.tolist() == CONTRACT
    names = [Path(image).stem for image in mias.data["image"]]
    assert names == ["mdb001", "mdb059", "mdb144", "mdb216"]
    assert mias.target.tolist() == [0, 0, 1, 1]
    assert mias.target_names == ["benign", "malignant"]
    assert mias.data["view"].eq("MLO").all()


def test_normal_as_class_zero(mias_folder):
    mias = load_mini_mias(mias_folder, normal="benign")
    assert mias.target.tolist() == [0, 0, 0, 0, 1, 1]
    assert mias.target_names == ["benign or normal", "malignant"]
    assert mias.frame["n_lesions"].tolist() == [1, 0, 1, 0, 2, 1]


def test_box_is_where_the_lesion_is(mias_folder):
    data = load_mini_mias(mias_folder).data
    x0, y0, x1, y1 = map(int, data["region"].iloc[0].split(","))
    assert (x0, y0, x1, y1) == (15, 5, 25, 15)
    image = read_image(data["image"].iloc[0])
    assert (image[y0:y1, x0:x1] > 0.5).all()
    assert (image > 0.5).sum() == 100


def test_lesions_together_and_each(mias_folder):
    regions = load_mini_mias(mias_folder).data["region"].astype(object).tolist()
    assert regions == ["15,5,25,15", None, "0,0,28,33", None]
    each = load_mini_mias(mias_folder, lesions="each")
    both = each.frame[each.frame["reference"] == "mdb144"]
    assert both["region"].tolist() == ["0,0,10,8", "22,27,28,33"]  # the first is cut
    assert both["target"].tolist() == [0, 1]


def test_both_images_of_a_woman_are_a_group(mias_folder):
    mias = load_mini_mias(mias_folder, normal="benign")
    assert mias.groups.tolist() == [
        "mdb001-002",
        "mdb001-002",
        "mdb059-060",
        "mdb059-060",
        "mdb143-144",
        "mdb215-216",
    ]
    assert mias.data["laterality"].tolist() == ["L", "R", "L", "R", "R", "R"]


def test_list_is_in_frame_only(mias_folder):
    frame = load_mini_mias(mias_folder).frame
    assert frame["tissue"].tolist() == ["G", "F", "F", "D"]
    assert frame["severity"].tolist() == ["B", "B", "M", "M"]
    assert frame["radius"].isna().tolist() == [False, True, False, True]
    assert frame["y"].iloc[0] == 30


def test_list_named_readme_beside_the_images(mias_folder):
    (mias_folder / "Info.txt").rename(mias_folder / "all-mias" / "README")
    assert len(load_mini_mias(mias_folder / "all-mias").data) == 4
    assert len(load_mini_mias(mias_folder.parent).data) == 4


def test_rows_without_a_file_and_files_without_a_row(mias_folder):
    images = mias_folder / "all-mias"
    (images / "mdb216.pgm").rename(images / "mdb322.pgm")
    with pytest.warns(DataQualityWarning) as caught:
        mias = load_mini_mias(mias_folder)
    message = str(caught[0].message)
    assert "left out: 1 (row 7 of 'Info.txt')" in message
    assert "Images without a row, left out: 1 (mdb322.pgm)" in message
    assert len(mias.data) == 3


def test_circle_outside_the_image_is_no_region(mias_folder):
    rewrite(mias_folder, "20 30 5", "50 30 5")
    with pytest.warns(DataQualityWarning, match=r"unreadable\): 1 \(row 1 of"):
        data = load_mini_mias(mias_folder).data
    assert data["region"].isna().iloc[0]


def test_damaged_image_has_no_region(mias_folder):
    (mias_folder / "all-mias/mdb001.pgm").write_bytes(b"P5 damaged")
    with pytest.warns(DataQualityWarning, match=r"unreadable\): 1 \(row 1 of"):
        assert len(load_mini_mias(mias_folder).data) == 4


@pytest.mark.parametrize(
    "line", ["G LUMP B 20 30 5", "X CIRC B 20 30 5", "G CIRC 20 30 5", "G CIRC B 20 30"]
)
def test_unknown_line_is_named(mias_folder, line):
    rewrite(mias_folder, "G CIRC B 20 30 5", line)
    with pytest.raises(ValueError, match=f"Got '{line}' in line 5 instead"):
        load_mini_mias(mias_folder)


def test_no_data_set_says_how_to_get_it(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"Info\.txt.*peipa\.essex"):
        load_mini_mias(tmp_path)


def test_return_x_y(mias_folder):
    X, y = load_mini_mias(mias_folder, return_X_y=True)
    assert len(X) == len(y) == 4
