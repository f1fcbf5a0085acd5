import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from PIL import Image
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion.exceptions import DataQualityWarning, ImageReadError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import DecisionFusionClassifier
from skfusion.images import ImageSource, read_image
from skfusion.preprocessing import (
    ContrastEqualizer,
    LateralityFlipper,
    OverlayRemover,
    _contrast,
)

STEPS = [
    ContrastEqualizer,
    LateralityFlipper,
    OverlayRemover,
]


def mammogram(side="left", lesion=(20, 30)):
    """A breast with a gradient at one side, a bright lesion and a label."""
    image = np.zeros((96, 128), dtype=np.uint8)
    rows, columns = np.mgrid[:96, :128]
    breast = ((rows - 48) / 36) ** 2 + (columns / 60) ** 2 < 1
    image[breast] = 80 + rows[breast]
    top, left = lesion
    image[top : top + 10, left : left + 10] = 250
    image[5:9, 110:120] = 255
    return image if side == "left" else image[:, ::-1].copy()


def numbered(number, image):
    """The image with a number in its first pixel, so that files differ."""
    image = image.copy()
    image[0, 0] = number
    return image


def ultrasound():
    noise = np.random.default_rng(0).uniform(60, 90, size=(96, 128))
    return np.stack([noise.astype(np.uint8)] * 3, axis=-1)


def save(folder, **images):
    """Write images and return their table."""
    folder.mkdir(exist_ok=True)
    for name, image in images.items():
        Image.fromarray(image).save(folder / f"{name}.png")
    paths = [str(folder / f"{name}.png") for name in images]
    return pd.DataFrame({"image": paths, "group": list(images)})


def pixels(table, row=0):
    return np.asarray(Image.open(table["image"].iloc[row]))


def crop(image, region):
    x0, y0, x1, y1 = map(int, region.split(","))
    return image[y0:y1, x0:x1]


# One class at a time: what it does


def test_flipper_turns_every_breast_to_the_right():
    X = np.stack([mammogram(), mammogram("right")])
    flipped = LateralityFlipper().fit_transform(X)
    assert np.array_equal(flipped[0], X[0])
    assert np.array_equal(flipped[1], X[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, int])
def test_an_array_keeps_its_dtype_and_values(dtype):
    top = np.iinfo(dtype).max if dtype in (np.uint8, np.uint16) else 1000
    X = (mammogram("right") / 255 * top).astype(dtype)[np.newaxis]
    flipped = LateralityFlipper().fit_transform(X)
    assert flipped.dtype == dtype
    assert np.array_equal(flipped, X[..., ::-1])


def test_overlays_are_filled_from_their_surroundings():
    clean = ultrasound()
    marked = clean.copy()
    marked[40, 50:61] = marked[35:46, 55] = (250, 240, 60)
    marked[70:80, 30] = marked[70:80, 36] = 255
    after = OverlayRemover().fit_transform(np.stack([marked, clean]))
    assert after.max() <= 95
    assert np.array_equal(after[1], clean)
    changed = (after[0] != marked).any(axis=-1)
    assert changed.mean() < 0.05


def test_overlays_of_files_are_found_by_their_colour(tmp_path):
    marked = ultrasound()
    marked[40:43, 50:61] = (20, 60, 160)  # no brighter than the tissue
    X = save(tmp_path / "in", a=marked)
    after = pixels(OverlayRemover(folder=tmp_path).fit_transform(X))
    assert np.abs(after[40:43, 50:61].mean() - 75) < 6
    assert pixels(X).max() == 160


def test_contrast_is_spread():
    X = (100 + mammogram() // 16)[np.newaxis]
    after = ContrastEqualizer().fit_transform(X)
    assert np.ptp(after) > 3 * np.ptp(X)
    more = ContrastEqualizer(clip_limit=0.1).fit_transform(X)
    assert more.std() > after.std()


def test_contrast_needs_scikit_image(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage.exposure", None)
    with pytest.raises(ImportError, match=r'"skfusion\[contrast\]"'):
        ContrastEqualizer().fit_transform(mammogram()[np.newaxis])


@pytest.mark.parametrize("level", [0, 100, 255])
def test_contrast_of_a_constant_image_is_not_changed(level):
    X = np.full((1, 32, 32, 3), level, dtype=np.uint8)
    X[..., 2] = 90
    assert np.array_equal(ContrastEqualizer().fit_transform(X), X)


def test_contrast_of_half_precision_is_that_of_single_precision():
    X = (mammogram() / 256).astype(np.float16)[np.newaxis]
    after = ContrastEqualizer().fit_transform(X)
    assert after.dtype == np.float16
    single = ContrastEqualizer().fit_transform(X.astype(np.float32))
    assert np.allclose(after, single, atol=1e-3)


def test_marks_are_found_in_inverted_files_of_any_mode(tmp_path):
    marked = ultrasound()
    marked[35:46, 55] = marked[40, 50:61] = 255
    X = save(tmp_path / "in", grey=255 - marked[..., 0], colour=255 - marked)
    after = OverlayRemover(folder=tmp_path).fit_transform(X.assign(inverted=True))
    assert pixels(after, 0).max() <= 95
    assert np.array_equal(pixels(after, 0), pixels(after, 1))


@pytest.mark.parametrize("step", [ContrastEqualizer, OverlayRemover])
def test_numbers_far_beyond_1_are_warned_of(step):
    X = mammogram()[np.newaxis].astype(float)
    with pytest.warns(DataQualityWarning, match=r"expects numbers in \[0, 1\]"):
        step().fit_transform(X)


def test_advice_about_flattened_images_can_be_followed():
    X = np.random.default_rng(0).random((2, 100))
    with pytest.warns(DataQualityWarning, match=r"\(n_samples, height, width\)") as w:
        ContrastEqualizer().fit(X)
    assert "image_shape" not in str(w[0].message)


# What no image may change


def test_images_without_a_breast_are_counted_in_one_warning(tmp_path):
    blank = np.full((40, 40), 7, dtype=np.uint8)
    X = save(tmp_path / "in", a=blank, b=mammogram(), c=blank + 1)
    with pytest.warns(DataQualityWarning, match=r"2 of 3 .* row 0 of X") as caught:
        after = LateralityFlipper(folder=tmp_path).fit_transform(X)
    assert len(caught) == 1
    assert np.array_equal(pixels(after), blank)
    assert str(tmp_path) not in str(caught[0].message)


@pytest.mark.parametrize("shape", [(3, 20, 30), (3, 20, 30, 1), (3, 20, 30, 3), (3, 9)])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.filterwarnings("ignore::skfusion.exceptions.DataQualityWarning")
def test_an_array_keeps_its_shape_and_is_not_changed(step, shape):
    X = np.random.default_rng(0).random(shape)
    before = X.copy()
    assert step().fit_transform(X).shape == shape
    assert np.array_equal(X, before)


@pytest.mark.parametrize("step", STEPS)
def test_files_and_arrays_agree(step, tmp_path):
    image = ultrasound()[..., 0] if step is OverlayRemover else mammogram("right")
    table = step(folder=tmp_path).fit_transform(save(tmp_path / "in", a=image))
    array = step().fit_transform(image[np.newaxis])
    assert np.abs(pixels(table).astype(int) - array[0]).max() <= 1
    assert Image.open(table["image"].iloc[0]).mode == "L"


# Columns of paths


@pytest.mark.parametrize("step", STEPS)
def test_a_table_keeps_its_columns_its_index_and_its_originals(step, tmp_path):
    X = save(tmp_path / "in", a=mammogram(), b=mammogram("right"))
    X.index = [7, 3]
    before, files = X.copy(), [Path(path).read_bytes() for path in X["image"]]
    after = step(folder=tmp_path / "out").fit_transform(X)
    pd.testing.assert_frame_equal(X, before)
    pd.testing.assert_frame_equal(after.drop(columns="image"), X[["group"]])
    assert [Path(path).read_bytes() for path in X["image"]] == files
    assert {Path(path).parent for path in after["image"]} == {tmp_path / "out"}


@pytest.mark.parametrize(
    "form",
    [list, tuple, np.array, pd.Series, lambda paths: np.array(paths)[:, np.newaxis]],
)
def test_every_form_of_paths_becomes_a_table(form, tmp_path):
    X = save(tmp_path / "in", a=mammogram(), b=mammogram("right"))["image"]
    after = LateralityFlipper(folder=tmp_path).fit_transform(form(X.to_list()))
    assert np.array_equal(pixels(after, 0), pixels(after, 1))


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_region_moves_with_its_pixels(side, tmp_path):
    left = 30 if side == "left" else 128 - 40
    X = save(tmp_path / "in", a=mammogram(side), b=mammogram(side))
    X["region"] = [f"{left},20,{left + 10},30", None]
    after = LateralityFlipper(folder=tmp_path).fit_transform(X)
    assert (crop(pixels(X), X["region"].iloc[0]) == 250).all()
    assert (crop(pixels(after), after["region"].iloc[0]) == 250).all()
    assert pd.isna(after["region"].iloc[1])


def test_steps_follow_each_other_and_the_region_follows_them(tmp_path):
    X = save(tmp_path / "in", a=255 - mammogram("right"))
    X = X.assign(region="88,20,98,30", inverted=True)
    steps = [LateralityFlipper(folder=tmp_path), ContrastEqualizer(folder=tmp_path)]
    flipped = steps[0].fit_transform(X)
    assert np.array_equal(pixels(flipped), mammogram())
    both = make_pipeline(*steps).fit_transform(X)
    assert both["region"].tolist() == flipped["region"].tolist() == ["30,20,40,30"]


@pytest.mark.parametrize("step", STEPS)
def test_inverted_files_are_written_the_right_way(step, tmp_path):
    image = mammogram()
    X = save(tmp_path / "in", a=255 - image, b=image)
    X["inverted"] = [True, False]
    after = step(folder=tmp_path).fit_transform(X)
    assert not after["inverted"].any()
    assert after["inverted"].dtype == bool
    assert np.abs(pixels(after, 0).astype(int) - pixels(after, 1)).max() <= 1


def test_rows_of_another_modality_are_not_changed(tmp_path):
    X = save(tmp_path / "in", a=mammogram("right"), b=mammogram("right"))
    X = X.assign(modality=["ultrasound", "mammography"], inverted=[True, False])
    after = LateralityFlipper(folder=tmp_path).fit_transform(X)
    assert after["image"].iloc[0] == X["image"].iloc[0]
    assert after["inverted"].tolist() == [True, False]
    assert np.array_equal(pixels(after, 1), mammogram())


@pytest.mark.parametrize("values", [None, [None, "mammography"]])
def test_rows_without_a_modality_are_cleaned(values, tmp_path):
    X = save(tmp_path / "in", a=mammogram("right"), b=mammogram("right"))
    X["modality"] = values
    after = LateralityFlipper(folder=tmp_path).fit_transform(X)
    assert np.array_equal(pixels(after, 0), mammogram())
    assert np.array_equal(pixels(after, 1), mammogram())


def test_each_modality_of_a_fusion_has_its_own_steps(tmp_path):
    sides = ["left", "right"] * 6
    images = {f"m{i}": numbered(i, mammogram(side)) for i, side in enumerate(sides)}
    scans = {f"u{i}": numbered(i, ultrasound()[..., 0]) for i in range(12)}
    X = save(tmp_path / "in", **images).rename(columns={"image": "mammogram"})
    X["ultrasound"] = save(tmp_path / "in", **scans)["image"]
    X["mammogram_region"] = ["30,20,40,30", "88,20,98,30"] * 6
    seen = []

    def look(table):
        seen.append(table)
        return table[["image"]].map(lambda path: read_image(path)[25, 35])

    def model(step):
        return make_pipeline(step, FunctionTransformer(look), LogisticRegression())

    steps = [LateralityFlipper(folder=tmp_path), ContrastEqualizer(folder=tmp_path)]
    columns = ["mammogram", "ultrasound"]
    pairs = zip(columns, map(model, steps), columns, strict=True)
    fusion = DecisionFusionClassifier(list(pairs), cv=2, random_state=0)
    fusion.fit(X, [0, 1] * 6)
    seen.clear()
    fusion.predict(X)
    assert set(seen[0]["region"]) == {"30,20,40,30"}
    assert "region" not in seen[1]


def test_a_pipeline_with_a_step_has_names_and_data_frames(tmp_path):
    X = save(tmp_path / "in", a=mammogram(), b=mammogram("right"))

    features = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=17)
    pipeline = make_pipeline(LateralityFlipper(folder=tmp_path), features)
    after = pipeline.set_output(transform="pandas").fit_transform(X)
    assert after.columns.tolist() == pipeline.get_feature_names_out().tolist()
    assert len(after.columns) == 512
    assert np.allclose(after.iloc[0], after.iloc[1], atol=1e-5)
    with config_context(transform_output="pandas"):
        step = LateralityFlipper(folder=tmp_path)
        assert step.fit_transform(X).columns.tolist() == X.columns.tolist()
        pixels_after = step.fit_transform(mammogram()[np.newaxis])
    assert isinstance(pixels_after, np.ndarray)


def test_augmented_copies_share_a_cleaned_file(tmp_path):
    X = save(tmp_path / "in", a=mammogram())
    X = pd.concat([X, X]).assign(augmentation=[0, 5])
    after = LateralityFlipper(folder=tmp_path).fit_transform(X)
    assert after["image"].nunique() == 1
    plain, augmented = ImageSource(after, image_size=32)[:]
    assert not np.array_equal(plain, augmented)


# Files


def test_names_hold_neither_path_nor_patient(tmp_path):
    X = save(tmp_path / "Doe_Jane", patient_17=mammogram())
    after = LateralityFlipper(folder=tmp_path / "out").fit_transform(X)
    (file,) = (tmp_path / "out").iterdir()
    assert after["image"].tolist() == [str(file)]
    assert len(file.stem) == 32
    content = file.read_bytes()
    assert b"Doe" not in content
    assert b"patient" not in content


def test_finished_files_are_reused_and_others_are_written_again(tmp_path):
    X = save(tmp_path / "in", a=mammogram(), b=mammogram("right"))
    X["region"] = "30,20,40,30"
    step = LateralityFlipper(folder=tmp_path / "out")
    first = step.fit_transform(X)
    kept, damaged = map(Path, first["image"])
    content, time = damaged.read_bytes(), kept.stat().st_mtime_ns
    for n_left in (0, 40, len(content) - 1):
        damaged.write_bytes(content[:n_left])
        again = clone(step).fit_transform(X)
        pd.testing.assert_frame_equal(again, first)
        assert kept.stat().st_mtime_ns == time
        assert damaged.read_bytes() == content


def test_other_parameters_and_changed_originals_are_other_files(tmp_path):
    X = save(tmp_path / "in", a=mammogram())
    limits = (0.01, 0.1)
    steps = [ContrastEqualizer(clip_limit=c, folder=tmp_path) for c in limits]
    files = [step.fit_transform(X)["image"].iloc[0] for step in steps]
    save(tmp_path / "in", a=mammogram(lesion=(40, 10)))
    os.utime(X["image"].iloc[0], ns=(1, 1))
    files.append(steps[0].fit_transform(X)["image"].iloc[0])
    assert len(set(files)) == 3
    lesions = [read_image(file)[40:50, 10:20].mean() for file in files]
    assert lesions[2] > lesions[0]


def test_another_version_of_scikit_image_is_another_file(tmp_path, monkeypatch):
    X = save(tmp_path / "in", a=mammogram())
    steps = [ContrastEqualizer(folder=tmp_path), LateralityFlipper(folder=tmp_path)]
    before = [step.fit_transform(X)["image"].iloc[0] for step in steps]
    monkeypatch.setattr(_contrast, "versions_of", lambda name: f"{name} 99")
    after = [step.fit_transform(X)["image"].iloc[0] for step in steps]
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True]


def test_a_full_disk_and_a_file_as_folder_are_explained(tmp_path, monkeypatch):
    X = save(tmp_path / "in", a=mammogram())

    def fill(self, *args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device", "/data/Doe_Jane/x.part")

    step = LateralityFlipper(folder=tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", fill)
        with pytest.raises(OSError, match=r"No space left.*'folder'") as caught:
            step.fit_transform(X)
    assert caught.value.errno == errno.ENOSPC
    assert "Doe" not in str(caught.value)
    assert not list((tmp_path / "out").iterdir())
    with pytest.raises(FileExistsError, match="Pass another one"):
        step.set_params(folder=X["image"].iloc[0]).fit_transform(X)


def test_runs_at_the_same_time_share_a_folder(tmp_path):
    images = {f"i{i}": numbered(i, mammogram("right")) for i in range(6)}
    X = save(tmp_path / "in", **images)
    run = delayed(LateralityFlipper(folder=tmp_path / "out").fit(X).transform)
    first, *others = Parallel(n_jobs=4, prefer="threads")(run(X) for _ in range(4))
    for other in others:
        pd.testing.assert_frame_equal(other, first)
    names = {Path(path).name for path in first["image"]}
    assert {file.name for file in (tmp_path / "out").iterdir()} == names
    assert [pixels(first, i)[0, -1] for i in range(6)] == list(range(6))


def test_an_interrupted_run_leaves_no_half_file(tmp_path, monkeypatch):
    X = save(tmp_path / "in", a=mammogram())

    def stop(self, other):
        raise KeyboardInterrupt

    step = LateralityFlipper(folder=tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            step.fit_transform(X)
    assert not list((tmp_path / "out").iterdir())
    assert np.array_equal(pixels(step.fit_transform(X)), mammogram())


def test_the_default_folder_is_that_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("SKFUSION_HOME", str(tmp_path / "home"))
    X = save(tmp_path / "in", a=mammogram())
    (path,) = LateralityFlipper().fit_transform(X)["image"]
    assert Path(path).parent == tmp_path / "home" / "cleaned"
    if os.name == "posix":
        assert Path(path).stat().st_mode & 0o077 == 0
        assert Path(path).parent.stat().st_mode & 0o077 == 0


def test_an_unreadable_image_is_named_by_its_row(tmp_path):
    X = save(tmp_path / "Doe_Jane", a=mammogram(), b=mammogram("right"))
    Path(X["image"].iloc[1]).write_bytes(b"no image")
    with pytest.raises(ImageReadError, match=r"Row 1 of X: .*'b\.png'") as caught:
        LateralityFlipper(folder=tmp_path / "out").fit_transform(X)
    assert caught.value.row == 1
    assert "Doe" not in str(caught.value)


def test_a_box_that_is_none_is_named_by_its_row(tmp_path):
    X = save(tmp_path / "in", a=mammogram()).assign(region="here")
    with pytest.raises(ValueError, match="'here' in row 0"):
        LateralityFlipper(folder=tmp_path / "out").fit_transform(X)
    assert not (tmp_path / "out").exists()
