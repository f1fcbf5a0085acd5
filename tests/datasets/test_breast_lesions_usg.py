import shutil
from pathlib import Path

import pandas as pd
import pytest

from skfusion.datasets import load_breast_lesions_usg
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError
from skfusion.images import read_image

CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset", "region"]
IMAGES = "BrEaST-Lesions_USG-images_and_masks"


def test_one_image_a_case_without_masks_and_normals(breast_folder):
    breast = load_breast_lesions_usg(breast_folder)
    stems = [Path(image).stem for image in breast.data["image"]]
    assert stems == breast.groups.tolist() == ["case001", "case022"]
    assert breast.target.tolist() == [0, 1]
    assert breast.target_names == ["benign", "malignant"]
    assert breast.data["dataset"].eq("breast_lesions_usg").all()


def test_leaking_columns_are_in_frame_only(breast_folder):
    breast = load_breast_lesions_usg(breast_folder)
    assert breast.data.columns.tolist() == CONTRACT
    table = pd.read_excel(next(breast_folder.glob("*.xlsx")))
    assert set(table.columns) < set(breast.frame.columns)
    assert breast.frame["BIRADS"].tolist() == ["2", "4c"]


def test_not_available_is_a_missing_value(breast_folder):
    frame = load_breast_lesions_usg(breast_folder).frame
    assert frame["Age"].dtype == float
    assert frame["Age"].isna().tolist() == [False, True]
    assert frame["Signs"].isna().tolist() == [False, True]
    assert frame["Diagnosis"].tolist() == ["not applicable", "Fibroadenoma"]


def test_names_of_several_masks_are_kept(breast_folder):
    masks = load_breast_lesions_usg(breast_folder).frame["Mask_other_filename"]
    assert masks[1].split("&") == ["case022_other1.png", "case022_other2.png"]


@pytest.mark.parametrize("lesions", ["together", "each"])
def test_region_is_that_of_the_tumor(breast_folder, lesions):
    breast = load_breast_lesions_usg(breast_folder, normal="benign", lesions=lesions)
    assert breast.data["region"].tolist() == ["2,3,9,8", "5,6,12,20", None]


def test_masks_that_are_missing_are_named(breast_folder):
    for mask in (breast_folder / IMAGES).glob("*_tumor.png"):
        mask.unlink()
    with pytest.warns(DataQualityWarning, match=r"is missing \(2: rows 0, 1\)"):
        breast = load_breast_lesions_usg(breast_folder)
    assert breast.data["region"].isna().all()


def test_table_without_the_name_of_a_mask(breast_folder):
    file = next(breast_folder.glob("*.xlsx"))
    table = pd.read_excel(file)
    table.loc[0, "Mask_tumor_filename"] = None
    table.to_excel(file, index=False)
    with pytest.warns(DataQualityWarning, match=r"is missing \(1: row 0\)"):
        load_breast_lesions_usg(breast_folder)


def test_normal_as_class_zero(breast_folder):
    breast = load_breast_lesions_usg(breast_folder, normal="benign")
    assert breast.target.tolist() == [0, 1, 0]
    assert breast.target_names == ["benign or normal", "malignant"]


def test_rgba_images_are_readable(breast_folder):
    data = load_breast_lesions_usg(breast_folder).data
    assert read_image(data["image"][0]).shape == (24, 20)


def test_images_beside_the_table(breast_folder):
    for image in (breast_folder / IMAGES).iterdir():
        image.rename(breast_folder / image.name)
    assert len(load_breast_lesions_usg(breast_folder).data) == 2


def test_folder_around_it(breast_folder):
    assert len(load_breast_lesions_usg(breast_folder.parent).data) == 2


def test_open_spreadsheet_is_not_taken_for_the_table(breast_folder):
    file = next(breast_folder.glob("*.xlsx"))
    file.with_name(f"~${file.name}").write_bytes(b"lock of a spreadsheet program")
    assert len(load_breast_lesions_usg(breast_folder).data) == 2


def test_missing_images_are_counted(breast_folder):
    (breast_folder / IMAGES / "case001.png").unlink()
    with pytest.warns(DataQualityWarning, match=r"left out: 1 \(row 1 of 'BrEaST"):
        breast = load_breast_lesions_usg(breast_folder)
    assert breast.groups.tolist() == ["case022"]


def test_images_in_no_row_are_counted_and_not_named(breast_folder):
    file = breast_folder / IMAGES / "case001.png"
    shutil.copy(file, file.with_name("case900.png"))
    with pytest.warns(
        DataQualityWarning, match=r"Images without a row.*: 1\.$"
    ) as caught:
        load_breast_lesions_usg(breast_folder)
    assert len(caught) == 1
    assert "case900" not in str(caught[0].message)


def test_no_data_set_says_how_to_get_it(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"CC BY 4\.0.*9WKK-Q141"):
        load_breast_lesions_usg(tmp_path)


def test_table_without_a_column(breast_folder):
    file = next(breast_folder.glob("*.xlsx"))
    pd.read_excel(file).drop(columns="Age").to_excel(file, index=False)
    with pytest.raises(ValueError, match=r"without \['Age'\]"):
        load_breast_lesions_usg(breast_folder)


def test_return_x_y(breast_folder):
    X, y = load_breast_lesions_usg(breast_folder, return_X_y=True)
    assert len(X) == len(y) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("normal", "n_benign"), [("drop", 154), ("benign", 158)])
def test_real_counts(data_folder, normal, n_benign):
    breast = load_breast_lesions_usg(data_folder, normal=normal)
    assert (breast.target == 0).sum() == n_benign
    assert breast.target.sum() == 98
    assert len(set(breast.groups)) == len(breast.data)


@pytest.mark.slow
@pytest.mark.parametrize("lesions", ["together", "each"])
def test_real_regions_are_those_of_the_masks(data_folder, lesions, check_boxes):
    breast = load_breast_lesions_usg(data_folder, lesions=lesions)
    assert len(breast.data) == 252
    masks = [
        [Path(image).with_name(name)]
        for image, name in zip(
            breast.data["image"], breast.frame["Mask_tumor_filename"], strict=True
        )
    ]
    check_boxes(breast.data, masks, lesions)


@pytest.mark.slow
def test_real_ages_are_numbers(data_folder):
    ages = load_breast_lesions_usg(data_folder, normal="benign").frame["Age"]
    assert ages.isna().sum() == 42
    assert ages.between(18, 87).sum() == 214
