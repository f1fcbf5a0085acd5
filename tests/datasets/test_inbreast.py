import plistlib
import shutil

import numpy as np
import pytest

from skfusion.datasets import load_inbreast
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError
from skfusion.images import ImageSource

CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset", "region"]
HEADER = "Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads"
ROWS = [
    "removed;removed;R;CC;201001;22678622;4;5",
    "removed;removed;L;CC;201001;22678646;4;1",
    "removed;removed;R;MLO;201001;22678670;2 ;4a",
    "removed;removed;L;MLO;201001;22678694;1;6",
]
PATIENTS = [
    "61b13c59bcba149e",
    "61b13c59bcba149e",
    "036aff49b8ac84f0",
    "036aff49b8ac84f0",
]
OUTLINES = {
    "22678622": [
        ("Mass", [(3.2, 4.5), (9.0, 4.5), (6.0, 11.9)]),
        ("Cluster", [(1, 1), (2, 1), (2, 2), (1, 2)]),
        ("Calcification", [(30, 30)]),
        ("Calcification", [(30, 30), (31, 30), (31, 31)]),
    ],
    "22678670": [("Calcifications", [(5, 5)]), ("Point 1", [(8, 8)])],
    "22678694": [("Assymetry", [(0, 0), (4, 0), (4, 5)])],
}


def write_outlines(folder, number, outlines):
    rois = [
        {"Name": name, "Point_px": [f"({x:f}, {y:f})" for x, y in points]}
        for name, points in outlines
    ]
    image = {"ImageIndex": 0, "NumberOfROIs": len(rois), "ROIs": rois}
    folder.mkdir(exist_ok=True)
    with (folder / f"{number}.xml").open("wb") as file:
        plistlib.dump({"Images": [image]}, file)


@pytest.fixture
def inbreast_folder(tmp_path, save_dicom):
    folder = tmp_path / "INbreast Release 1.0"
    for row, patient in zip(ROWS, PATIENTS, strict=True):
        _, _, side, view, _, number, _, _ = row.split(";")
        name = f"{number}_{patient}_MG_{side}_{view}_ANON.dcm"
        save_dicom(folder / "AllDICOMs" / name, np.zeros((40, 30), np.uint16))
    for number, outlines in OUTLINES.items():
        write_outlines(folder / "AllXML", number, outlines)
    (folder / "INbreast.csv").write_text("\r\n".join([HEADER, *ROWS, ""]))
    return folder


def rewrite(folder, old, new):
    table = folder / "INbreast.csv"
    text = table.read_text()
    assert old in text
    table.write_text(text.replace(old, new))


def test_images_in_the_order_of_the_table(inbreast_folder):
    inbreast = load_inbreast(inbreast_folder)
    assert inbreast.data.columns.tolist() == CONTRACT
    assert inbreast.target.tolist() == [1, 0, 1, 1]
    assert inbreast.target_names == ["other BI-RADS", "BI-RADS 4, 5, 6"]
    assert inbreast.groups.tolist() == PATIENTS
    assert inbreast.data["laterality"].tolist() == ["R", "L", "R", "L"]
    assert inbreast.data["view"].tolist() == ["CC", "CC", "MLO", "MLO"]
    assert inbreast.frame["ACR"].tolist() == ["4", "4", "2", "1"]


def test_one_box_around_the_outlines_but_not_the_single_calcifications(
    inbreast_folder,
):
    inbreast = load_inbreast(inbreast_folder)
    boxes = ["1,1,10,13", None, None, "0,0,5,6"]
    assert inbreast.data["region"].astype(object).tolist() == boxes
    assert inbreast.frame["n_lesions"].tolist() == [2, 0, 0, 1]


def test_each_outline_is_a_row_of_its_patient(inbreast_folder):
    inbreast = load_inbreast(inbreast_folder, lesions="each")
    assert inbreast.frame["finding"].iloc[:2].tolist() == ["Mass", "Cluster"]
    assert inbreast.data["region"].iloc[:2].tolist() == ["3,4,10,13", "1,1,3,3"]
    assert inbreast.target.tolist() == [1, 1, 0, 1, 1]
    assert inbreast.groups[:2].tolist() == PATIENTS[:2]


@pytest.mark.parametrize(
    ("positive", "expected"),
    [
        ((5, 6), [1, 0, 0, 1]),
        (["4a"], [0, 0, 1, 0]),
        (("4b", 6), [0, 0, 0, 1]),
        ((1,), [0, 1, 0, 0]),
    ],
)
def test_positive_categories_are_those_of_the_caller(
    inbreast_folder, positive, expected
):
    target = load_inbreast(inbreast_folder, positive_birads=positive).target
    assert target.tolist() == expected


def test_without_outlines_there_is_no_box(inbreast_folder):
    shutil.rmtree(inbreast_folder / "AllXML")
    inbreast = load_inbreast(inbreast_folder)
    assert inbreast.data["region"].isna().all()
    assert len(inbreast.data) == 4


def test_damaged_outlines_are_counted_and_named(inbreast_folder):
    (inbreast_folder / "AllXML/22678694.xml").write_text("<plist>")
    with pytest.warns(DataQualityWarning, match=r"read: 1 \(22678694\.xml\)"):
        data = load_inbreast(inbreast_folder).data
    assert data["region"].isna().tolist() == [False, True, True, True]


def test_rows_without_a_file_and_files_without_a_row(inbreast_folder):
    rewrite(inbreast_folder, "22678646", "22678647")
    with pytest.warns(DataQualityWarning) as caught:
        inbreast = load_inbreast(inbreast_folder)
    message = str(caught[0].message)
    assert "left out: 1 (row 2 of 'INbreast.csv')" in message
    assert "Images without a row, left out: 1 (22678646)" in message
    assert PATIENTS[0] not in message
    assert len(inbreast.data) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("4a", "4d", r"'Bi-Rads' of 'INbreast.csv'. Got \['4d'\]"),
        (";R;", ";X;", r"'Laterality' of 'INbreast.csv'. Got \['X'\]"),
        ("ACR", "Density", r"without \['ACR'\]"),
    ],
)
def test_unknown_value_or_column(inbreast_folder, old, new, message):
    rewrite(inbreast_folder, old, new)
    with pytest.raises(ValueError, match=message):
        load_inbreast(inbreast_folder)


def test_no_image_and_no_data_set(inbreast_folder, tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"INbreast\.csv.*acra\.2011"):
        load_inbreast(tmp_path / "nowhere")
    for file in (inbreast_folder / "AllDICOMs").iterdir():
        file.unlink()
    with pytest.raises(DatasetNotFoundError, match="none of those that the 4 rows"):
        load_inbreast(inbreast_folder)


def test_return_x_y_and_folder_around_it(inbreast_folder):
    X, y = load_inbreast(str(inbreast_folder.parent), return_X_y=True)
    assert len(X) == len(y) == 4


@pytest.mark.slow
def test_header_of_the_real_table(data_folder):
    file = data_folder / "tables/headers_only/INbreast.csv"
    assert file.read_text().strip() == HEADER


def test_an_outline_across_the_edge_is_cut(inbreast_folder):
    points = [(-4, 2), (25, 2), (33.5, 44)]
    write_outlines(inbreast_folder / "AllXML", "22678646", [("Mass", points)])
    data = load_inbreast(inbreast_folder).data
    assert data["region"].iloc[1] == "0,2,30,40"
    data = data[data["region"].notna()]
    assert len(ImageSource(data, region="lesion", image_size=8)[:]) == len(data)
