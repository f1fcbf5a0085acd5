from pathlib import Path

import pytest
from PIL import Image

from skfusion.datasets import load_busi
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError

CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset", "region"]


def names(busi):
    return [Path(image).name for image in busi.data["image"]]


def test_masks_normals_and_mixed_families_are_left_out(busi_folder):
    busi = load_busi(busi_folder)
    assert names(busi) == [
        "mine.png",
        "benign (3).png",
        "benign (269).png",
        "benign (320).png",
        "malignant (10).png",
    ]
    assert busi.target.tolist() == [0, 0, 0, 0, 1]
    assert busi.target_names == ["benign", "malignant"]
    assert busi.data.columns.tolist() == CONTRACT
    assert busi.data.index.tolist() == [0, 1, 2, 3, 4]


def test_near_duplicates_share_a_group(busi_folder):
    groups = dict(zip(names(busi := load_busi(busi_folder)), busi.groups, strict=True))
    assert groups["benign (3).png"] == groups["benign (320).png"] == "family2"


def test_image_without_a_family_is_a_group_of_its_own(busi_folder):
    groups = dict(zip(names(busi := load_busi(busi_folder)), busi.groups, strict=True))
    assert groups["mine.png"] == "mine"
    assert groups["malignant (10).png"] == "malignant (10)"


def test_mixed_families_on_request(busi_folder):
    busi = load_busi(busi_folder, drop_mixed_families=False)
    mixed = busi.frame[busi.frame["group"] == "family84"]
    assert mixed["label"].tolist() == ["benign", "malignant"]


def test_normal_as_class_zero(busi_folder):
    busi = load_busi(busi_folder, normal="benign")
    assert busi.target_names == ["benign or normal", "malignant"]
    assert busi.frame["label"].tolist().count("normal") == 1
    assert busi.target.sum() == 1
    family = busi.frame[busi.frame["group"] == "family76"]
    assert family["label"].tolist() == ["benign", "normal"]


def test_frame_lists_masks(busi_folder):
    frame = load_busi(busi_folder).frame
    masks = dict(zip(frame["group"] + frame["image"], frame["masks"], strict=True))
    own = [value for key, value in masks.items() if key.endswith("benign (3).png")]
    assert own == ["benign (3)_mask.png&benign (3)_mask_1.png"]
    assert sum(value != "" for value in masks.values()) == 5


def test_lesions_of_an_image_are_in_one_box(busi_folder):
    busi = load_busi(busi_folder)
    regions = dict(zip(names(busi), busi.data["region"], strict=True))
    assert regions == {
        "mine.png": "2,3,7,16",
        "benign (3).png": "2,1,19,12",
        "benign (269).png": "2,3,7,13",
        "benign (320).png": "2,3,7,9",
        "malignant (10).png": "2,3,7,15",
    }
    assert busi.frame["region"].equals(busi.data["region"])


def test_each_lesion_is_a_row_of_its_image_and_group(busi_folder):
    busi = load_busi(busi_folder, lesions="each", normal="benign")
    assert len(busi.data) == len(busi.target) == len(busi.groups) == 7
    assert busi.data.index.tolist() == list(range(7))
    rows = [row for row, name in enumerate(names(busi)) if name == "benign (3).png"]
    assert rows == [1, 2]
    assert busi.data["region"][rows].tolist() == ["9,1,19,12", "2,3,7,10"]
    assert busi.groups[rows].tolist() == ["family2", "family2"]
    assert busi.data["region"].isna().tolist() == [False] * 6 + [True]


def test_part_of_a_mask_is_no_lesion_of_its_own(busi_folder, save_mask):
    both = [(1, 1, 5, 5), (10, 12, 15, 19)]
    save_mask(busi_folder / "benign/mine_mask.png", *both)
    busi = load_busi(busi_folder, lesions="each")
    assert busi.data["region"][0] == "1,1,15,19"
    assert names(busi).count("mine.png") == 1


def test_image_without_its_mask_is_kept_and_named(busi_folder):
    (busi_folder / "benign/benign (320)_mask.png").unlink()
    with pytest.warns(
        DataQualityWarning, match=r"1 of 5 rows.*is missing \(1: row 3\)"
    ):
        busi = load_busi(busi_folder)
    assert names(busi)[3] == "benign (320).png"
    assert busi.data["region"][3] is None


def test_good_masks_give_no_warning(busi_folder, recwarn):
    load_busi(busi_folder, normal="benign")
    assert not recwarn


def test_unknown_view_and_laterality_are_missing(busi_folder):
    assert load_busi(busi_folder).data[["view", "laterality"]].isna().all(axis=None)


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_folders_around_it(busi_folder, levels):
    path = [busi_folder, *busi_folder.parents][levels]
    assert len(load_busi(path).data) == 5


def test_without_the_folder_of_normals(busi_folder):
    for file in (busi_folder / "normal").iterdir():
        file.unlink()
    (busi_folder / "normal").rmdir()
    assert len(load_busi(busi_folder, normal="benign").data) == 5


def test_no_data_set_says_how_to_get_it(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"'benign'.*kaggle\.com"):
        load_busi(tmp_path)


def test_empty_folders_are_no_data_set(tmp_path):
    (tmp_path / "benign").mkdir()
    (tmp_path / "malignant").mkdir()
    with pytest.raises(DatasetNotFoundError, match="images"):
        load_busi(tmp_path)


def test_return_x_y(busi_folder):
    X, y = load_busi(busi_folder, return_X_y=True)
    assert len(X) == len(y) == 5


def test_wrong_normal(busi_folder):
    with pytest.raises(ValueError, match="'normal' parameter of load_busi must be"):
        load_busi(busi_folder, normal="keep")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "n_benign", "n_malignant"),
    [
        ({}, 429, 205),
        ({"drop_mixed_families": False}, 437, 210),
        ({"normal": "benign"}, 562, 205),
        ({"normal": "benign", "drop_mixed_families": False}, 570, 210),
    ],
)
def test_real_counts(data_folder, options, n_benign, n_malignant):
    busi = load_busi(data_folder, **options)
    assert (busi.target == 0).sum() == n_benign
    assert busi.target.sum() == n_malignant


@pytest.mark.slow
@pytest.mark.parametrize(("lesions", "n_rows"), [("together", 647), ("each", 665)])
def test_real_regions_are_those_of_the_masks(data_folder, lesions, n_rows, check_boxes):
    busi = load_busi(data_folder, lesions=lesions, drop_mixed_families=False)
    assert len(busi.data) == n_rows
    masks = [
        [Path(image).with_name(name) for name in masks.split("&")]
        for image, masks in zip(busi.data["image"], busi.frame["masks"], strict=True)
    ]
    check_boxes(busi.data, masks, lesions)


@pytest.mark.slow
def test_real_families(data_folder):
    busi = load_busi(data_folder, drop_mixed_families=False)
    families = busi.frame.groupby("group").filter(lambda family: len(family) > 1)
    assert len(families) == 225
    assert families["group"].nunique() == 100
    assert (families.groupby("group")["target"].nunique() == 2).sum() == 5


@pytest.mark.slow
def test_real_images_are_no_masks(data_folder):
    images = load_busi(data_folder, normal="benign").data["image"]
    assert all(Image.open(image).mode == "RGB" for image in images)
