import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.datasets import load_cbis_ddsm
from skfusion.datasets._cbis_ddsm import _read_tables
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError

CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset", "region"]
SIZE = (40, 30)  # rows, columns of every image
# table: patient, side, view, number, kind, assessment, pathology, box of the mask
LESIONS = {
    "mass_case_description_train_set": [
        ("P_00001", "LEFT", "CC", 1, "mass", 4, "MALIGNANT", (2, 3, 8, 9)),
        ("P_00038", "RIGHT", "MLO", 1, "mass", 3, "BENIGN", (5, 6, 10, 16)),
        ("P_00038", "RIGHT", "MLO", 2, "mass", 5, "MALIGNANT", (20, 1, 25, 4)),
    ],
    "mass_case_description_test_set": [
        ("P_00016", "LEFT", "MLO", 1, "mass", 4, "BENIGN", (0, 0, 30, 40)),
    ],
    "calc_case_description_train_set": [
        ("P_00005", "RIGHT", "CC", 1, "calcification", 2, "BENIGN", (3, 3, 4, 4)),
    ],
    "calc_case_description_test_set": [
        (
            "P_00038",
            "LEFT",
            "CC",
            1,
            "calcification",
            2,
            "BENIGN_WITHOUT_CALLBACK",
            (1, 2, 3, 4),
        ),
    ],
}
FOLDERS = {
    "UIDs": ("1.3.6.{}.1", "1.3.6.{}.2", "1-{}.dcm"),
    "descriptions": ("08-29-2017-DDSM-NA-{}", "1.000000-images-{}", "1-{}.dcm"),
    "table": ("1.3.6.{}.1", "1.3.6.{}.2", "00000{}.dcm"),
}


def case_folder(table, lesion):
    kind = "Mass" if table.startswith("mass") else "Calc"
    part = "Training" if "train" in table else "Test"
    return f"{kind}-{part}_{'_'.join(lesion[:3])}"


def write_table(folder, name, lesions):
    """Write a table as the publisher does, with newlines in fields and two headers."""
    is_mass = name.startswith("mass")
    density = "breast_density" if is_mass else "breast density"
    kind = ["mass shape", "mass margins"]
    if not is_mass:
        kind = ["calc type", "calc distribution"]
    rows = []
    for lesion in lesions:
        case = case_folder(name, lesion)
        series = f"{case}_{lesion[3]}/1.3.6.{case}{lesion[3]}.1/{uid_of(case, lesion)}"
        first, second = f"{series}/000000.dcm", f"{series}/000001.dcm"
        crop, roi = (first, second) if is_mass else (second, first)
        image = f"{case}/1.3.6.{case}.1/1.3.6.{case}.2/000000.dcm"
        values = [lesion[0], 3, *lesion[1:5], "ROUND", "N/A", *lesion[5:7], 4, image]
        rows.append(
            [*values, f"{crop}\n", roi] if not is_mass else [*values, crop, roi]
        )
        if is_mass:
            rows[-1][-1] += "\n"
    columns = ["patient_id", density, "left or right breast", "image view"]
    columns += ["abnormality id", "abnormality type", *kind, "assessment", "pathology"]
    columns += ["subtlety", "image file path", "cropped image file path"]
    columns += ["ROI mask file path"]
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=columns).to_csv(folder / f"{name}.csv", index=False)


def uid_of(case, lesion):
    return f"1.3.6.{case}{lesion[3]}.2"


def mask_of(box, size=SIZE):
    mask = np.zeros(size, np.uint8)
    mask[box[1] : box[3], box[0] : box[2]] = 255
    return mask


@pytest.fixture
def make_tree(tmp_path, save_dicom):
    """Return a function that writes the tables, the images and the lesions' files."""

    def make(layout="UIDs"):
        study, series, name = FOLDERS[layout]
        folder = tmp_path / "CBIS-DDSM"
        for table, lesions in LESIONS.items():
            write_table(folder, table, lesions)
            for lesion in lesions:
                case = case_folder(table, lesion)
                place = folder / "CBIS-DDSM" / case
                image = place / study.format(case) / series.format(case)
                pixels = np.full(SIZE, 200, np.uint16)
                save_dicom(image / name.format(1), pixels)
                case = f"{case}_{lesion[3]}"
                place = folder / "CBIS-DDSM" / case
                place = place / study.format(case) / series.format(case)
                # Crop and mask change places, whatever the table names them.
                crop, mask = (1, 2) if lesion[3] == 1 else (2, 1)
                x0, y0, x1, y1 = lesion[7]
                save_dicom(
                    place / name.format(crop), np.full((y1 - y0, x1 - x0), 9, np.uint16)
                )
                save_dicom(place / name.format(mask), mask_of(lesion[7]))
        return folder

    return make


def lesion_files(folder, case):
    return sorted((folder / "CBIS-DDSM" / case).rglob("*.dcm"))


@pytest.mark.parametrize("layout", FOLDERS)
def test_images_are_rows_in_every_layout_of_the_publisher(make_tree, layout):
    cbis = load_cbis_ddsm(make_tree(layout))
    assert cbis.data.columns.tolist() == CONTRACT
    assert cbis.groups.tolist() == [
        "P_00038",
        "P_00005",
        "P_00016",
        "P_00001",
        "P_00038",
    ]
    assert cbis.target.tolist() == [0, 0, 0, 1, 1]
    assert cbis.target_names == ["benign", "malignant"]
    assert cbis.data["laterality"].tolist() == ["L", "R", "L", "L", "R"]
    assert cbis.data["view"].tolist() == ["CC", "CC", "MLO", "CC", "MLO"]
    assert cbis.frame["split"].tolist() == ["test", "train", "test", "train", "train"]


def test_one_box_around_all_lesions_of_an_image(make_tree):
    cbis = load_cbis_ddsm(make_tree())
    assert cbis.data["region"].tolist() == [
        "1,2,3,4",
        "3,3,4,4",
        "0,0,30,40",
        "2,3,8,9",
        "5,1,25,16",
    ]
    assert cbis.frame["n_lesions"].tolist() == [1, 1, 1, 1, 2]
    # The other columns are those of the lesion that makes the image malignant.
    assert cbis.frame["assessment"].tolist() == [2, 2, 4, 4, 5]


def test_each_lesion_is_a_row_of_its_patient(make_tree):
    cbis = load_cbis_ddsm(make_tree(), lesions="each")
    both = cbis.frame[cbis.frame["image"].duplicated(keep=False)]
    assert both["target"].tolist() == [0, 1]
    assert both["region"].tolist() == ["5,6,10,16", "20,1,25,4"]
    assert both["group"].nunique() == 1
    assert len(cbis.data) == 6
    assert "n_lesions" not in cbis.frame


def test_leaks_are_in_frame_only(make_tree):
    frame = load_cbis_ddsm(make_tree()).frame
    assert frame["breast_density"].eq(3).all()
    assert "breast density" not in frame
    assert frame["mass shape"].notna().sum() == 3
    assert not frame["ROI mask file path"].str.contains("\n").any()


def test_lesions_without_callback_can_be_left_out(make_tree):
    folder = make_tree()
    assert len(load_cbis_ddsm(folder).data) == 5
    called_back = load_cbis_ddsm(folder, without_callback="drop")
    assert called_back.groups.tolist() == ["P_00005", "P_00016", "P_00001", "P_00038"]


def test_without_regions_no_mask_is_read(make_tree):
    folder = make_tree()
    for file in lesion_files(folder, "Mass-Training_P_00001_LEFT_CC_1"):
        file.write_bytes(b"damaged")
    data = load_cbis_ddsm(folder, regions=False).data
    assert data.columns.tolist() == CONTRACT[:-1]
    with pytest.warns(DataQualityWarning, match="unreadable"):
        assert load_cbis_ddsm(folder).data["region"].isna().sum() == 1


def test_copy_with_jpeg_files_in_folders_of_series(make_tree):
    folder = make_tree()
    for table, lesions in LESIONS.items():
        for lesion in lesions:
            case = case_folder(table, lesion)
            image = folder / "jpeg" / f"1.3.6.{case}.2" / "1-017.jpg"
            crop = folder / "jpeg" / uid_of(case, lesion) / "1-018.jpg"
            for file in (image, crop):
                file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full(SIZE, 90, np.uint8)).save(image)
            Image.fromarray(np.full((8, 8), 90, np.uint8)).save(crop)
            mask = Image.fromarray(mask_of(lesion[7]))
            mask.save(crop.with_name("1-240.jpg"), quality=100)
    shutil.rmtree(folder / "CBIS-DDSM")
    (folder / "csv").mkdir()
    for table in folder.glob("*.csv"):
        table.rename(folder / "csv" / table.name)
    cbis = load_cbis_ddsm(folder)
    assert cbis.data["region"].tolist()[2:] == ["0,0,30,40", "2,3,8,9", "5,1,25,16"]
    assert all(Path(image).name == "1-017.jpg" for image in cbis.data["image"])


def test_one_table_is_enough(make_tree):
    folder = make_tree()
    for table in folder.glob("calc*.csv"):
        table.unlink()
    with pytest.warns(DataQualityWarning, match="in no table, left out: 4"):
        cbis = load_cbis_ddsm(folder)
    assert cbis.groups.tolist() == ["P_00016", "P_00001", "P_00038"]


def test_lesions_without_an_image_are_counted_and_named(make_tree):
    folder = make_tree()
    shutil.rmtree(folder / "CBIS-DDSM/Mass-Training_P_00038_RIGHT_MLO")
    with pytest.warns(DataQualityWarning) as caught:
        cbis = load_cbis_ddsm(folder)
    message = str(caught[0].message)
    assert "Lesions without an image, left out: 2 (row 2 of" in message
    assert "P_" not in message
    assert len(caught) == 1
    assert len(cbis.data) == 4
    assert Path(caught[0].filename).name == Path(__file__).name


def test_box_around_all_lesions_is_unknown_if_one_of_them_is(make_tree):
    folder = make_tree()
    for file in lesion_files(folder, "Mass-Training_P_00038_RIGHT_MLO_2"):
        file.unlink()
    with pytest.warns(DataQualityWarning, match=r"size\): 1 \(row 3 of 'mass_"):
        together = load_cbis_ddsm(folder)
    assert together.data["region"].isna().tolist() == [False] * 4 + [True]
    assert together.frame["n_lesions"].iloc[4] == 2
    with pytest.warns(DataQualityWarning):
        each = load_cbis_ddsm(folder, lesions="each").data["region"]
    assert each.notna().sum() == 5


def test_row_without_a_path_is_a_row_without_an_image(make_tree):
    folder = make_tree()
    file = folder / "mass_case_description_test_set.csv"
    pd.read_csv(file).assign(**{"image file path": None}).to_csv(file, index=False)
    with pytest.warns(DataQualityWarning, match=r"image, left out: 1 \(row 1"):
        assert len(load_cbis_ddsm(folder).data) == 4


@pytest.mark.parametrize("fault", ["empty", "other size", "crop alone", "none"])
def test_lesion_without_its_mask_has_no_region(make_tree, save_dicom, fault):
    folder = make_tree()
    crop, mask = lesion_files(folder, "Mass-Test_P_00016_LEFT_MLO_1")
    crop.unlink()
    mask.unlink()
    if fault == "empty":
        save_dicom(mask, np.zeros(SIZE, np.uint8))
    if fault == "other size":
        save_dicom(mask, mask_of((1, 1, 5, 5), (44, 33)))
    if fault == "crop alone":
        save_dicom(crop, np.full((9, 9), 30, np.uint16))
    with pytest.warns(DataQualityWarning, match=r"size\): 1 \(row 1 of 'mass_"):
        cbis = load_cbis_ddsm(folder)
    assert cbis.data["region"].isna().tolist() == [False, False, True, False, False]


def test_no_image_at_all(make_tree):
    folder = make_tree()
    shutil.rmtree(folder / "CBIS-DDSM")
    message = (
        r"none of those that the 6 rows .* \(\.tcia\) with the NBIA Data Retriever"
    )
    with pytest.raises(DatasetNotFoundError, match=message):
        load_cbis_ddsm(folder)


def test_no_data_set_says_how_to_get_it(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"mass_case.*K9/TCIA\.2016"):
        load_cbis_ddsm(tmp_path)


def test_folder_around_it(make_tree):
    assert len(load_cbis_ddsm(str(make_tree().parent)).data) == 5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MALIGNANT", "CANCER", r"'pathology' of 'mass_.*'. Got \['CANCER'\]"),
        ("LEFT,CC", "BOTH,CC", r"'left or right breast'.*Got \['BOTH'\]"),
        ("LEFT,CC", "LEFT,XCC", r"'image view'.*Got \['XCC'\]"),
        ("pathology", "histology", r"without \['pathology'\]"),
    ],
)
def test_unknown_value_or_column(make_tree, old, new, message):
    folder = make_tree()
    table = folder / "mass_case_description_train_set.csv"
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(ValueError, match=message):
        load_cbis_ddsm(folder)


def test_return_x_y(make_tree):
    X, y = load_cbis_ddsm(make_tree(), return_X_y=True)
    assert len(X) == len(y) == 5


@pytest.fixture(scope="module")
def real_lesions(data_folder):
    return _read_tables(data_folder / "tables/cbis_ddsm")


@pytest.mark.slow
def test_real_counts_of_lesions(real_lesions):
    assert len(real_lesions) == 3568
    assert real_lesions["image file path"].nunique() == 3103
    assert real_lesions["patient_id"].nunique() == 1566
    counts = real_lesions["pathology"].value_counts()
    assert counts.tolist() == [1457, 1429, 682]
    per_image = real_lesions.groupby("image file path").size()
    assert (per_image > 1).sum() == 293
    assert per_image.max() == 7


@pytest.mark.slow
def test_real_official_split_shares_patients_and_views(real_lesions):
    lesions = real_lesions.assign(kind=real_lesions["table"].str[:4])
    assert (lesions.groupby("patient_id")["split"].nunique() > 1).sum() == 31
    assert (lesions.groupby(["patient_id", "kind"])["split"].nunique() == 1).all()
    assert (lesions.groupby("patient_id")["kind"].nunique() > 1).sum() == 79
    views = lesions.groupby(["patient_id", "left or right breast", "image view"])
    assert (views["kind"].nunique() > 1).sum() == 71
    assert (views["split"].nunique() > 1).sum() == 29


@pytest.mark.slow
def test_real_images_with_both_labels(real_lesions):
    malignant = real_lesions["pathology"] == "MALIGNANT"
    both = malignant.groupby(real_lesions["image file path"]).nunique() > 1
    assert both.sum() == 17


@pytest.mark.slow
def test_real_tables_on_a_tree_of_full_size(data_folder, tmp_path, save_image):
    """Every image of the real tables, in the layout of a download."""
    image = tmp_path / "image.png"
    save_image(image)
    for table in (data_folder / "tables/cbis_ddsm").glob("*.csv"):
        shutil.copy(table, tmp_path)
        for path in pd.read_csv(table)["image file path"].unique():
            file = tmp_path / "CBIS-DDSM" / path.replace("000000.dcm", "1-1.png")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.hardlink_to(image)
    cbis = load_cbis_ddsm(tmp_path, regions=False)
    assert len(cbis.data) == 3103
    assert cbis.target.sum() == 1375
    assert len(set(cbis.groups)) == 1566
    assert cbis.frame.groupby("split").size().to_dict() == {"test": 645, "train": 2458}
    each = load_cbis_ddsm(tmp_path, regions=False, lesions="each")
    assert (len(each.data), each.target.sum()) == (3568, 1457)
    dropped = load_cbis_ddsm(tmp_path, regions=False, without_callback="drop")
    assert (len(dropped.data), dropped.target.sum()) == (2704, 1375)
