import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.utils import Bunch

from skfusion.audit import audit_dataset
from skfusion.datasets import load_bus_uclm, load_rsna, make_breast_images


def rows_by_kind(audit):
    return {kind: set(part["row"]) for kind, part in audit.findings.groupby("kind")}


def check_clean(breast):
    audit = audit_dataset(breast, probes=False)
    assert audit.findings.empty, audit
    assert len(set(audit.families)) == audit.n_images


def check_planted(breast, plant, seed):
    faults = plant(breast, seed)
    found = rows_by_kind(audit_dataset(breast, probes=False))
    faulty = set().union(*faults.values())
    assert {
        kind: found.get(kind, set()) & rows for kind, rows in faults.items()
    } == faults
    # A change may cause a second finding in its image: "marks" in that with the red
    # patch (seed 31), which leaves a thin bright strip of the breast beside it.
    assert set().union(*found.values()) == faulty


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_found_on_clean_images(make_clean, seed):
    check_clean(make_clean(seed))


@pytest.mark.parametrize("seed", range(3))
def test_all_planted_faults_are_found_and_nothing_else(make_clean, plant, seed):
    check_planted(make_clean(seed), plant, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_fifty_clean_and_faulty_sets(make_clean, plant, seed):
    breast = make_clean(seed)
    check_clean(breast)
    check_planted(breast, plant, seed)


def test_the_column_inverted_makes_inverted_images_a_note(make_clean, plant):
    breast = make_clean(0)
    rows = sorted(plant(breast, 0)["inverted polarity"])
    breast.data["inverted"] = False
    breast.data.loc[rows, "inverted"] = True
    findings = audit_dataset(breast, probes=False).findings
    assert "inverted polarity" not in set(findings["kind"])
    found = findings[findings["kind"] == "corrected polarity"]
    assert found["row"].tolist() == rows
    assert set(found["severity"]) == {"note"}


def test_a_column_inverted_that_is_wrong_is_found(make_clean):
    breast = make_clean(0)
    row = int(np.argmax(breast.data["modality"] == "mammography"))
    breast.data["inverted"] = np.arange(len(breast.data)) == row
    findings = audit_dataset(breast, probes=False).findings
    assert findings[["kind", "row", "severity"]].to_numpy().tolist() == [
        ["inverted polarity", row, "warning"]
    ]


def test_families_join_a_chain_of_copies():
    breast = make_breast_images(20, random_state=0)
    breast.data[4] = breast.data[2]
    breast.data[9] = breast.data[2][::-1]
    families = audit_dataset(breast, probes=False).families
    assert families[2] == families[4] == families[9]
    assert len(set(families)) == 18


@pytest.mark.parametrize("form", [list, np.asarray, pd.Series, pd.DataFrame])
def test_any_form_of_paths(make_clean, form):
    paths = make_clean(0).data["image"].tolist()
    paths[3] = paths[1]
    audit = audit_dataset(form(paths))
    assert rows_by_kind(audit) == {"exact duplicate": {1, 3}}
    assert audit.probes is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_pixels_of_any_depth(dtype):
    images = make_breast_images(12, random_state=0).images.astype(dtype)
    images = images * dtype(1 if dtype == np.uint8 else 257)
    images[5] = images[2]
    assert rows_by_kind(audit_dataset(images)) == {"exact duplicate": {2, 5}}


def test_a_missing_path_is_a_finding(make_clean):
    data = make_clean(0).data
    data.loc[4, "image"] = None
    assert rows_by_kind(audit_dataset(data)) == {"missing file": {4}}


def test_equal_images_are_no_near_duplicates():
    breast = make_breast_images(12, random_state=0)
    breast.data[[5, 8]] = breast.data[2]
    findings = audit_dataset(breast, probes=False).findings
    rows = findings.groupby("kind")["row"].apply(list)
    assert "near-duplicate" not in rows
    assert rows["exact duplicate"] == rows["two groups"] == [2, 5, 8]


def test_pixels_that_are_no_numbers_are_a_finding():
    images = make_breast_images(12, random_state=0).images / 255
    images[4, 0, 0], images[7, 3, 3] = np.nan, np.inf
    audit = audit_dataset(images)
    assert rows_by_kind(audit) == {"unreadable file": {4, 7}}
    assert audit.findings["detail"][0] == "some pixels are not finite numbers"


def test_details_do_not_name_files(tmp_path):
    broken = tmp_path / "smith.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    findings = audit_dataset([broken, tmp_path / "jones.png"]).findings
    details = findings.set_index("kind")["detail"]
    assert details["missing file"] == "the file does not exist"
    assert details["unreadable file"].startswith("UnidentifiedImageError: ")
    assert not details.str.contains("smith|jones").any()


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((4, 20)),
        [np.zeros((4, 4)), np.zeros((5, 4))],
        {"data": np.zeros((4, 8, 8))},
        "a.png",
        Bunch(target=[0, 1]),
    ],
)
def test_what_is_no_image_is_refused(X):
    with pytest.raises(ValueError, match=r"Expected .* images"):
        audit_dataset(X)


def test_two_columns_of_one_name_are_refused(make_clean):
    data = make_clean(0).data
    twice = pd.concat([data, data[["view"]]], axis=1)
    with pytest.raises(ValueError, match="Got 'view' twice"):
        audit_dataset(twice)


@pytest.mark.parametrize(
    ("y", "problem"), [([0, 1, None], "row 2"), ([0.1, 0.2, 0.4], "continuous")]
)
def test_labels_that_are_no_classes_are_refused(y, problem):
    with pytest.raises(ValueError, match=problem):
        audit_dataset(np.zeros((3, 8, 8)), y)


def test_a_box_may_go_beyond_its_image_by_a_pixel_as_in_reading(make_clean):
    data = make_clean(0).data.assign(region=None)
    data["region"] = ["0,0,97,97", "-1,0,5,5", "0,0,5,98", "word"] + [None] * 44
    assert rows_by_kind(audit_dataset(data)) == {"box outside": {2, 3}}


def test_copies_do_not_cross_the_folds_of_the_probes():
    breast = make_breast_images(40, random_state=0)
    images, y = np.tile(breast.images, (2, 1, 1)), np.tile(breast.target, 2)
    probes = audit_dataset(images, y, random_state=0).probes
    assert set(probes["n_groups"]) == {40}


def test_no_image_at_all_is_refused():
    with pytest.raises(ValueError, match="at least 1 image"):
        audit_dataset(np.zeros((0, 8, 8)))


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        audit_dataset(np.zeros((4, 8, 8)), y=[0, 1])


def test_a_drawing_that_all_images_share_is_a_note():
    images = make_breast_images(30, image_size=96, random_state=0).images
    images = np.repeat(images[..., np.newaxis], 3, axis=3)
    images[:, 80:90, 80:90] = [240, 230, 20]
    images[7, 20:30, 20:30] = [240, 230, 20]
    findings = audit_dataset(images).findings
    by_kind = findings.groupby("kind")["row"].apply(list).to_dict()
    assert by_kind == {"marks": [7], "shared overlay": list(range(30))}


def test_probes_find_a_border_that_depends_on_the_label():
    breast = make_breast_images(60, random_state=0)
    breast.data[breast.target == 1, :3] = 200
    audit = audit_dataset(breast.data, breast.target, random_state=0)
    probes = audit.probes.set_index("probe")
    assert probes.loc["border", "flagged"]
    assert probes.loc["border", "auc"] > 0.9


def test_columns_from_which_a_bunch_was_made_are_not_probed():
    breast = make_breast_images(30, image_size=32, random_state=0)
    breast.data[:] = 0  # only columns have a value
    finding = np.where(breast.target, "cancer", "cyst")
    breast.frame = pd.DataFrame({"finding": finding, "box_width": breast.target * 9.5})
    breast.label_column, breast.used_columns = "finding", ["box_width"]
    probes = audit_dataset(breast).probes.set_index("probe")
    assert probes.loc[["column finding", "column box_width"], "note"].tolist() == [
        "Left out: the label itself.",
        "Left out: in the columns of X already.",
    ]
    assert "all columns" not in probes.index


def test_two_calls_compute_the_same_probes():
    breast = make_breast_images(30, image_size=32, random_state=0)
    breast.data[:] = 0  # only columns have a value
    breast.frame = pd.DataFrame({"age": np.arange(30) % 7 + 0.5})
    first, second = (audit_dataset(breast).probes for _ in "ab")
    pd.testing.assert_frame_equal(first, second)


def test_a_report_is_pickled(make_clean, plant):
    breast = make_clean(0)
    plant(breast, 0)
    audit = audit_dataset(breast, probes=False)
    again = pickle.loads(pickle.dumps(audit))
    assert repr(again) == repr(audit)


def test_a_large_image_and_a_tiny_one(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (2000, 1500), dtype=np.uint8)
    for name, image in (("large", noise), ("tiny", noise[:1, :2])):
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    audit = audit_dataset([str(tmp_path / "large.png"), str(tmp_path / "tiny.png")])
    assert audit.n_images == 2


@pytest.mark.slow
def test_inverted_images_of_rsna():
    rsna = load_rsna(os.environ["SKFUSION_DATA"])
    findings = audit_dataset(rsna, probes=False).findings
    is_bright = findings["kind"].str.endswith("polarity")
    is_bright &= ~findings["detail"].str.startswith("marked")
    bright = findings.loc[is_bright, "row"]
    is_inverted = rsna.frame["machine_id"].isin([29, 210]).to_numpy()
    assert is_inverted[bright].sum() >= 378
    assert (~is_inverted[bright]).sum() <= 2


@pytest.mark.slow
def test_marks_of_bus_uclm():
    uclm = load_bus_uclm(os.environ["SKFUSION_DATA"], normal="benign")
    findings = audit_dataset(uclm, probes=False).findings
    for kind, column, sensitivity in (
        ("marks", "Marks", 0.8),
        ("colour", "Doppler", 0.9),
    ):
        found = np.zeros(len(uclm.target), dtype=bool)
        found[findings.loc[findings["kind"] == kind, "row"]] = True
        truth = uclm.frame[column].to_numpy()
        drawn = truth | uclm.frame["Doppler"].to_numpy()
        assert found[truth].mean() > sensitivity
        assert found[~drawn].mean() < 0.05


@pytest.mark.parametrize("data", ["folder", Path("folder"), [0, 2, 5]])
def test_neither_a_folder_nor_indices_are_a_data_set(data):
    with pytest.raises(ValueError, match=r"data .*images.*(scan_images|X\.iloc)"):
        audit_dataset(data)
