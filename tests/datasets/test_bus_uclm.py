import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skfusion.datasets import load_bus_uclm
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError
from skfusion.images import find_near_duplicates

CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset", "region"]


def names(uclm):
    return [Path(image).name for image in uclm.data["image"]]


def rewrite(folder, old, new):
    table = folder / "INFO.csv"
    text = table.read_text(encoding="utf-8-sig")
    assert old in text
    table.write_text(text.replace(old, new), encoding="utf-8-sig")


def test_images_in_the_order_of_the_table_without_normal_ones(bus_uclm_folder):
    uclm = load_bus_uclm(bus_uclm_folder)
    assert names(uclm) == [
        "ALWI_000.png",
        "CHCO_000.png",
        "CHVI_005.png",
        "CHVI_020.png",
        "SIBA_003.png",
    ]
    assert uclm.target.tolist() == [0, 1, 1, 0, 0]
    assert uclm.target_names == ["benign", "malignant"]
    assert uclm.data.columns.tolist() == CONTRACT
    assert uclm.data.index.tolist() == [0, 1, 2, 3, 4]
    assert all(Path(image).parent.name == "images" for image in uclm.data["image"])


def test_names_of_one_woman_are_one_group(bus_uclm_folder):
    groups = load_bus_uclm(bus_uclm_folder).groups
    assert groups.tolist() == ["ALWI", "CHVI", "CHVI", "CHVI", "SIBA"]


def test_normal_as_class_zero(bus_uclm_folder):
    uclm = load_bus_uclm(bus_uclm_folder, normal="benign")
    assert uclm.target.tolist() == [0, 0, 1, 1, 0, 0]
    assert uclm.target_names == ["benign or normal", "malignant"]


def test_marks_are_booleans_and_in_frame_only(bus_uclm_folder):
    frame = load_bus_uclm(bus_uclm_folder, normal="benign").frame
    assert frame["Doppler"].tolist() == [False, False, False, True, False, True]
    assert frame["Marks"].tolist() == [True, False, False, True, False, True]
    assert frame["Combined"].tolist() == [False, True, False, False, False, False]
    assert frame["Resolution"].eq("856x606").all()


def test_frame_lists_the_masks_of_lesions(bus_uclm_folder):
    (bus_uclm_folder / "masks" / "SIBA_003.png").unlink()
    with pytest.warns(DataQualityWarning, match=r"mask is missing \(1: row 5\)"):
        masks = load_bus_uclm(bus_uclm_folder, normal="benign").frame["masks"]
    assert masks.tolist() == [
        "ALWI_000.png",
        "",
        "CHCO_000.png",
        "CHVI_005.png",
        "CHVI_020.png",
        "",
    ]


def test_lesions_of_an_image_are_in_one_box(bus_uclm_folder):
    region = load_bus_uclm(bus_uclm_folder, normal="benign").data["region"]
    assert region.tolist() == [
        "1,2,5,8",
        None,
        "1,2,5,10",
        "1,2,5,11",
        "1,2,5,12",
        "1,1,16,20",
    ]


def test_parts_of_a_mask_are_lesions(bus_uclm_folder):
    uclm = load_bus_uclm(bus_uclm_folder, lesions="each")
    assert names(uclm)[-2:] == ["SIBA_003.png", "SIBA_003.png"]
    assert uclm.data["region"].iloc[-2:].tolist() == ["1,10,9,20", "12,1,16,6"]
    assert uclm.groups[-2:].tolist() == ["SIBA", "SIBA"]
    assert len(uclm.data) == len(uclm.target) == 6


def test_mask_of_another_size_is_not_used(bus_uclm_folder, save_mask):
    mask = bus_uclm_folder / "masks/CHVI_005.png"
    save_mask(mask, (1, 1, 9, 9), size=(20, 30), mode="RGB", colour=(255, 0, 0))
    with pytest.warns(DataQualityWarning, match=r"another size.*\(1: row 2\)"):
        uclm = load_bus_uclm(bus_uclm_folder)
    assert uclm.data["region"][2] is None
    assert uclm.data["region"].notna().sum() == 4


def test_table_without_a_byte_order_mark(bus_uclm_folder):
    table = bus_uclm_folder / "INFO.csv"
    table.write_text(table.read_text(encoding="utf-8-sig"), encoding="utf-8")
    assert len(load_bus_uclm(bus_uclm_folder).data) == 5


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_folders_around_it(bus_uclm_folder, levels):
    path = [bus_uclm_folder, *bus_uclm_folder.parents][levels]
    assert len(load_bus_uclm(path).data) == 5


def test_missing_images_are_counted(bus_uclm_folder):
    (bus_uclm_folder / "images" / "SIBA_003.png").unlink()
    with pytest.warns(DataQualityWarning, match=r"left out: 1 \(row 6 of 'INFO"):
        uclm = load_bus_uclm(bus_uclm_folder)
    assert "SIBA" not in uclm.groups


def test_images_in_no_row_are_counted_and_not_named(bus_uclm_folder):
    images = bus_uclm_folder / "images"
    shutil.copy(images / "SIBA_003.png", images / "ANNA_000.png")
    (images / "Thumbs.db").write_bytes(b"not an image")
    with pytest.warns(
        DataQualityWarning, match=r"Images without a row.*: 1\.$"
    ) as caught:
        load_bus_uclm(bus_uclm_folder)
    assert len(caught) == 1
    assert "ANNA" not in str(caught[0].message)


def test_folder_without_images_says_what_to_do(bus_uclm_folder):
    for image in (bus_uclm_folder / "images").iterdir():
        image.unlink()
    with pytest.raises(DatasetNotFoundError, match="none of those that the 6"):
        load_bus_uclm(bus_uclm_folder)


def test_no_data_set_says_how_to_get_it(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"INFO\.csv.*7fvgj4jsp7"):
        load_bus_uclm(tmp_path)


def test_table_without_a_column(bus_uclm_folder):
    rewrite(bus_uclm_folder, "Marks", "Calipers")
    with pytest.raises(ValueError, match=r"without \['Marks'\]"):
        load_bus_uclm(bus_uclm_folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Malignant;No", "Suspicious;No", r"'Label' of 'INFO.csv'. Got \['Suspicious'"),
        ("Malignant;No", ";No", r"'Label' of 'INFO.csv'. Got \[''\]"),
        ("Benign;Y;", "Benign;Perhaps;", r"'Doppler' of 'INFO.csv'. Got \['Perhaps'\]"),
    ],
)
def test_unknown_value_of_the_table(bus_uclm_folder, old, new, message):
    rewrite(bus_uclm_folder, old, new)
    with pytest.raises(ValueError, match=message):
        load_bus_uclm(bus_uclm_folder)


def test_return_x_y(bus_uclm_folder):
    X, y = load_bus_uclm(bus_uclm_folder, return_X_y=True)
    assert len(X) == len(y) == 5


def test_wrong_normal(bus_uclm_folder):
    with pytest.raises(ValueError, match="'normal' parameter of load_bus_uclm must be"):
        load_bus_uclm(bus_uclm_folder, normal="keep")


@pytest.mark.slow
def test_real_counts(data_folder):
    uclm = load_bus_uclm(data_folder)
    assert (uclm.target == 0).sum() == 174
    assert uclm.target.sum() == 90
    assert len(set(uclm.groups)) == 35
    assert len(set(uclm.groups[uclm.target == 1])) == 16
    assert len(set(load_bus_uclm(data_folder, normal="benign").groups)) == 37


@pytest.mark.slow
def test_real_marks_are_more_frequent_with_a_lesion(data_folder):
    frame = load_bus_uclm(data_folder, normal="benign").frame
    share = frame.groupby("Label")["Marks"].mean().round(2)
    assert share.to_dict() == {"Benign": 0.52, "Malignant": 0.6, "Normal": 0.01}
    assert frame.groupby("Label")["Doppler"].sum().tolist() == [17, 19, 0]


@pytest.mark.slow
def test_real_masks_have_the_colour_of_the_label(data_folder):
    frame = load_bus_uclm(data_folder, normal="benign").frame
    for image, label in frame[["image", "Label"]].to_numpy():
        mask = Path(image).parents[1] / "masks" / Path(image).name
        red, green, _ = (np.array(Image.open(mask)) > 127).any(axis=(0, 1))
        assert red == (label == "Malignant")
        assert green == (label == "Benign")


@pytest.mark.slow
@pytest.mark.parametrize(("lesions", "n_rows"), [("together", 264), ("each", 281)])
def test_real_regions_are_those_of_the_masks(data_folder, lesions, n_rows, check_boxes):
    with pytest.warns(
        DataQualityWarning, match="4: rows.*another size|another size.*4"
    ):
        uclm = load_bus_uclm(data_folder, lesions=lesions)
    assert len(uclm.data) == n_rows
    unknown = uclm.data["region"].isna()
    assert set(uclm.frame["Image"][unknown]) == {f"HESN_00{n}.png" for n in range(2, 6)}
    known = uclm.data[~unknown]
    files = [
        Path(image).parents[1] / "masks" / Path(image).name for image in known.image
    ]
    check_boxes(known, [[file] for file in files], lesions)


@pytest.mark.slow
def test_real_images_of_the_woman_with_two_names_are_equal(data_folder):
    frame = load_bus_uclm(data_folder).frame.set_index("Image")
    same = frame.loc[["CHCO_000.png", "CHVI_005.png"]]
    first, second = (np.array(Image.open(image)) for image in same["image"])
    assert np.array_equal(first, second)
    assert same["group"].nunique() == 1


@pytest.mark.slow
def test_real_near_duplicates_belong_to_one_woman(data_folder):
    frame = load_bus_uclm(data_folder, normal="benign").frame
    families = frame.groupby(find_near_duplicates(frame["image"]))["group"]
    assert (families.size() > 1).sum() == 21
    assert families.nunique().max() == 1
