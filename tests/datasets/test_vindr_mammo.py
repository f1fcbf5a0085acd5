from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from skfusion.datasets import load_vindr_mammo
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError

CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset", "region"]
SHARED = "study_id,series_id,image_id,laterality,view_position,height,width"
BREASTS = f"{SHARED},breast_birads,breast_density,split"
FINDINGS = (
    f"{SHARED},breast_birads,breast_density,finding_categories,finding_birads,"
    "xmin,ymin,xmax,ymax,split"
)
# image: study, side, view, BI-RADS of the breast, split, findings
IMAGES = {
    "a1": ("s1", "L", "CC", 4, "training", [("['Mass']", 4, "2.4,3.0,9.6,12.0")]),
    "a2": (
        "s1",
        "L",
        "MLO",
        4,
        "training",
        [
            ("['Mass']", 3, "5,5,10,10"),
            ("['Mass', 'Suspicious Calcification']", 4, "1,7,6,20"),
        ],
    ),
    "a3": ("s1", "R", "CC", 1, "training", []),
    "b1": ("s2", "R", "MLO", 5, "test", [("['Skin Thickening']", None, "0,0,20,24")]),
    "b2": ("s2", "R", "CC", 5, "test", []),
}


@pytest.fixture
def vindr_folder(tmp_path, save_image):
    folder = tmp_path / "vindr-mammo" / "1.0.0"
    breasts, findings = [BREASTS], [FINDINGS]
    for name, (study, side, view, birads, split, found) in IMAGES.items():
        first = f"{study},x,{name},{side},{view},24,20,BI-RADS {birads},DENSITY C"
        breasts.append(f"{first},{split}")
        for categories, own, box in found:
            own = "" if own is None else f"BI-RADS {own}"
            findings.append(f'{first},"{categories}",{own},{box},{split}')
        if not found:
            findings.append(f"{first},['No Finding'],,,,,,{split}")
        save_image(folder / "images" / study / f"{name}.png")
        png = folder / "images" / study / f"{name}.png"
        png.rename(png.with_suffix(".dicom"))
    (folder / "breast-level_annotations.csv").write_text("\n".join(breasts))
    (folder / "finding_annotations.csv").write_text("\n".join(findings))
    return folder


def rewrite(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_one_row_per_image_with_the_category_of_its_breast(vindr_folder):
    vindr = load_vindr_mammo(vindr_folder)
    assert vindr.data.columns.tolist() == CONTRACT
    assert [Path(image).stem for image in vindr.data["image"]] == list(IMAGES)
    assert vindr.target.tolist() == [1, 1, 0, 1, 1]
    assert vindr.target_names == ["other BI-RADS", "BI-RADS 4, 5"]
    assert vindr.groups.tolist() == ["s1", "s1", "s1", "s2", "s2"]
    assert vindr.data["view"].tolist() == ["CC", "MLO", "CC", "MLO", "CC"]
    assert vindr.data["laterality"].tolist() == ["L", "L", "R", "R", "R"]


def test_one_box_around_the_findings_of_an_image(vindr_folder):
    vindr = load_vindr_mammo(vindr_folder)
    boxes = ["2,3,10,12", "1,5,10,20", None, "0,0,20,24", None]
    assert vindr.data["region"].astype(object).tolist() == boxes
    assert vindr.frame["n_lesions"].tolist() == [1, 2, 0, 1, 0]


def test_each_finding_has_its_own_category(vindr_folder):
    vindr = load_vindr_mammo(vindr_folder, lesions="each")
    rows = vindr.frame[vindr.frame["image_id"] == "a2"]
    assert rows["region"].tolist() == ["5,5,10,10", "1,7,6,20"]
    assert rows["target"].tolist() == [0, 1]
    # Skin thickening has no category: it is that of the breast.
    assert vindr.target.tolist() == [1, 0, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("positive", "expected"),
    [((3, 4, 5), [1, 1, 0, 1, 1]), ([5], [0, 0, 0, 1, 1])],
)
def test_positive_categories_are_those_of_the_caller(vindr_folder, positive, expected):
    vindr = load_vindr_mammo(vindr_folder, positive_birads=positive)
    assert vindr.target.tolist() == expected


@pytest.mark.parametrize("positive", [(), (4, 7), ["malignant"], (4.0,)])
def test_positive_values_that_are_no_categories(vindr_folder, positive):
    with pytest.raises(ValueError, match="'positive_birads' parameter must be"):
        load_vindr_mammo(vindr_folder, positive_birads=positive)


def test_official_split_and_leaks_are_in_frame_only(vindr_folder):
    frame = load_vindr_mammo(vindr_folder).frame
    assert frame["split"].tolist() == ["train", "train", "train", "test", "test"]
    assert frame["breast_density"].eq("DENSITY C").all()
    assert frame["breast_birads"].iloc[3] == "BI-RADS 5"


def test_dicom_comes_before_a_copy(vindr_folder, save_image):
    save_image(vindr_folder / "images/s1/a1.png")
    data = load_vindr_mammo(vindr_folder).data
    assert data["image"].str.endswith(".dicom").all()


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_folders_around_it(vindr_folder, levels):
    path = [vindr_folder, *vindr_folder.parents][levels]
    assert len(load_vindr_mammo(path).data) == 5


def test_rows_without_a_file_and_files_without_a_row(vindr_folder):
    images = vindr_folder / "images"
    (images / "s2/b1.dicom").rename(images / "s2/unknown.dicom")
    with pytest.warns(DataQualityWarning) as caught:
        vindr = load_vindr_mammo(vindr_folder)
    message = str(caught[0].message)
    assert "left out: 1 (row 4 of 'breast-level_annotations.csv')" in message
    assert "Images without a row, left out: 1 (unknown.dicom)" in message
    assert "Findings of images left out: 1 (row 5 of 'finding_" in message
    assert len(caught) == 1
    assert len(vindr.data) == 4


def test_box_outside_the_image_is_no_region(vindr_folder):
    table = vindr_folder / "finding_annotations.csv"
    rewrite(table, "2.4,3.0,9.6,12.0", "22,3.0,29,12.0")
    with pytest.warns(DataQualityWarning, match=r"outside .*: 1 \(row 1 of 'finding_"):
        data = load_vindr_mammo(vindr_folder).data
    assert pd.isna(data["region"].iloc[0])


def test_box_across_the_edge_is_cut(vindr_folder):
    table = vindr_folder / "finding_annotations.csv"
    rewrite(table, "2.4,3.0,9.6,12.0", "-3,3.0,29,12.0")
    assert load_vindr_mammo(vindr_folder).data["region"].iloc[0] == "0,3,20,12"


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("breast-level", "BI-RADS 1", "BI-RADS 9", r"'breast_birads' of 'breast-lev"),
        ("breast-level", ",R,", ",B,", r"'laterality' of 'breast-level.*Got \['B'\]"),
        ("breast-level", "training", "val", r"'split'.*Got \['val'\]"),
        ("breast-level", "image_id", "id", r"without \['image_id'\]"),
        ("finding", "xmin", "x", r"'finding_annotations.csv'.*without \['xmin'\]"),
    ],
)
def test_unknown_value_or_column(vindr_folder, table, old, new, message):
    rewrite(vindr_folder / f"{table}_annotations.csv", old, new)
    with pytest.raises(ValueError, match=message):
        load_vindr_mammo(vindr_folder)


def test_unknown_category_of_a_finding(vindr_folder):
    rewrite(vindr_folder / "finding_annotations.csv", ",BI-RADS 3,", ",probably,")
    with pytest.raises(ValueError, match=r"'finding_birads' of 'finding_.*probably"):
        load_vindr_mammo(vindr_folder, lesions="each")


def test_no_image_and_no_data_set(vindr_folder, tmp_path):
    for image in vindr_folder.glob("images/*/*"):
        image.unlink()
    with pytest.raises(DatasetNotFoundError, match="none of those that the 5 rows"):
        load_vindr_mammo(vindr_folder)
    with pytest.raises(DatasetNotFoundError, match=r"breast-level.*physionet\.org"):
        load_vindr_mammo(tmp_path / "nowhere")


def test_return_x_y(vindr_folder):
    X, y = load_vindr_mammo(vindr_folder, return_X_y=True)
    assert len(X) == len(y) == 5


@pytest.mark.slow
def test_headers_of_the_real_tables(data_folder):
    tables = data_folder / "tables/headers_only"
    assert (tables / "vindr_breast-level_annotations.csv").read_text().strip() == (
        BREASTS
    )
    assert (tables / "vindr_finding_annotations.csv").read_text().strip() == FINDINGS


def test_boxes_of_a_reduced_copy_are_no_regions(vindr_folder):
    file = vindr_folder / "images" / "s1" / "a1.dicom"
    Image.open(file).resize((10, 12)).save(file, format="PNG")
    message = r"another size than in the table, without a region: 1 \(row 1 of 'finding"
    with pytest.warns(DataQualityWarning, match=message):
        vindr = load_vindr_mammo(vindr_folder)
    assert vindr.data["region"].isna().tolist() == [True, False, True, False, True]


def test_an_image_in_two_rows(vindr_folder):
    file = vindr_folder / "breast-level_annotations.csv"
    rewrite(file, "b2,R,CC", "b1,R,CC")
    with pytest.raises(ValueError, match=r"'image_id'\]\. Got .* again in row 5"):
        load_vindr_mammo(vindr_folder)
