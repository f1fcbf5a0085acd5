"""Shortcut probes: planted faults are flagged, noise is not, real ones are reported."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.audit._measure import measure_images
from skfusion.audit._probe_area import N_FOLDS, area_under_curve, make_table_model
from skfusion.audit._probe_columns import as_features, is_source, split_columns
from skfusion.audit._probes import probe_shortcuts
from skfusion.datasets import (
    load_bus_uclm,
    load_rsna,
    make_breast_images,
)
from skfusion.metrics import classification_summary

IMAGE_PROBES = ["border", "size and aspect", "five statistics", "thumbnail"]


def draw_noise(seed, n_samples=160):
    """Images, a table and labels that have nothing to do with each other."""
    breast = make_breast_images(
        n_samples, image_size=32, class_sep=0, n_views=2, random_state=seed
    )
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "site": rng.choice(["north", "south", None], n_samples),
            "age": rng.integers(40, 80, n_samples).astype(float),
            "image_id": np.arange(n_samples),
            "target": breast.target,
        }
    )
    return breast, frame


def probe(images, breast, frame=None):
    measurements = measure_images(images)[1]
    return probe_shortcuts(measurements, frame, breast.target, breast.groups)


def flagged(probes):
    return set(probes.loc[probes["flagged"], "probe"])


def most_malignant(breast, seed):
    """Choose 80 % of the rows of the class 1, and 5 % of the others."""
    draws = np.random.default_rng(seed).random(len(breast.target))
    return draws < np.where(breast.target == 1, 0.8, 0.05)


def mark_corner(images, rows):
    images[np.flatnonzero(rows), :3, -8:] = 255
    return images


def invert(images, rows):
    images[rows] = 255 - images[rows]
    return images


def brighten(images, rows):
    images[rows] = np.minimum(images[rows].astype(int) + 60, 255)
    return images


def check_planted_faults(seed):
    breast, frame = draw_noise(seed)
    rows = most_malignant(breast, seed)
    for plant, expected in (
        (mark_corner, {"border", "thumbnail"}),
        (invert, {"border", "five statistics", "thumbnail"}),
        (brighten, {"five statistics"}),
    ):
        images = plant(breast.images.copy(), rows)
        assert flagged(probe(images, breast)) >= expected, plant.__name__
    leak = frame.assign(site=np.where(rows, "north", "south"))
    probes = probe_shortcuts(None, leak, breast.target, breast.groups)
    assert flagged(probes) == {"column site", "all columns", "data set or machine"}


@pytest.mark.parametrize("seed", range(2))
def test_planted_faults_are_flagged(seed):
    check_planted_faults(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 50))
def test_planted_faults_are_flagged_whatever_the_seed(seed):
    check_planted_faults(seed)


def test_files_of_another_size_are_flagged(tmp_path):
    breast, _ = draw_noise(0, n_samples=80)
    rows = most_malignant(breast, 0)
    paths = [str(tmp_path / f"{i}.png") for i in range(80)]
    for path, image, is_larger in zip(paths, breast.images, rows, strict=True):
        side = 40 if is_larger else 32
        Image.fromarray(image).resize((side, side)).save(path)
    assert "size and aspect" in flagged(probe(paths, breast))


@pytest.mark.parametrize("seed", range(2))
def test_noise_is_not_flagged(seed):
    breast, frame = draw_noise(seed)
    probes = probe(breast.images, breast, frame)
    assert not flagged(probes)
    probes = probes.set_index("probe")
    assert probes.loc["size and aspect", "note"].endswith("the same in every image.")
    areas = probes.loc[IMAGE_PROBES, "auc"].drop("size and aspect")
    assert areas.between(0.3, 0.7).all()


def test_a_probe_has_to_be_flagged_with_several_draws_of_the_folds():
    breast, frame = draw_noise(8, n_samples=400)  # with one draw, its age is flagged
    probes = probe_shortcuts(None, frame, breast.target, breast.groups)
    assert not flagged(probes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 50))
def test_noise_is_not_flagged_whatever_the_seed(seed):
    breast, frame = draw_noise(seed, n_samples=400)
    assert not flagged(probe(breast.images, breast, frame))


def test_area_and_interval_are_those_of_the_summary():
    rng = np.random.default_rng(0)
    y, groups = rng.integers(0, 2, 120), rng.integers(0, 40, 120)
    features = pd.DataFrame({"score": y + rng.normal(size=120)})

    class Given:
        """The scores without a model, and the folds in which they are predicted."""

        folds = np.zeros(120)

        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict_proba(self, X):
            Given.folds[X.index] = Given.folds.max() + 1
            return np.column_stack([-X["score"], X["score"]])

    found = area_under_curve(
        Given(), features, y, groups, confidence_level=0.9, random_state=0
    )
    summary = classification_summary(
        y,
        y,
        y_score=features["score"],
        groups=groups,
        folds=Given.folds,
        n_resamples=300,
        confidence_level=0.9,
    )
    np.testing.assert_allclose(found, summary.loc["AUC"], rtol=1e-9)


def test_groups_do_not_cross_folds():
    groups = np.repeat(np.arange(60), 4)
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)[groups]
    features = pd.DataFrame(rng.normal(size=(60, 5))[groups])
    options = {"confidence_level": 0.95, "random_state": 0}
    grouped = area_under_curve(make_table_model(), features, y, groups, **options)
    leaky = area_under_curve(
        make_table_model(), features, y, np.arange(len(y)), **options
    )
    assert grouped[0] < 0.65 < 0.8 < leaky[0]


def test_three_classes_are_each_against_the_others():
    rng = np.random.default_rng(0)
    y = rng.choice(["benign", "malignant", "normal"], 240)
    frame = pd.DataFrame(
        {
            "calipers": (y != "normal") & (rng.random(240) < 0.8),
            "noise": rng.random(240),
        }
    )
    probes = probe_shortcuts(None, frame, y).set_index("probe")
    assert 0.6 < probes.loc["column calipers", "auc"] < 0.9
    assert probes["flagged"].to_dict() == {
        "column calipers": True,
        "column noise": False,
        "all columns": True,
    }


def test_a_rare_class_has_a_reason_and_no_value():
    y = np.repeat([0, 1], [36, 4])
    probes = probe_shortcuts(None, pd.DataFrame({"age": np.arange(40.0)}), y)
    assert probes["auc"].isna().all()
    assert not probes["flagged"].any()
    assert probes["note"][0] == (
        f"No value: {N_FOLDS} folds need {N_FOLDS} groups of each class. The class 1 "
        "has 4."
    )


def test_one_class_has_a_reason_and_no_value():
    probes = probe_shortcuts(None, pd.DataFrame({"age": np.arange(9.0)}), np.ones(9))
    assert probes["note"][0] == "No value: fewer than two classes."


def test_images_that_cannot_be_read_are_left_out():
    breast, _ = draw_noise(0)
    measurements = measure_images(breast.images)[1]
    measurements.loc[:9, measurements.columns != "problem"] = np.nan
    probes = probe_shortcuts(measurements, None, breast.target, breast.groups)
    assert set(probes["n"]) == {150}
    assert set(probes["n_groups"]) == {75}


def test_columns_are_left_out_for_a_reason():
    frame = pd.DataFrame(
        {
            "image": [f"{i}.png" for i in range(6)],
            "group": ["a", "a", "b", "b", "c", "c"],
            "patient_id": [1, 1, 2, 2, 3, 3],
            "image_id": range(6),
            "masks": ["0_mask.png", "1_mask.png", "", "", "", ""],
            "region": ["0,0,9,9", "1,1,8,8", None, None, None, None],
            "modality": "ultrasound",
            "pathology": ["B", "M"] * 3,
            "BIRADS": [2, 4, 4, 5, 3, 4],
            "age": [51.5, 51.5, 47.0, 47.0, 63.0, 63.0],
        }
    )
    used, left_out = split_columns(frame, [0, 1] * 3, frame["group"])
    assert used == ["BIRADS", "age"]
    assert left_out == {
        "image": "the image",
        "group": "the patient or group",
        "patient_id": "another value in every group",
        "image_id": "another value in every row",
        "masks": "names of files",
        "region": "the box of the lesion",
        "modality": "one value in every row",
        "pathology": "the label itself",
    }


def test_birads_from_which_the_label_is_made_is_the_label():
    frame = pd.DataFrame({"breast_birads": ["BI-RADS 1", "BI-RADS 4"] * 4})
    assert split_columns(frame, [0, 1] * 4, range(8))[1] == {
        "breast_birads": "the label itself"
    }
    assert split_columns(frame, [0, 1, 1, 0] * 2, range(8))[0] == ["breast_birads"]


def test_a_missing_value_is_information():
    y = np.repeat([0, 1], 40)
    frame = pd.DataFrame({"density": np.where(y, None, "B")})
    probes = probe_shortcuts(None, frame, y)
    assert flagged(probes) == {"column density"}
    assert probes["auc"].eq(1).all()


def test_rare_categories_are_pooled():
    values = [f"word{i}" for i in range(300)] + [f"word{i}" for i in range(150)]
    categories = as_features(pd.DataFrame({"text": values}))["text"]
    assert len(categories.cat.categories) == 201
    assert categories[0] == "word0"


def test_sources_have_the_names_of_the_publishers():
    names = ["dataset", "machine_id", "Device", "site_id", "density"]
    assert list(map(is_source, names)) == [True, True, True, True, False]


def test_the_index_of_the_table_does_not_matter():
    breast, frame = draw_noise(0, n_samples=60)
    arguments = breast.target, breast.groups
    shuffled = frame.set_index(np.arange(60)[::-1])
    expected = probe_shortcuts(None, frame, *arguments)
    pd.testing.assert_frame_equal(probe_shortcuts(None, shuffled, *arguments), expected)


@pytest.mark.slow
def test_rsna_is_predicted_by_birads_and_density(data_folder):
    rsna = load_rsna(data_folder)
    probes = probe_shortcuts(None, rsna.frame, rsna.target, rsna.groups)
    probes = probes.set_index("probe")
    row = probes.loc["BI-RADS and density"]
    assert row["flagged"]
    assert row["auc"] == pytest.approx(0.84, abs=0.02)
    assert probes.loc["column cancer", "note"] == "Left out: the label itself."


@pytest.mark.slow
def test_bus_uclm_is_predicted_by_calipers(data_folder):
    uclm = load_bus_uclm(data_folder, normal="benign")
    probes = probe_shortcuts(None, uclm.frame, uclm.target, uclm.groups)
    assert "column Marks" in flagged(probes)
