"""load_image_table: anybody's own folder and table, and what may be wrong with it."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skfusion.datasets import concat_datasets, load_image_table
from skfusion.datasets._image_table_misspelt import warn_of_misspelt_labels
from skfusion.exceptions import (
    DataQualityWarning,
    DatasetNotFoundError,
    ImageReadError,
)
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.images import ImageSource

COLUMNS = {"image": "file", "label": "finding", "group": "patient"}


@pytest.fixture
def table(tmp_path):
    """Six images of four patients, 40 x 30 pixels, and their table."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(6):
        pixels = rng.integers(0, 256, (30, 40), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return pd.DataFrame(
        {
            "file": [f"pictures/{number}.png" for number in range(6)],
            "finding": [
                "benign",
                "malignant",
                "benign",
                "benign",
                "malignant",
                "benign",
            ],
            "patient": ["007", "007", "12", "12", "13", "14"],
            "side": ["left", "RIGHT", " L ", "r", None, "Left"],
            "age": [61, 61, 48, 48, 35, 70],
        }
    )


@pytest.fixture
def save(table, tmp_path):
    """Return a function that writes the table, and returns its path."""

    def save(name="clinic.csv", **options):
        table.to_csv(tmp_path / name, index=False, **options)
        return tmp_path / name

    return save


def load(table, tmp_path=None, **options):
    """Load a table, whose problems raise an error and whose warnings are errors."""
    folder = {} if tmp_path is None else {"folder": tmp_path}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load_image_table(table, **(COLUMNS | folder | options))


def test_a_file_becomes_a_data_set_with_the_columns_of_every_loader(save, tmp_path):
    clinic = load(save(), modality="ultrasound", laterality="side")
    assert clinic.data.columns.tolist() == [
        "image",
        "modality",
        "group",
        "view",
        "laterality",
        "dataset",
    ]
    assert clinic.data["image"].iloc[0] == str(tmp_path / "pictures" / "0.png")
    assert set(clinic.data["modality"]) == {"ultrasound"}
    assert clinic.data["laterality"].tolist() == ["L", "R", "L", "R", None, "L"]
    assert clinic.data["view"].isna().all()
    assert set(clinic.data["dataset"]) == {"clinic"}
    assert clinic.target.tolist() == [0, 1, 0, 0, 1, 0]
    assert clinic.target.dtype == np.int64
    assert clinic.target_names == ["benign", "malignant"]
    assert clinic.groups.tolist() == ["007", "007", "12", "12", "13", "14"]


def test_columns_of_the_table_are_in_frame_only(save):
    clinic = load(save())
    assert not {"finding", "age", "target"} & set(clinic.data)
    assert clinic.frame["age"].tolist() == [61, 61, 48, 48, 35, 70]
    assert clinic.frame["finding"].iloc[1] == "malignant"


def test_the_columns_that_parameters_name_are_known(table, tmp_path):
    """An audit leaves the label out of what may reveal it."""
    edges = ["left", "top", "right", "bottom"]
    table[edges] = [1, 2, 9, 8]
    table = table.rename(columns={"finding": "target"})
    clinic = load(table, tmp_path, label="target", laterality="side", region=edges)
    assert clinic.label_column == "table_target"
    assert clinic.frame["table_target"].iloc[1] == "malignant"
    assert clinic.used_columns == ["file", "patient", "side", *edges]
    assert {*clinic.used_columns} <= {*clinic.frame}


def test_a_column_with_the_name_of_another_is_kept_under_another_name(table, tmp_path):
    table = table.rename(columns={"file": "image"}).assign(region="outer", inverted="x")
    clinic = load(table, tmp_path, image="image")
    assert "region" not in clinic.data
    assert "inverted" not in clinic.data
    assert clinic.frame["table_image"].iloc[0] == "pictures/0.png"
    assert clinic.frame["table_region"].iloc[0] == "outer"


def test_a_column_of_rows_of_the_user_is_kept(table, tmp_path):
    frame = load(table.assign(table_row="A7"), tmp_path).frame
    assert frame["table_row"].tolist() == list(range(6))
    assert set(frame["table_table_row"]) == {"A7"}


def test_two_columns_that_would_get_one_name(table, tmp_path):
    table = table.rename(columns={"file": "image"}).assign(table_image="b.png")
    with pytest.raises(ValueError, match=r"Expected no column 'table_image'.*Rename"):
        load(table, tmp_path, image="image")


def test_a_model_and_its_folds_take_it(save):
    X, y = load(save(), return_X_y=True)
    features = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    vectors = features.fit_transform(X)
    cv = StratifiedGroupKFold(2)
    model = LogisticRegression()
    scores = cross_val_score(model, vectors, y, groups=X["group"], cv=cv)
    assert np.isfinite(scores).all()


def test_it_is_pooled_with_another_data_set(save):
    pooled = concat_datasets(load(save()), load(save("second.csv")))
    assert pooled.groups[[0, -1]].tolist() == ["clinic:007", "second:14"]


@pytest.mark.parametrize(
    "options",
    [
        {"name": "t.csv", "sep": ";"},
        {"name": "t.csv", "sep": "\t"},
        {"name": "t.csv", "encoding": "utf-8-sig"},
    ],
)
def test_forms_of_csv(save, options):
    clinic = load(save(**options))
    assert clinic.groups.tolist() == ["007", "007", "12", "12", "13", "14"]


def test_excel(table, tmp_path):
    table.to_excel(tmp_path / "clinic.xlsx", index=False)
    clinic = load(tmp_path / "clinic.xlsx")
    assert clinic.groups[0] == "007"
    assert len(clinic.data) == 6


def test_a_file_in_another_encoding(save):
    with pytest.raises(ValueError, match=r"'clinic.csv', which cannot be read.*UTF-8"):
        load(save(encoding="utf-16"))


@pytest.mark.parametrize("more", [",1,2,9,8", ","])
def test_more_cells_than_the_header_has(table, tmp_path, more):
    """Pandas would make an index, such as paths, of the first cells."""
    lines = table.to_csv(index=False).splitlines()
    text = "\n".join([lines[0], *(line + more for line in lines[1:])])
    (tmp_path / "clinic.csv").write_text(text)
    with pytest.raises(ValueError, match=r"Got rows with more\. Put quotes around"):
        load(tmp_path / "clinic.csv")


def test_one_line_with_more_cells_is_named(save):
    with save().open("a") as file:
        file.write("pictures/0.png,benign,7,left,61,anna\n")
    with pytest.raises(ValueError, match=r"Expected 5 fields in line 8") as caught:
        load(file.name)
    assert "anna" not in str(caught.value)


def test_a_damaged_excel_file(tmp_path):
    (tmp_path / "clinic.xlsx").write_bytes(b"PK and no more")
    with pytest.raises(ValueError, match=r"Got 'clinic.xlsx', which cannot be read"):
        load(tmp_path / "clinic.xlsx")


def test_a_table_without_rows(table, tmp_path):
    with pytest.raises(ValueError, match="Got no rows"):
        load(table.iloc[:0], tmp_path)


def test_no_such_file(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"Got 'no.csv', which is not a"):
        load(tmp_path / "no.csv")


def test_missing_columns_are_named_with_those_there_are(save):
    message = r"label='diagnosis', group='who', but the columns are \['file', 'finding"
    with pytest.raises(ValueError, match=message):
        load(save(), label="diagnosis", group="who")


def test_two_columns_of_one_name(table, tmp_path):
    table = pd.concat([table, table["age"]], axis=1)
    with pytest.raises(ValueError, match="Got several of the name 'age'"):
        load(table, tmp_path)


def test_paths_of_windows_and_blanks_are_accepted(table, tmp_path):
    table["file"] = " " + table["file"].str.replace("/", "\\") + "\n"
    assert len(load(table, tmp_path).data) == 6


def test_folder_and_index_do_not_matter(table, tmp_path):
    table["file"] = table["file"].str.replace("pictures/", "")
    clinic = load(table.set_index("age").iloc[::-1], tmp_path / "pictures")
    assert Path(clinic.data["image"].iloc[0]).name == "5.png"
    assert clinic.data.index.tolist() == list(range(6))
    assert clinic.data["dataset"].iloc[0] == "table"


# Rows that are left out


def test_rows_without_a_file_are_left_out_and_named(table, tmp_path):
    table.loc[[0, 3], "file"] = ["pictures/gone.png", None]
    with pytest.warns(DataQualityWarning) as caught:
        clinic = load_image_table(table, **COLUMNS, folder=tmp_path)
    messages = [str(each.message) for each in caught]
    assert any(
        "2 of the 6 rows have no file" in m and "rows 0, 3" in m for m in messages
    )
    assert any("2 images in the folder" in message for message in messages)
    assert clinic.groups.tolist() == ["007", "12", "13", "14"]
    assert clinic.frame["table_row"].tolist() == [1, 2, 4, 5]
    rows = "rows 0, 3 (from 0, the header not counted). Correct"
    assert any(rows in message for message in messages)


def test_images_without_a_row_are_counted_in_sub_folders_too(table, tmp_path):
    (tmp_path / "pictures" / "new").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "pictures" / "new" / "more.png")
    (tmp_path / "pictures" / "notes.txt").write_text("not an image")
    with pytest.warns(DataQualityWarning, match="1 images in the folder"):
        load_image_table(table, **COLUMNS, folder=tmp_path)


def test_no_file_at_all_names_the_folder_and_no_path(table, tmp_path):
    table["file"] = "anna_miller.png"
    with pytest.raises(DatasetNotFoundError, match="Pass the folder") as caught:
        load(table, tmp_path / "pictures")
    assert "'pictures'" in str(caught.value)
    assert "miller" not in str(caught.value)


def test_paths_without_their_ending_are_recognised(table, tmp_path):
    table["file"] = table["file"].str.replace(".png", "")
    with pytest.raises(DatasetNotFoundError, match=r"add '\.png' to each path"):
        load(table, tmp_path)


def test_endings_in_capital_letters_are_recognised(table, tmp_path):
    table["file"] = table["file"].str.replace(".png", ".PNG")
    with pytest.raises(
        DatasetNotFoundError, match=r"names of the files end in '\.png'"
    ):
        load(table, tmp_path)


# Problems, all at once


def test_all_problems_are_listed_in_one_error(table, tmp_path):
    (tmp_path / "pictures" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    table.loc[[0, 2], "finding"] = [None, " "]
    table.loc[5, "patient"] = ""
    table.loc[4, "side"] = "both"
    table["box"] = ["1,2,9,8", "9,9,2,2", "50,50,60,60", None, None, None]
    with pytest.raises(ValueError, match="from 0, the header not counted") as caught:
        load(table, tmp_path, laterality="side", region="box")
    problems = str(caught.value).splitlines()[1:]
    assert [problem.partition(". ")[0] for problem in problems] == [
        "- a file that is not an image in row 3",
        "- no label in rows 0, 2",
        "- no group in row 5",
        "- an unknown value of 'side' in row 4",
        "- neither a box nor the file of a mask in row 1",
        "- a box beyond the edge of its image in row 2",
    ]


def test_many_rows_are_counted(table, tmp_path):
    many = pd.concat([table] * 3, ignore_index=True)
    with pytest.raises(ValueError, match=r"again in rows 0, 1, 2, 3, 4 and 13 more\."):
        load(many, tmp_path)


def test_no_message_shows_a_path_or_a_patient(table, tmp_path):
    table.loc[0, ["finding", "patient"]] = [None, "anna"]
    (tmp_path / "pictures" / "0.png").write_bytes(b"")
    with pytest.raises(ValueError) as caught:
        load(table.assign(side="anna"), tmp_path, laterality="side", view="patient")
    assert "anna" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert "0.png" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("patient", "007", "the same image again in rows 0, 1"),
        ("finding", "malignant", "one image under different labels in rows 0, 1"),
        ("patient", "anna", "one image in different groups in rows 0, 1"),
    ],
)
def test_an_image_in_two_rows(table, tmp_path, column, value, problem):
    table.loc[1] = table.loc[0]
    table.loc[1, column] = value
    table.loc[1, "file"] = "pictures/../pictures/0.png"
    with pytest.raises(ValueError, match=problem):
        load_image_table(table, **COLUMNS, folder=tmp_path)


def test_an_image_in_two_rows_with_different_regions(table, tmp_path):
    table["box"] = "1,2,9,8"
    table.loc[1] = table.loc[0]
    table.loc[1, "box"] = "20,2,29,8"
    (tmp_path / "pictures" / "1.png").unlink()
    clinic = load(table, tmp_path, region="box")
    assert clinic.data["image"].nunique() == 5
    table.loc[1, "finding"] = "malignant"
    with pytest.warns(DataQualityWarning, match="different labels in rows 0, 1"):
        load_image_table(table, **COLUMNS, region="box", folder=tmp_path)


# Labels


def test_positive_label_and_the_names_of_both_classes(table, tmp_path):
    table["finding"] = ["cancer", "normal", "cyst", "normal", "cancer", "cyst"]
    clinic = load(table, tmp_path, positive="cancer")
    assert clinic.target.tolist() == [1, 0, 0, 0, 1, 0]
    assert clinic.target_names == ["not cancer", "cancer"]
    assert "4 images of 3 groups, labelled 'cyst', 'normal'" in clinic.DESCR
    clinic = load(table, tmp_path, positive=["cancer", "cyst"])
    assert clinic.target.tolist() == [1, 0, 1, 0, 1, 1]
    assert clinic.target_names == ["normal", "cancer or cyst"]


def test_names_of_classes_of_many_labels_stay_short(table, tmp_path):
    table["finding"] = ["DCIS", "IDC", "lobular", "cyst", "lipoma", "scar"]
    clinic = load(table, tmp_path, positive=["DCIS", "IDC", "lobular"])
    assert clinic.target_names == ["other", "DCIS or 2 others"]


def test_labels_that_may_be_misspelt_are_listed_with_their_rows(table, tmp_path):
    table.loc[4, "finding"] = "malignat"
    with pytest.warns(DataQualityWarning) as caught:
        clinic = load_image_table(
            table, **COLUMNS, positive="malignant", folder=tmp_path
        )
    assert clinic.target.tolist() == [0, 1, 0, 0, 0, 0]
    assert len(caught) == 1
    assert (
        "'malignat' (1 of the 6 rows: row 4; similar to 'malignant'). Rows count from 0"
        in str(caught[0].message)
    )


def labels_with(**counts):
    return pd.Series([label for label, n in counts.items() for _ in range(n)])


@pytest.mark.parametrize(
    ("counts", "suspect"),
    [
        ({"benign": 12, "malignant": 6, "cyst": 2}, "'cyst' (2 of the 20 rows"),
        ({"benign": 150, "malignant": 150, "cyst": 4}, None),
        ({"benign": 200, "malignant": 200, "cyst": 3}, "'cyst' (3 of the 403 rows"),
        ({"benign": 12, "malignant": 6, "bening": 1}, "similar to 'benign'"),
        ({"benign": 12, "malignant": 6, "malignant2": 1}, None),
        ({"normal": 9, "abnormal": 2}, None),
        ({"cancer": 9, "no cancer": 1}, None),
        ({"benign": 12, "Benign": 1}, None),  # has a warning of its own
        ({"grade 1": 9, "grade 2": 1}, None),
        ({"benign": 5000, "malignant": 9}, None),
        ({"mass": 8, "masss": 7}, None),
    ],
)
def test_which_labels_may_be_misspelt(counts, suspect):
    labels = labels_with(**counts)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_misspelt_labels(labels, [], "finding")
    assert len(caught) == (suspect is not None)
    assert suspect is None or suspect in str(caught[0].message)


def test_a_column_of_many_labels_is_listed_in_part():
    """Such as a column of comments that was passed by mistake."""
    labels = pd.Series(
        [f"finding {chr(97 + i)}{chr(97 + j)}" for i in range(26) for j in range(26)]
    )
    with pytest.warns(DataQualityWarning, match=r"row 9; .*\) and others\. Rows"):
        warn_of_misspelt_labels(labels, [], "finding")


def test_labels_that_the_user_has_confirmed_are_not_misspelt():
    labels = labels_with(benign=20, malignant=9, DCIS=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_misspelt_labels(labels, ["malignant", "DCIS"], "finding")


def test_a_wrong_positive_is_listed_with_the_problems_of_rows(table, tmp_path):
    table.loc[[0, 2], "finding"] = None
    with pytest.raises(ValueError) as caught:
        load(table, tmp_path, positive="tumour")
    problems = str(caught.value).splitlines()[1:]
    assert problems[0].startswith("- no label in rows 0, 2.")
    assert problems[1].startswith("- Expected positive to be some of the labels")


def test_several_classes_keep_their_labels(table, tmp_path):
    table["finding"] = ["cancer", "normal", "cyst", "normal", "cancer", "cyst"]
    clinic = load(table, tmp_path)
    assert clinic.target.tolist() == [0, 2, 1, 2, 0, 1]
    assert clinic.target_names == ["cancer", "cyst", "normal"]


def test_the_alphabet_does_not_choose_the_positive_class_silently(table, tmp_path):
    table["finding"] = ["cancer", "normal"] * 3
    with pytest.warns(DataQualityWarning, match="positive='cancer' to make 'cancer'"):
        load_image_table(table, **COLUMNS, folder=tmp_path)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([0, 1], ["0", "1"]),
        ([0.0, 1.0], ["0", "1"]),
        ([False, True], ["False", "True"]),
    ],
)
def test_numbers_as_labels(table, tmp_path, labels, names):
    clinic = load(table.assign(finding=labels * 3), tmp_path)
    assert clinic.target.tolist() == [0, 1] * 3
    assert clinic.target_names == names


@pytest.mark.parametrize("positive", ["tumour", ["benign", "malignant"], []])
def test_wrong_positive(table, tmp_path, positive):
    with pytest.raises(ValueError, match="not all of them: 'benign', 'malignant'"):
        load(table, tmp_path, positive=positive)


def test_one_label_or_two_types(table, tmp_path):
    with pytest.raises(ValueError, match=r"Got \['benign'\] only"):
        load(table.assign(finding="benign"), tmp_path)
    with pytest.raises(ValueError, match=r"Got the types \['int', 'str'\]"):
        load(table.assign(finding=["benign", 1] * 3), tmp_path)


def test_labels_that_differ_in_case_or_blanks_only(table, tmp_path):
    table.loc[[0, 3], "finding"] = ["Benign", "benign "]
    with pytest.warns(DataQualityWarning, match="'Benign', 'benign', 'benign '"):
        load_image_table(table, **COLUMNS, folder=tmp_path)


# Groups, modality, view, data set


def test_without_groups_each_image_is_one_and_a_warning_states_it(table, tmp_path):
    options = {"image": "file", "label": "finding", "folder": tmp_path}
    with pytest.warns(DataQualityWarning, match="Each image is a group of its own"):
        clinic = load_image_table(table, **options)
    assert len(set(clinic.groups)) == 6
    table["box"] = "1,2,9,8"
    table.loc[1] = table.loc[0]
    table.loc[1, "box"] = "2,2,9,8"
    with pytest.warns(DataQualityWarning):
        clinic = load_image_table(table, **options, region="box")
    assert len(set(clinic.groups)) == 5


def test_groups_that_differ_in_blanks_only(table, tmp_path):
    table.loc[1, "patient"] = "007 "
    with pytest.warns(DataQualityWarning, match="The groups of rows 0 and 1"):
        load_image_table(table, **COLUMNS, folder=tmp_path)


def test_columns_of_modality_and_view(table, tmp_path):
    table["kind"] = ["US", "mammogram", "MG", "ultrasound", None, "Sonography"]
    table["pose"] = [None, "cc", " MLO", "medio-lateral oblique", " ", "ML"]
    data = load(table, tmp_path, modality="kind", view="pose").data
    assert data["modality"].tolist() == [
        "ultrasound",
        "mammography",
        "mammography",
        "ultrasound",
        None,
        "ultrasound",
    ]
    assert data["view"].tolist() == [None, "CC", "MLO", "MLO", None, "ML"]


def test_unknown_modality(table, tmp_path):
    with pytest.raises(ValueError, match=r"unknown value of 'kind' in rows 1, 3, 5"):
        load(table.assign(kind=["US", "MRI"] * 3), tmp_path, modality="kind")


def test_the_data_set_is_a_column(table, tmp_path, save):
    table["hospital"] = ["01", "01", "01", "2", "2", "2"]
    data = load(save(), dataset="hospital").data
    assert data["dataset"].tolist() == table["hospital"].tolist()
    with pytest.raises(ValueError, match="Got dataset='hopsital', but the columns"):
        load(table, tmp_path, dataset="hopsital")
    table.loc[[1, 4], "hospital"] = [None, " "]
    with pytest.raises(ValueError, match="no data set in rows 1, 4"):
        load(table, tmp_path, dataset="hospital")


def test_a_mistyped_modality_is_named_with_the_words_there_are(table, tmp_path):
    message = "to be 'mammography' or 'ultrasound' .* Got modality='ultrasond', but"
    with pytest.raises(ValueError, match=f"^Expected modality {message}"):
        load(table, tmp_path, modality="ultrasond")
    with pytest.raises(ValueError, match=r"\. Write modality='ultrasound'\.$"):
        load(table, tmp_path, modality="US")
    message = "name columns of .*, and modality to be 'mammography' or 'ultrasound'"
    with pytest.raises(ValueError, match=message):
        load(table, tmp_path, modality="ultrasond", group="who")


def test_numbers_of_patients_that_pandas_has_read_as_floats(table, tmp_path):
    numbers = pd.Series([7, 7.0, 12, "12", 13.5, 14], dtype=object)
    groups = load(table.assign(patient=numbers), tmp_path).groups
    assert groups.tolist() == ["7", "7", "12", "12", "13.5", "14"]


def test_the_description_counts_the_classes(save):
    text = load(save()).DESCR
    assert "Own images: clinic" in text
    assert "- Class 1, malignant: 2 images of 2 groups" in text


# Regions


def test_boxes_in_one_column_or_in_four(table, tmp_path):
    table["box"] = ["1,2,9,8", " ", "0, 0, 40, 30", "", "3.5,4,9.2,9", None]
    texts = ["1,2,9,8", None, "0,0,40,30", None, "3,4,10,9", None]
    assert load(table, tmp_path, region="box").data["region"].tolist() == texts
    edges = ["left", "top", "right", "bottom"]
    table[edges] = [[1, 2, 9, 8], [None] * 4, [0, 0, 40, 30]] * 2
    data = load(table, tmp_path, region=edges).data
    assert data["region"].tolist() == ["1,2,9,8", None, "0,0,40,30"] * 2
    lesions = data[data["region"].notna()]
    assert len(ImageSource(lesions, region="lesion", image_size=8)[:]) == 4


def test_four_columns_that_are_no_box(table, tmp_path):
    edges = ["left", "top", "right", "bottom"]
    table[edges] = [[1, 2, 9, 8], [None, 2, 9, 8], [9, 2, 1, 8]] * 2
    with pytest.raises(ValueError, match="no box of four edges in rows 1, 2, 4, 5"):
        load(table, tmp_path, region=edges)
    with pytest.raises(ValueError, match="Got 3 columns"):
        load(table, tmp_path, region=edges[:3])
    with pytest.raises(ValueError, match=r"region\[1\]='up', but the columns are"):
        load(table, tmp_path, region=["left", "up", "right", "bottom"])


@pytest.mark.parametrize(
    "names",
    [
        ("x", "y", "w", "h"),
        ("x", "y", "W", "H"),
        ("left", "top", "Width", "height"),
        ("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
        ("x", "y", "boxWidth", "boxHeight"),
    ],
)
def test_a_width_and_a_height_are_not_edges(table, tmp_path, names):
    """They may look like edges: these boxes have w > x and h > y."""
    names = list(names)
    table[names] = [1, 2, 9, 8]
    x, _, width, _ = names
    with pytest.raises(ValueError, match="look like a width and a height") as caught:
        load(table, tmp_path, region=names)
    assert f'table["x1"] = table["{x}"] + table["{width}"]' in str(caught.value)


def test_names_of_edges_that_end_in_w_or_h_are_accepted(table, tmp_path):
    names = ["west", "south", "xnew", "north"]
    table[names] = [1, 2, 9, 8]
    assert set(load(table, tmp_path, region=names).data["region"]) == {"1,2,9,8"}


def test_a_malformed_box_may_have_a_width_and_a_height(table, tmp_path):
    with pytest.raises(ValueError, match="If the boxes are x, y, width, height, comp"):
        load(table.assign(box="20,12,9,8"), tmp_path, region="box")


def test_new_images_with_boxes_are_predicted_without_a_table(table, tmp_path):
    clinic = load(table.assign(box="1,2,9,8"), tmp_path, region="box")
    features = CNNFeatureExtractor(
        "squeezenet1_1", weights=None, image_size=32, region="lesion"
    )
    model = make_pipeline(features, LogisticRegression())
    model.fit(clinic.data, clinic.target)
    files = clinic.data["image"].tolist()
    new = pd.DataFrame({"image": files, "region": ["1,2,9,8"] * 6})
    assert model.predict(new).tolist() == model.predict(clinic.data).tolist()
    with pytest.raises(ImageReadError, match="Row 1 of X: Expected the box"):
        model.predict(new.assign(region=["1,2,9,8", *[None] * 5]))


def test_boxes_beyond_the_edge(table, tmp_path):
    """The rule is that of the estimators: one pixel is rounding, more is an error."""
    rounded = ["-1,2,9,8", "0,0,41,31", None, None, None, None]
    data = load(table.assign(box=rounded), tmp_path, region="box").data
    assert data["region"].tolist() == rounded
    rows = data["region"].notna()
    assert len(ImageSource(data[rows], region="lesion", image_size=8)[:]) == 2
    wrong = ["-2,2,9,8", "0,0,42,30", "40,0,41,9", "0,0,9,8", None, "0,0,9,9e9"]
    with pytest.raises(ValueError) as caught:
        load(table.assign(box=wrong), tmp_path, region="box")
    assert "beyond the edge of its image in rows 0, 1, 2. Boxes" in str(caught.value)
    assert "neither a box nor the file of a mask in row 5." in str(caught.value)


def test_edges_without_end(table, tmp_path):
    edges = ["left", "top", "right", "bottom"]
    table[edges] = [[0, 0, 9, 9], [0, 0, np.inf, 9], [-np.inf, 0, 9, 9]] * 2
    with pytest.raises(ValueError, match="no box of four edges in rows 1, 2, 4, 5"):
        load(table, tmp_path, region=edges)


def save_mask(path, *boxes, size=(40, 30)):
    mask = np.zeros(size[::-1], np.uint8)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = 255
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(mask).save(path)
    return f"{path.parent.name}/{path.name}"


def test_masks_become_the_box_around_their_lesions(table, tmp_path):
    masks = tmp_path / "masks"
    one = save_mask(masks / "0.png", (4, 5, 20, 18))
    two = save_mask(masks / "1.png", (4, 5, 20, 18), (30, 20, 38, 28))
    table["mask"] = [one, two, None, "1,2,9,8", None, None]
    data = load(table, tmp_path, region="mask").data
    assert data["region"].tolist() == [
        "4,5,20,18",
        "4,5,38,28",
        None,
        "1,2,9,8",
        None,
        None,
    ]


def test_masks_beside_the_images_are_not_images_without_a_row(table, tmp_path):
    mask = save_mask(tmp_path / "pictures" / "0_mask.png", (4, 5, 20, 18))
    load(table.assign(mask=[mask, *[None] * 5]), tmp_path, region="mask")


def test_masks_that_cannot_be_used(table, tmp_path):
    masks = tmp_path / "masks"
    small = save_mask(masks / "small.png", (1, 1, 9, 9), size=(20, 15))
    (masks / "broken.png").write_bytes(b"no mask")
    table["mask"] = [small, "masks/broken.png", "masks/gone.png", None, None, None]
    with pytest.raises(ValueError) as caught:
        load(table, tmp_path, region="mask")
    for problem in (
        "neither a box nor the file of a mask in row 2",
        "a mask that cannot be read in row 1",
        "a mask of another size than its image in row 0",
    ):
        assert problem in str(caught.value)


def test_empty_masks_are_counted(table, tmp_path):
    empty = save_mask(tmp_path / "masks" / "empty.png")
    table["mask"] = [empty, *[None] * 5]
    with pytest.warns(DataQualityWarning, match="1 masks are empty.* row 0"):
        clinic = load_image_table(table, **COLUMNS, folder=tmp_path, region="mask")
    assert clinic.data["region"].isna().all()
