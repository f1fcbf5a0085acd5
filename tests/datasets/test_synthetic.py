import time

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skfusion._validation._boxes import parse_boxes
from skfusion.datasets import make_breast_images, make_breast_pairs

MODALITIES = ["mammography", "ultrasound", "both"]
CONTRACT = ["image", "modality", "group", "view", "laterality", "dataset"]


@pytest.fixture(scope="module", params=["mammography", "ultrasound"])
def many(request):
    return make_breast_images(1500, modality=request.param, random_state=0)


@pytest.mark.parametrize("modality", MODALITIES)
def test_shapes_and_types(modality):
    breast = make_breast_images(10, modality=modality, image_size=32, random_state=0)
    assert breast.images.shape == (10, 32, 32)
    assert breast.images.dtype == np.uint8
    assert breast.data is breast.images
    assert breast.target.dtype == np.int64
    assert breast.target_names == ["benign", "malignant"]
    assert breast.frame.columns[:5].tolist() == CONTRACT[1:]
    assert "Synthetic" in breast.DESCR


def test_same_random_state_same_images():
    first = make_breast_images(6, modality="both", random_state=3)
    second = make_breast_images(6, modality="both", random_state=3)
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.target, second.target)


def test_other_random_state_other_images():
    first, second = (make_breast_images(4, random_state=seed) for seed in (0, 1))
    assert (first.images != second.images).any()


def test_global_generator_is_untouched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_breast_images(4, random_state=0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_views_of_a_patient_share_lesion_and_class_but_not_pixels():
    breast = make_breast_images(12, modality="mammography", n_views=4, random_state=0)
    by_patient = breast.frame.groupby("group")
    assert by_patient.size().tolist() == [4, 4, 4]
    shared = ["target", "irregularity", "laterality", "aspect_ratio"]
    assert (by_patient[shared].nunique() == 1).all(axis=None)
    assert breast.frame["view"].tolist() == ["CC", "MLO"] * 6
    assert len({image.tobytes() for image in breast.images}) == 12


def test_last_patient_has_fewer_views():
    breast = make_breast_images(5, n_views=2, random_state=0)
    assert len(breast.data) == len(breast.target) == len(breast.groups) == 5
    assert breast.groups.tolist().count("patient3") == 1


def test_chest_wall_is_on_the_side_of_the_laterality():
    breast = make_breast_images(40, modality="mammography", random_state=0)
    tissue = breast.images > 0
    on_left = tissue[:, :, :8].mean((1, 2)) > tissue[:, :, -8:].mean((1, 2))
    np.testing.assert_array_equal(on_left, breast.frame["laterality"] == "L")


@pytest.mark.parametrize("modality", MODALITIES)
def test_prevalence_holds_in_each_modality(modality):
    breast = make_breast_images(
        80, modality=modality, prevalence=0.2, image_size=16, random_state=0
    )
    shares = breast.frame.groupby("modality")["target"].mean()
    np.testing.assert_allclose(shares, 0.2)


def test_folder_gives_the_columns_of_the_contract(tmp_path):
    folder = tmp_path / "new" / "images"
    breast = make_breast_images(3, modality="both", folder=folder, random_state=0)
    assert breast.data.columns.tolist() == [*CONTRACT, "region"]
    assert breast.frame.columns[:6].tolist() == CONTRACT
    written = [np.asarray(Image.open(path)) for path in breast.data["image"]]
    np.testing.assert_array_equal(written, breast.images)
    assert breast.data["dataset"].eq("synthetic").all()


@pytest.mark.parametrize(("modality", "sign"), [("mammography", 1), ("ultrasound", -1)])
def test_the_box_is_around_the_lesion(modality, sign):
    breast = make_breast_images(40, modality=modality, image_size=96, random_state=0)
    boxes = parse_boxes(breast.frame["region"]).astype(int)
    assert boxes.min() >= 0
    assert boxes.max() <= 96
    contrasts = []
    for image, (x0, y0, x1, y1) in zip(breast.images, boxes, strict=True):
        width, height = x1 - x0, y1 - y0
        outer = image[
            max(0, y0 - height) : y1 + height, max(0, x0 - width) : x1 + width
        ]
        inner = image[y0:y1, x0:x1]
        others = (outer.sum() - inner.sum()) / (outer.size - inner.size)
        contrasts.append(sign * (inner.mean() - others))
    assert np.mean(np.array(contrasts) > 0) > 0.9


def test_folder_does_not_change_the_images(tmp_path):
    plain = make_breast_images(3, random_state=0)
    written = make_breast_images(3, random_state=0, folder=str(tmp_path))
    np.testing.assert_array_equal(plain.images, written.images)


def test_return_x_y():
    X, y = make_breast_images(4, random_state=0, return_X_y=True)
    assert X.shape == (4, 64, 64)
    assert y.shape == (4,)


def test_larger_images_show_the_same_patients():
    small = make_breast_images(6, random_state=0).frame
    large = make_breast_images(6, random_state=0, image_size=96).frame
    np.testing.assert_array_equal(small["radius"], large["radius"])


def test_benign_is_wider_than_tall_and_malignant_taller_than_wide():
    frame = make_breast_images(200, random_state=0).frame
    medians = frame.groupby("target")["aspect_ratio"].median()
    assert medians[0] > 1.1
    assert medians[1] < 0.95


def test_class_sep_zero_draws_both_classes_alike():
    frame = make_breast_images(2000, class_sep=0, image_size=16, random_state=0).frame
    for column in ("irregularity", "aspect_ratio", "posterior_echo", "softness"):
        assert roc_auc_score(frame["target"], frame[column]) == pytest.approx(
            0.5, abs=0.05
        )


@pytest.mark.parametrize("statistic", ["mean", "std", "min", "max"])
def test_brightness_and_contrast_do_not_give_the_class_away(many, statistic):
    values = getattr(many.images.reshape(len(many.images), -1), statistic)(axis=1)
    assert roc_auc_score(many.target, values) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("column", ["radius", "contrast", "center_x", "center_y"])
def test_size_darkness_and_position_do_not_give_the_class_away(many, column):
    area = roc_auc_score(many.target, many.frame[column])
    assert area == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize(
    "linear",
    [LogisticRegression(max_iter=50, tol=1e-2), LinearSVC(tol=1e-2, max_iter=200)],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_linear_model_on_pixels_stays_below_half(modality, linear):
    breast = make_breast_images(400, modality=modality, random_state=0)
    X = breast.images.reshape(400, -1).astype(np.float32)
    model = make_pipeline(StandardScaler(), linear)
    predicted = cross_val_predict(model, X, breast.target, cv=5)
    assert cohen_kappa_score(breast.target, predicted) < 0.5


@pytest.mark.parametrize("modality", ["mammography", "ultrasound"])
def test_a_thousand_images_in_three_seconds(modality):
    start = time.process_time()
    make_breast_images(1000, modality=modality, random_state=0)
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("n_samples", 0),
        ("modality", "mri"),
        ("image_size", 8),
        ("class_sep", -1),
        ("n_views", 0),
        ("prevalence", 1.5),
    ],
)
def test_wrong_parameter_is_named(parameter, value):
    with pytest.raises(ValueError, match=f"'{parameter}' parameter of make_breast"):
        make_breast_images(**{"n_samples": 4, parameter: value})


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    return make_breast_pairs(40, complementarity=0.5, folder=folder, random_state=0)


def test_a_pair_is_two_files_of_one_patient(pairs):
    assert pairs.data.columns.tolist() == [
        "mammogram",
        "ultrasound",
        "group",
        "laterality",
        "dataset",
    ]
    assert pairs.data[["mammogram", "ultrasound"]].stack().nunique() == 80
    assert len(set(pairs.groups)) == 40
    stored = np.asarray(Image.open(pairs.data["ultrasound"][3]))
    np.testing.assert_array_equal(stored, pairs.images[3, 1])


def test_half_of_the_complementary_lesions_show_in_each_modality(pairs):
    counts = pairs.frame.groupby("target")["visible_in"].value_counts()
    for target in (0, 1):
        assert counts[target].to_dict() == {
            "both": 10,
            "mammogram": 5,
            "ultrasound": 5,
        }


def test_pairs_are_drawn_the_same_by_one_seed(pairs, tmp_path):
    again = make_breast_pairs(40, complementarity=0.5, folder=tmp_path, random_state=0)
    np.testing.assert_array_equal(again.images, pairs.images)


def test_pairs_need_a_folder():
    with pytest.raises(ValueError, match="'folder' parameter of make_breast_pairs"):
        make_breast_pairs(4, folder=None)


def test_labels_can_be_changed():
    data = make_breast_images(4, random_state=0)
    data.target[0] = 1 - data.target[0]
    _, y = make_breast_images(4, random_state=0, return_X_y=True)
    y[0] = 1 - y[0]
