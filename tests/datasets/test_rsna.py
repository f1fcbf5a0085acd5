import shutil
from pathlib import Path

import pandas as pd
import pytest

from skfusion.datasets import load_rsna
from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError
from skfusion.images import ImageSource

CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset"]


def test_rows_are_those_of_the_table(rsna_folder):
    rsna = load_rsna(rsna_folder)
    table = pd.read_csv(rsna_folder / "train.csv")
    stems = [int(Path(image).stem) for image in rsna.data["image"]]
    assert stems == table["image_id"].tolist()
    assert rsna.target.tolist() == table["cancer"].tolist()
    assert rsna.groups.tolist() == table["patient_id"].astype(str).tolist()
    assert rsna.data["view"].tolist() == table["view"].tolist()
    assert rsna.data["laterality"].tolist() == table["laterality"].tolist()


def test_leaking_columns_are_in_frame_only(rsna_folder):
    rsna = load_rsna(rsna_folder)
    table = pd.read_csv(rsna_folder / "train.csv")
    assert rsna.data.columns.tolist() == [*CONTRACT, "inverted"]
    assert set(table.columns) < set(rsna.frame.columns)
    assert rsna.frame["age"].isna().sum() == 3


def test_class_zero_is_not_called_benign(rsna_folder):
    rsna = load_rsna(rsna_folder)
    assert rsna.target_names == ["no cancer (mostly normal)", "cancer"]


def test_biopsied_negatives_are_the_benign_findings(rsna_folder):
    rsna = load_rsna(rsna_folder, negatives="biopsied")
    assert rsna.frame["patient_id"].tolist() == [49, 72]
    assert rsna.target.tolist() == [0, 1]
    assert rsna.target_names[0] == "benign (biopsied, no cancer)"
    assert rsna.data.index.tolist() == [0, 1]


def test_negatives_of_two_machines_are_marked(rsna_folder):
    rsna = load_rsna(rsna_folder)
    marked = rsna.frame.loc[rsna.data["inverted"], "machine_id"]
    assert marked.tolist() == [29, 29, 29]  # and not the bright one of machine 216


def test_marked_images_are_read_with_dark_borders(rsna_folder):
    data = load_rsna(rsna_folder).data
    of_machine_29 = ImageSource(data)[data.index[data["inverted"]]]
    assert of_machine_29[:, 0].max() < 0.2


def test_machine_is_judged_by_most_of_its_images(rsna_folder, save_image):
    breast_fills_it = rsna_folder / "train_images/45/310190625.jpg"
    save_image(breast_fills_it, bright=False)
    assert load_rsna(rsna_folder).data["inverted"].sum() == 3


def test_right_conversions_are_left_alone(rsna_folder, save_image):
    for image in (rsna_folder / "train_images/45").iterdir():
        save_image(image, bright=False)
    assert load_rsna(rsna_folder).data.columns.tolist() == CONTRACT


def test_polarity_can_be_left_alone(rsna_folder):
    data = load_rsna(rsna_folder, correct_polarity=False).data
    assert data.columns.tolist() == CONTRACT


def test_dicom_is_not_marked_and_comes_first(rsna_folder):
    folder = rsna_folder / "train_images/45"
    for image in list(folder.iterdir()):
        image.with_suffix(".dcm").write_bytes(b"not read when loading")
    data = load_rsna(rsna_folder).data
    assert data.columns.tolist() == CONTRACT
    assert data.loc[data["group"] == "45", "image"].str.endswith(".dcm").all()


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".jpeg"])
def test_other_formats(rsna_folder, suffix):
    for image in rsna_folder.glob("train_images/*/*.jpg"):
        image.rename(image.with_suffix(suffix))
    assert load_rsna(rsna_folder, correct_polarity=False).data.shape == (7, 6)


def test_folder_around_it(rsna_folder):
    assert len(load_rsna(str(rsna_folder.parent)).data) == 7


def test_missing_images_are_counted(rsna_folder):
    shutil.rmtree(rsna_folder / "train_images/5")
    with pytest.warns(DataQualityWarning, match=r"left out: 2 \(row") as caught:
        rsna = load_rsna(rsna_folder)
    assert len(rsna.data) == len(rsna.target) == 5
    assert Path(caught[0].filename).name == Path(__file__).name


def test_images_in_no_row_are_counted_and_not_named(rsna_folder):
    folder = rsna_folder / "train_images"
    shutil.copytree(folder / "5", folder / "905")
    with pytest.warns(
        DataQualityWarning, match=r"Images without a row.*: 2\.$"
    ) as caught:
        load_rsna(rsna_folder)
    assert len(caught) == 1


def test_no_image_at_all(rsna_folder):
    shutil.rmtree(rsna_folder / "train_images")
    with pytest.raises(DatasetNotFoundError, match="none of those that the 7"):
        load_rsna(rsna_folder)


def test_no_data_set_says_how_to_get_it(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"train\.csv.*kaggle\.com") as error:
        load_rsna(tmp_path / "patients" / "nowhere")
    assert "patients" not in str(error.value)


def test_table_without_a_column(rsna_folder):
    file = rsna_folder / "train.csv"
    pd.read_csv(file).drop(columns="cancer").to_csv(file, index=False)
    with pytest.raises(ValueError, match=r"'train\.csv'.*without \['cancer'\]"):
        load_rsna(rsna_folder)


def test_return_x_y(rsna_folder):
    X, y = load_rsna(rsna_folder, return_X_y=True)
    assert len(X) == len(y) == 7


def test_wrong_negatives(rsna_folder):
    with pytest.raises(ValueError, match="'negatives' parameter of load_rsna must be"):
        load_rsna(rsna_folder, negatives="benign")


@pytest.mark.slow
def test_real_counts(data_folder):
    rsna = load_rsna(data_folder)
    assert len(rsna.data) == 2329
    assert rsna.target.sum() == 796
    assert len(set(rsna.groups)) == 662
    assert rsna.data["inverted"].sum() == 381
    machines = rsna.frame.loc[rsna.data["inverted"], "machine_id"]
    assert set(machines) == {29, 210}


@pytest.mark.slow
def test_real_biopsied_negatives(data_folder):
    rsna = load_rsna(data_folder, negatives="biopsied")
    assert (rsna.target == 0).sum() == 44
    assert rsna.target.sum() == 796
