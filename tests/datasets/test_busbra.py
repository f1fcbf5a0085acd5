import pandas as pd
import pytest
from PIL import Image

from skfusion.datasets import load_busbra, official_split
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError
from skfusion.images import ImageSource

HEADER = "ID,Case,Histology,Pathology,BIRADS,Device,Width,Height,Side,BBOX"
ROWS = [
    'bus_0001-l,1,Fibroadenoma,benign,3,GE Logiq 5,20,24,left,"[2,3,10,9]"',
    'bus_0001-r,1,Fibroadenoma,benign,3,GE Logiq 5,20,24,right,"[12,3,9,9]"',
    'bus_0002-s,2,Ductal carcinoma,malignant,5,Toshiba,20,24,single,"[1,1,19,23]"',
    'bus_0010-l,10,Cyst,benign,2,Toshiba,20,24,left,"[5,5,5,5]"',
    'bus_0010-r,10,Cyst,benign,2,Toshiba,20,24,right,"[5,5,5,5]"',
    'bus_0011-s,11,Lobular,malignant,4,Toshiba,20,24,single,"[5,5,5,5]"',
]
FOLDS = [1, 1, 2, 2, 2, 1]


@pytest.fixture
def folder(tmp_path, save_image):
    """Four patients in the publisher's layout."""
    folder = tmp_path / "BUS-BRA" / "BUSBRA"
    for seed, row in enumerate(ROWS):
        name = row.split(",")[0]
        save_image(folder / "Images" / f"{name}.png", seed=seed)
        mask = name.replace("bus", "mask")
        save_image(folder / "Masks" / f"{mask}.png", mode="1")
    (folder / "bus_data.csv").write_text("\n".join([HEADER, *ROWS]))
    lines = [
        f"{row.split(',')[0]},{row.split(',')[3]},{fold},0,0,0,0,0"
        for row, fold in zip(reversed(ROWS), reversed(FOLDS), strict=True)
    ]
    header = "ID,Pathology,kFold,valid_1,valid_2,valid_3,valid_4,valid_5"
    (folder / "5-fold-cv.csv").write_text("\n".join([header, *lines]))
    return folder


def rewrite(folder, old, new, name="bus_data.csv"):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def test_rows_labels_and_patients(folder):
    busbra = load_busbra(folder)
    assert busbra.target.tolist() == [0, 0, 1, 0, 0, 1]
    assert busbra.target_names == ["benign", "malignant"]
    assert busbra.groups.tolist() == ["1", "1", "2", "10", "10", "11"]
    assert set(busbra.data["dataset"]) == {"busbra"}
    assert set(busbra.data["modality"]) == {"ultrasound"}


def test_the_box_is_cut_at_the_edge_and_read(folder):
    data = load_busbra(folder).data
    assert data["region"].tolist()[:3] == ["2,3,12,12", "12,3,20,12", "1,1,20,24"]
    lesions = ImageSource(data, region="lesion", image_size=8)[:]
    assert lesions.shape == (6, 8, 8, 1)


def test_side_is_not_the_breast_and_leaks_are_in_frame_only(folder):
    busbra = load_busbra(folder)
    assert busbra.data["laterality"].isna().all()
    assert not {"Side", "BIRADS", "Histology", "Device"} & set(busbra.data)
    assert busbra.frame["Side"].tolist()[:3] == ["left", "right", "single"]
    assert busbra.frame["BIRADS"].tolist() == [3, 3, 5, 2, 2, 4]


def test_masks_are_named_in_frame(folder):
    (folder / "Masks" / "mask_0002-s.png").unlink()
    masks = load_busbra(folder).frame["masks"].tolist()
    assert masks[:3] == ["mask_0001-l.png", "mask_0001-r.png", ""]


def test_official_folds_belong_to_the_image_whatever_their_order(folder):
    busbra = load_busbra(folder)
    assert busbra.frame["fold_5"].tolist() == FOLDS
    assert "fold_10" not in busbra.frame
    test_sides = [test.tolist() for _, test in official_split(busbra)]
    assert test_sides == [[0, 1, 5], [2, 3, 4]]


def test_an_image_in_no_fold(folder):
    rewrite(folder, "bus_0002-s", "bus_9999-s", "5-fold-cv.csv")
    with pytest.raises(ValueError, match="Got none for 1 images"):
        load_busbra(folder)


@pytest.mark.parametrize("levels", [0, 1])
def test_folders_around_it(folder, levels):
    path = [folder, *folder.parents][levels]
    assert len(load_busbra(path).data) == 6


def test_missing_images_are_counted_and_keep_their_fold(folder):
    (folder / "Images" / "bus_0001-l.png").unlink()
    with pytest.warns(DataQualityWarning, match=r"left out: 1 \(row 1 of 'bus_"):
        busbra = load_busbra(folder)
    assert busbra.frame["fold_5"].tolist() == FOLDS[1:]


def test_images_in_no_row_are_counted(folder):
    images = folder / "Images"
    (images / "bus_0900-l.png").write_bytes((images / "bus_0001-l.png").read_bytes())
    (images / "._bus_0001-l.png").write_bytes(b"a companion file of macOS")
    with pytest.warns(DataQualityWarning, match=r"Images without a row.*: 1\.$"):
        load_busbra(folder)


def test_no_data_set_states_how_to_get_it(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"bus_data\.csv.*8231412"):
        load_busbra(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("malignant,5", "suspicious,5", r"'Pathology' of 'bus_data.csv'. Got \['susp"),
        ("bus_0010-r,", "bus_0010-l,", r"differ in .*'ID'.* again in row 5"),
        ("[2,3,10,9]", "[2,3,10]", r"'BBOX' of 'bus_data.csv'. Got '\[2,3,10\]' in"),
        ("[12,3,9,9]", "[22,3,9,9]", r"Got '\[22,3,9,9\]' in row 2"),
        ("BBOX", "Box", r"without \['BBOX'\]"),
    ],
)
def test_a_damaged_table(folder, old, new, message):
    rewrite(folder, old, new)
    with pytest.raises(ValueError, match=message):
        load_busbra(folder)


def test_return_x_y(folder):
    X, y = load_busbra(folder, return_X_y=True)
    assert isinstance(X, pd.DataFrame)
    assert len(X) == len(y) == 6


@pytest.mark.slow
def test_header_is_the_publishers(data_folder):
    text = (data_folder / "tables/headers_only/busbra_bus_data.csv").read_text()
    assert text.strip() == HEADER


def test_the_box_of_a_reduced_copy_is_no_region(folder):
    file = folder / "Images" / "bus_0002-s.png"
    Image.open(file).resize((10, 12)).save(file)
    with pytest.warns(DataQualityWarning, match=r"region: 1 \(row 3 of 'bus_data"):
        busbra = load_busbra(folder)
    assert busbra.data["region"].isna().tolist() == [row == 2 for row in range(6)]


def test_without_its_file_the_official_split_names_it(folder):
    (folder / "5-fold-cv.csv").unlink()
    with pytest.raises(ValueError, match=r"Put the publisher's '5-fold-cv\.csv' or"):
        official_split(load_busbra(folder))
