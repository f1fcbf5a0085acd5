"""Whether maps depend on what a model has learnt, and how much lies in a region."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.dummy import DummyClassifier

from skfusion.inspection import mass_inside, randomization_check, randomize_weights
from skfusion.neural_network import CNN17Classifier


@pytest.mark.parametrize("name", ["cnn17", "svm"])
def test_maps_change_with_the_weights(name, test, request):
    model = request.getfixturevalue(name)
    X = test.data[:3]
    check = randomization_check(model, X, random_state=0)
    again = randomization_check(model, X, random_state=0)
    assert check.similarity.shape == (3,)
    assert np.nanmean(check.similarity) < 0.5
    np.testing.assert_array_equal(check.similarity, again.similarity)


@pytest.mark.parametrize("name", ["cnn17", "svm"])
def test_the_estimator_itself_keeps_its_weights(name, test, request):
    model = request.getfixturevalue(name)
    method = "predict_proba" if name == "cnn17" else "decision_function"
    before = getattr(model, method)(test.data)
    after = getattr(randomize_weights(model, random_state=0), method)(test.data)
    np.testing.assert_array_equal(getattr(model, method)(test.data), before)
    assert np.abs(before - after).max() > 0.01


def test_features_of_random_weights_are_not_those_of_a_cache(tmp_path, svm, test):
    svm[0].set_params(cache=tmp_path)
    try:
        before = svm[0].transform(test.data)
        after = randomize_weights(svm, random_state=0)[0].transform(test.data)
    finally:
        svm[0].set_params(cache=None)
    assert np.abs(before - after).max() > 0.01


def test_only_networks_have_weights():
    model = DummyClassifier().fit([[0], [1]], [0, 1])
    with pytest.raises(TypeError, match=r"holds a network\. Got DummyClassifier"):
        randomize_weights(model)


def test_mass_inside_takes_boxes_and_masks():
    saliency_map = np.zeros((8, 8))
    saliency_map[2:4, 2:4] = 1
    saliency_map[4, 4] = 1
    mask = saliency_map > 0
    assert mass_inside(saliency_map, "2,2,4,4") == 0.8
    assert mass_inside(saliency_map, (2, 2, 4, 4), enlarge=1) == 1
    assert mass_inside(saliency_map, mask) == 1
    assert np.isnan(mass_inside(0 * saliency_map, mask))
    with pytest.raises(ValueError, match=r"Got an array of shape \(3, 3\)"):
        mass_inside(saliency_map, np.ones((3, 3)))


def test_pixels_that_are_not_read_do_not_make_maps_alike(files):
    model = CNN17Classifier(
        image_size=32, max_epochs=1, region="lesion", random_state=0
    ).fit(files.data, files.target)
    options = {"method": "integrated_gradients", "random_state": 0}
    check = randomization_check(model, files.data[:4], **options)
    whole = [
        spearmanr(*pair, axis=None).statistic
        for pair in zip(check.maps, check.randomized_maps, strict=True)
    ]
    assert (check.similarity < np.array(whole) - 0.1).all()


def test_a_box_beyond_the_map_has_nothing_of_it():
    assert mass_inside(np.ones((20, 20)), (-10, -10, -3, -3)) == 0
    assert mass_inside(np.ones((20, 20)), (-10, 0, 10, 20)) == 0.5


@pytest.mark.parametrize("box", ["", (np.nan,) * 4, (10, 10, 5, 5)])
def test_what_is_no_box_is_refused(box):
    with pytest.raises(ValueError, match="Expected a box"):
        mass_inside(np.ones((20, 20)), box)


def test_a_map_has_two_axes():
    with pytest.raises(ValueError, match="shape"):
        mass_inside(np.ones((4, 4, 1)), (0, 0, 2, 2))
