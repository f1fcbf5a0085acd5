from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from skfusion.datasets import load_cmmd
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError

CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset"]
COLUMNS = ["ID1", "LeftRight", "Age", "number", "abnormality", "classification"]
ROWS = [
    ["D1-0001", "R", 44, 2, "calcification", "Benign", None],
    ["D1-0202", "L", 38, 2, "calcification", "Malignant", None],
    ["D1-0202", "R", 38, 2, "calcification", "Benign", None],
    ["D1-0808", "R", 45, 2, "mass", "Benign", None],
    ["D1-1292", "R", 45, 2, "mass", "Malignant", None],
    ["D2-0284", "L", 38, 2, "both", "Malignant", "Luminal A"],
]
CC, MLO = "399162004", "399368009"


def view_code(code):
    item = Dataset()
    item.CodeValue = code
    return Sequence([item])


@pytest.fixture
def cmmd_folder(tmp_path, save_dicom):
    """Files are numbered; the left breast of D1-0001 is not in the table."""
    folder = tmp_path / "CMMD"
    table = pd.DataFrame(ROWS, columns=[*COLUMNS, "subtype"])
    breasts = [*table[["ID1", "LeftRight"]].itertuples(index=False), ("D1-0001", "L")]
    for patient in table["ID1"].unique():
        series = folder / "CMMD" / patient / "07-18-2010-NA-NA-79377/1.000000-NA-70244"
        sides = sorted(side for name, side in breasts if name == patient)
        views = [(side, code) for side in sides for code in (MLO, CC)]
        for number, (side, code) in enumerate(views, start=1):
            save_dicom(
                series / f"1-{number}.dcm",
                np.full((9, 7), 100, np.uint8),
                PatientID=patient,
                ImageLaterality=side,
                Modality="MG",
                ViewCodeSequence=view_code(code),
            )
    table.to_excel(folder / "CMMD_clinicaldata_revision.xlsx", index=False)
    return folder


@pytest.fixture
def load():
    """Load the folder, whose left breast of D1-0001 has no label."""

    def load(folder, **parameters):
        with pytest.warns(DataQualityWarning, match="breasts in no row, left out: 2"):
            return load_cmmd(folder, **parameters)

    return load


def test_side_and_view_are_those_of_the_header(cmmd_folder, load):
    cmmd = load(cmmd_folder)
    assert cmmd.data.columns.tolist() == CONTRACT
    assert cmmd.data["laterality"].tolist() == list("RRLLRRRRRRLL")
    assert cmmd.data["view"].tolist() == ["MLO", "CC"] * 6
    # The right breast of D1-0001 is in its third and fourth file.
    names = [Path(image).name for image in cmmd.data["image"]]
    assert names[:2] == ["1-3.dcm", "1-4.dcm"]


def test_labels_belong_to_the_breast(cmmd_folder, load):
    cmmd = load(cmmd_folder)
    assert cmmd.target.tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]
    assert cmmd.target_names == ["benign", "malignant"]
    assert cmmd.frame["subtype"].dropna().tolist() == ["Luminal A"] * 2
    assert cmmd.frame["Age"].iloc[0] == 44


def test_a_woman_with_two_names_is_one_group(cmmd_folder, load):
    cmmd = load(cmmd_folder)
    assert set(cmmd.groups) == {"D1-0001", "D1-0202", "D1-0808"}
    names = cmmd.frame.groupby("group")["ID1"].unique()
    assert names["D1-0202"].tolist() == ["D1-0202", "D2-0284"]
    assert names["D1-0808"].tolist() == ["D1-0808", "D1-1292"]


def test_table_as_csv(cmmd_folder, load):
    (cmmd_folder / "CMMD_clinicaldata_revision.xlsx").unlink()
    table = pd.DataFrame(ROWS, columns=[*COLUMNS, "subtype"])
    table.to_csv(cmmd_folder / "CMMD_clinicaldata_revision.csv", index=False)
    assert len(load(cmmd_folder).data) == 12


def test_patient_of_the_folder_if_the_header_has_none(cmmd_folder, load, save_dicom):
    (file,) = (cmmd_folder / "CMMD/D1-1292").rglob("1-1.dcm")
    save_dicom(file, np.zeros((9, 7), np.uint8), ImageLaterality="R")
    assert len(load(cmmd_folder).data) == 12


def test_images_without_a_side_are_counted(cmmd_folder, save_dicom):
    (file,) = (cmmd_folder / "CMMD/D1-1292").rglob("1-1.dcm")
    save_dicom(file, np.zeros((9, 7), np.uint8), PatientID="D1-1292")
    (file,) = (cmmd_folder / "CMMD/D1-0808").rglob("1-2.dcm")
    file.write_bytes(b"damaged")
    with pytest.warns(DataQualityWarning, match=r"patient or side, left out: 2\."):
        assert len(load_cmmd(cmmd_folder).data) == 10


def test_breasts_without_an_image_are_counted_and_named(cmmd_folder):
    for file in (cmmd_folder / "CMMD/D1-0808").rglob("*.dcm"):
        file.unlink()
    with pytest.warns(DataQualityWarning) as caught:
        load_cmmd(cmmd_folder)
    message = str(caught[0].message)
    assert "left out: 1 (row 4 of 'CMMD_clinicaldata_revision.xlsx')" in message
    assert "D1-" not in message
    assert len(caught) == 1


def test_no_image_and_no_data_set(cmmd_folder, tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"CMMD_clin.*tcia\.eqde-4b16"):
        load_cmmd(tmp_path / "nowhere")
    for file in cmmd_folder.rglob("*.dcm"):
        file.unlink()
    with pytest.raises(DatasetNotFoundError, match="none of those that the 6 rows"):
        load_cmmd(cmmd_folder)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("classification", "Normal", r"'classification' of 'CMMD.*Got \['Normal'\]"),
        ("LeftRight", "B", r"'LeftRight' of 'CMMD.*Got \['B'\]"),
        (None, None, r"without \['number'\]"),
    ],
)
def test_unknown_value_or_column(cmmd_folder, column, value, message):
    table = pd.DataFrame(ROWS, columns=[*COLUMNS, "subtype"])
    if column:
        table.loc[0, column] = value
    else:
        table = table.drop(columns="number")
    table.to_excel(cmmd_folder / "CMMD_clinicaldata_revision.xlsx", index=False)
    with pytest.raises(ValueError, match=message):
        load_cmmd(cmmd_folder)


def test_return_x_y_and_folder_around_it(cmmd_folder, load):
    X, y = load(str(cmmd_folder.parent), return_X_y=True)
    assert len(X) == len(y) == 12


def test_a_breast_in_two_rows(cmmd_folder):
    """Its images would be in two rows, under two labels."""
    file = cmmd_folder / "CMMD_clinicaldata_revision.xlsx"
    rows = [*ROWS, [*ROWS[0][:5], "Malignant", None]]
    pd.DataFrame(rows, columns=[*COLUMNS, "subtype"]).to_excel(file, index=False)
    with pytest.raises(ValueError, match=r"'LeftRight'\]\. Got .* again in row 7"):
        load_cmmd(cmmd_folder)


@pytest.mark.slow
def test_real_table(data_folder, tmp_path, save_dicom):
    """One file per breast of the real table, found by its header."""
    source = data_folder / "tables/cmmd/CMMD_clinicaldata_revision.csv"
    table = pd.read_csv(source)
    (tmp_path / source.name).write_bytes(source.read_bytes())
    for number, (patient, side) in enumerate(
        table[["ID1", "LeftRight"]].itertuples(index=False)
    ):
        file = tmp_path / "CMMD" / patient / f"1-{number}.dcm"
        pixels = np.zeros((2, 2), np.uint8)
        save_dicom(file, pixels, PatientID=patient, ImageLaterality=side)
    cmmd = load_cmmd(tmp_path)
    assert len(cmmd.data) == 1872
    assert cmmd.target.sum() == 1316
    assert len(set(cmmd.groups)) == 1775 - 3
    assert cmmd.frame["subtype"].notna().sum() == 749
    second = cmmd.frame["ID1"].str.startswith("D2")
    share = cmmd.frame.groupby(second)["target"].mean().round(2)
    assert share.tolist() == [0.51, 0.98]
    both = cmmd.frame.groupby("ID1")["target"].nunique() > 1
    assert both.sum() == 30
