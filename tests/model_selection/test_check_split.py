import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import KFold

from skfusion.datasets import make_breast_images
from skfusion.exceptions import DataQualityWarning, LeakageError
from skfusion.model_selection import check_split, compare_models

MODELS = [("prior", DummyClassifier())]


def draw(n_images=12, seed=0):
    return make_breast_images(n_images, modality="both", random_state=seed).images


def save(images, folder):
    folder.mkdir()
    paths = [str(folder / f"secret{row}.png") for row in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return paths


def report_of(*args, **options):
    report = check_split(*args, on_leakage="ignore", **options)
    assert report.columns.tolist() == ["train_row", "test_row", "kind"]
    return report.to_numpy().tolist()


def check_faults(seed):
    """Plant one fault of each kind, or none."""
    rng = np.random.default_rng(seed)
    images = draw(18, seed)
    train, test = images[:10], images[10:].copy()
    train_groups, test_groups = np.arange(10), np.arange(8) + 10
    groups = {"groups_train": train_groups, "groups_test": test_groups}
    assert report_of(train, test, **groups) == []
    sources, places = (rng.choice(n, 4, replace=False).tolist() for n in (10, 8))
    test[places[0]] = train[sources[0]]
    test[places[1]] = train[sources[1]] // 2
    test[places[2]] = train[sources[2]][:, ::-1]
    test_groups[places[3]] = sources[3]
    kinds = ["same pixels", "near-duplicate", "mirrored", "group"]
    expected = zip(sources, places, kinds, strict=True)
    found = report_of(train, test, **groups)
    assert sorted(found) == sorted([*each] for each in expected)


@pytest.mark.parametrize("seed", range(3))
def test_planted_faults_are_found_and_nothing_else(seed):
    check_faults(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 50))
def test_planted_faults_of_more_seeds_are_found(seed):
    check_faults(seed)


def test_files_are_compared_by_path_and_by_content(tmp_path):
    images = draw()
    train = save(images[:6], tmp_path / "a")
    test = save([images[6], images[2], np.rot90(images[3])], tmp_path / "b")
    expected = [[2, 1, "same pixels"], [3, 2, "rotated by 90"]]
    assert report_of(train, test) == expected
    expected += [[4, 3, "same file"]]
    assert report_of(train, [*test, train[4]]) == expected
    tables = [pd.DataFrame({"image": each}) for each in (train, [*test, train[4]])]
    assert report_of(*tables) == expected


def test_paths_and_pixels_are_compared(tmp_path):
    images = draw()
    paths = save(images[:5], tmp_path / "a")
    assert report_of(paths, images[4:]) == [[4, 0, "same pixels"]]


def test_the_column_group_of_both_sides_is_compared(tmp_path):
    paths = save(draw(8), tmp_path / "a")
    train = pd.DataFrame({"image": paths[:4], "group": ["ann", "eve", "12", "ann"]})
    test = pd.DataFrame({"image": paths[4:], "group": ["ann", "eva", 12.0, "joe"]})
    assert report_of(train, test) == [[0, 0, "group"], [2, 2, "group"]]


def test_each_column_of_samples_is_compared_with_itself(tmp_path):
    paths = save(draw(8), tmp_path / "a")
    other = save(draw(8, seed=1), tmp_path / "b")
    table = pd.DataFrame({"mammogram": paths, "ultrasound": other})
    table.loc[0, "ultrasound"] = None
    mirrored = np.asarray(Image.open(other[2]))[:, ::-1]
    (copy,) = save([mirrored], tmp_path / "c")
    table.loc[7, "ultrasound"] = copy
    found = report_of(table[:5], table[5:].reset_index(drop=True))
    assert found == [[2, 2, "mirrored"]]


def test_rows_are_counted_from_the_top_of_each_side(tmp_path):
    paths = save(draw(6), tmp_path / "a")
    X = pd.DataFrame({"image": [*paths, paths[1]]}, index=range(100, 107))
    assert report_of(X[:4], X[4:]) == [[1, 2, "same file"]]


def test_augmented_copies_count_as_their_image(tmp_path):
    paths = save(draw(5), tmp_path / "a")
    train = pd.DataFrame({"image": paths[:4], "augmentation": [0, 0, 7, 0]})
    test = pd.DataFrame({"image": [paths[4], paths[2]]})
    assert report_of(train, test) == [[2, 1, "same file"]]


def test_features_have_no_images():
    X = np.zeros((6, 20))
    with pytest.raises(ValueError, match="nothing can be compared"):
        check_split(X[:3], X[3:])
    groups = {"groups_train": [1, 2, 3], "groups_test": [3, 4, 4]}
    assert report_of(X[:3], X[3:], **groups) == [[2, 0, "group"]]


@pytest.mark.parametrize("form", [np.asarray, list, pd.Series])
@pytest.mark.parametrize("as_mask", [False, True])
def test_the_indices_of_a_splitter_are_no_images(form, as_mask):
    train, test = next(KFold(3).split(draw(6)))
    if as_mask:
        train, test = (np.isin(np.arange(6), rows).tolist() for rows in (train, test))
    with pytest.raises(ValueError, match=r"X_train holds no images.*Pass .*iloc\[rows"):
        check_split(form(train), form(test))
    with pytest.raises(ValueError, match="X_test holds no images"):
        check_split(draw(4), form(test))


def test_neither_a_folder_nor_a_bunch_is_images(tmp_path):
    bunch = make_breast_images(4, random_state=0)
    for X in (str(tmp_path), tmp_path, bunch, None):
        with pytest.raises(ValueError, match=r"X_train .*scan_images") as caught:
            check_split(X, bunch.data)
        assert tmp_path.name not in str(caught.value)


def save_again(paths, folder):
    """Write files of the same pixels and another compression."""
    folder.mkdir()
    copies = [str(folder / f"copy{row}.png") for row in range(len(paths))]
    for path, copy in zip(paths, copies, strict=True):
        Image.open(path).save(copy, compress_level=0)
    return copies


def test_files_that_were_saved_again_are_found(tmp_path):
    paths = save(draw(6), tmp_path / "a")
    copies = save_again(paths[2:4], tmp_path / "b")
    expected = [[2, 0, "same pixels"], [3, 1, "same pixels"]]
    assert report_of(paths, copies) == expected


def test_a_leading_missing_path_is_no_number(tmp_path):
    paths = save(draw(4), tmp_path / "a")
    for missing in (None, np.nan):
        with pytest.raises(ValueError, match="Expected the path of an image"):
            check_split([missing, *paths[:2]], paths[2:])


def test_groups_of_one_side_are_refused():
    images = draw(5)
    with pytest.raises(ValueError, match="only one of groups_train and groups_test"):
        check_split(images[:3], images[3:], groups_train=[1, 2, 3])


def test_columns_are_compared_by_their_names(tmp_path):
    images = draw(6)
    left, right = (
        save(part, tmp_path / str(i)) for i, part in enumerate([images[:3], images[3:]])
    )
    mirrored = save(images[4:5, :, ::-1], tmp_path / "mirrored")
    train = pd.DataFrame({"mammography": left, "ultrasound": right})
    test = pd.DataFrame({"ultrasound": mirrored, "mammography": [None]})
    assert report_of(train, test) == [[1, 0, "mirrored"]]


def test_the_error_names_rows_and_nobody(tmp_path):
    paths = save(draw(6), tmp_path / "a")
    train = pd.DataFrame({"image": paths[:3], "group": ["roe 1", "roe 2", "roe 3"]})
    test = pd.DataFrame({"image": [paths[4], paths[2]], "group": ["roe 2", "roe 3"]})
    with pytest.raises(LeakageError, match="row 2 of X_train and row 1 of X_test") as e:
        check_split(train, test)
    assert "2 of the kind 'group'" in str(e.value)
    assert "roe" not in str(e.value)
    assert "secret" not in str(e.value)
    kinds = e.value.report["kind"].tolist()
    assert kinds == ["group", "group", "same file"]
    with pytest.warns(DataQualityWarning, match="'same file'"):
        assert len(check_split(train, test, on_leakage="warn")) == 3


def compare(X, **options):
    y = np.arange(len(X)) % 2
    options = {"groups": np.arange(len(X)), "cv": KFold(3)} | options
    return compare_models(MODELS, X, y, **options)


@pytest.mark.parametrize("fault", ["same file", "same content", "same pixels"])
def test_compare_models_refuses_an_image_on_both_sides(tmp_path, fault):
    images = draw()
    images[9] = images[2]
    X = save(images, tmp_path / "a")
    if fault == "same file":
        X[9] = X[2]
    if fault == "same pixels":
        X = images
    with pytest.raises(LeakageError, match="row 2 of X, the same as row 9") as caught:
        compare(X)
    assert "secret" not in str(caught.value)
    report = caught.value.report
    assert report.drop(columns="kind").to_numpy().tolist() == [[0, 9, 2], [2, 2, 9]]
    assert set(report["kind"]) == {fault.replace("content", "pixels")}
    with pytest.warns(
        DataQualityWarning, match="Got 1 rows in the test part of fold 0"
    ):
        assert len(compare(X, on_leakage="warn").predictions) == 12
    groups = np.where(np.arange(12) == 9, 2, np.arange(12))
    compare(X, groups=groups, cv=2)


def test_compare_models_ignores_a_leak_that_is_wanted():
    images, groups = draw(), np.repeat(np.arange(6), 2)
    images[9] = images[2]
    cv = list(KFold(3, shuffle=True, random_state=0).split(images))
    with pytest.raises(LeakageError, match=r"each group \(patient\).*'warn'") as caught:
        compare(images, groups=groups, cv=cv)
    report = caught.value.report
    train, test = groups[report["train_row"]], groups[report["test_row"]]
    assert train.tolist() == test.tolist()
    assert set(report["kind"]) == {"group"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study = compare(images, groups=groups, cv=cv, on_leakage="ignore")
    assert len(study.predictions) == 12


def test_text_that_is_no_file_may_repeat():
    X = pd.DataFrame({"note": ["plain"] * 12})
    assert len(compare(X).predictions) == 12
