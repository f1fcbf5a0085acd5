import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, cross_validate

from skfusion.fusion import MultiBranchCNNClassifier
from skfusion.images import ImageSource
from skfusion.networks import MultiBranchLoss, MultiBranchNetwork
from skfusion.neural_network._sample_source import SampleSource

COLUMNS = ["mammogram", "ultrasound"]
SMALL = {"image_size": 16, "max_epochs": 2, "batch_size": 8, "random_state": 0}
MODELS = {
    "cnn17": MultiBranchCNNClassifier(COLUMNS, width=4, **SMALL),
    "backbone": MultiBranchCNNClassifier(
        COLUMNS, branch="shufflenet_v2_x0_5", weights=None, **SMALL
    ),
}


@pytest.fixture(params=MODELS)
def model(request):
    return clone(MODELS[request.param])


@pytest.mark.parametrize("column", COLUMNS)
def test_a_modality_may_be_missing_altogether_at_predict(model, pairs, column):
    model.fit(pairs.data, pairs.target)
    X = pairs.data.assign(**{column: None})
    assert np.isfinite(model.predict_proba(X)).all()


def test_images_may_be_missing_at_fit(model, gaps, pairs):
    model.fit(gaps, pairs.target)
    assert np.isfinite(model.history_[:, "train_loss"]).all()


def test_the_answer_does_not_depend_on_other_samples(model, gaps, pairs):
    model.fit(gaps, pairs.target)
    whole = model.predict_proba(gaps)
    some = model.predict_proba(gaps.iloc[[5, 2]])
    np.testing.assert_allclose(some, whole[[5, 2]], atol=1e-5)


def test_two_fits_agree_to_the_bit(model, gaps, pairs):
    first = clone(model).fit(gaps, pairs.target).predict_proba(gaps)
    np.testing.assert_array_equal(
        model.fit(gaps, pairs.target).predict_proba(gaps), first
    )


def test_it_can_be_pickled(model, gaps, pairs):
    model.fit(gaps, pairs.target)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(gaps), model.predict_proba(gaps))


def test_it_works_under_grouped_cross_validation(gaps, pairs):
    scores = cross_validate(
        MODELS["cnn17"],
        gaps,
        pairs.target,
        groups=pairs.groups,
        cv=StratifiedGroupKFold(2),
        error_score="raise",
    )
    assert np.isfinite(scores["test_score"]).all()


def test_early_stopping_keeps_groups_on_one_side(gaps, pairs, monkeypatch):
    sides = []
    split = MultiBranchCNNClassifier._split

    def write_down(self, X, *arguments):
        rows = split(self, X, *arguments)
        sides.append([set(X["group"].iloc[part]) for part in rows])
        return rows

    monkeypatch.setattr(MultiBranchCNNClassifier, "_split", write_down)
    model = clone(MODELS["cnn17"]).set_params(early_stopping=True)
    model.fit(gaps, pairs.target)
    ((train, valid),) = sides
    assert valid
    assert not train & valid


def test_string_labels_round_trip(gaps, pairs):
    y = np.where(pairs.target == 1, "malignant", "benign")
    predicted = clone(MODELS["cnn17"]).fit(gaps, y).predict(gaps)
    assert set(predicted) <= {"benign", "malignant"}


def test_a_row_without_any_image_is_named(pairs):
    X = pairs.data.copy()
    X.loc[3, COLUMNS] = None
    with pytest.raises(ValueError, match="none in row 3 of X"):
        clone(MODELS["cnn17"]).fit(X, pairs.target)


def test_labels_of_another_length_are_refused(pairs):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clone(MODELS["cnn17"]).fit(pairs.data, pairs.target[:-1])


def test_a_modality_that_nobody_has_at_fit_is_named(pairs):
    with pytest.raises(ValueError, match="Got 0 in the column 'ultrasound'"):
        clone(MODELS["cnn17"]).fit(pairs.data.assign(ultrasound=None), pairs.target)


def test_columns_are_channels_and_what_is_missing_is_zero(gaps):
    source = SampleSource(gaps, COLUMNS, image_size=16)
    images = source[[5, 0, 2]]
    assert images.shape == (3, 16, 16, 2)
    assert not images[0, ..., 0].any()
    assert not images[2, ..., 1].any()
    alone = ImageSource(gaps["ultrasound"].iloc[[5]], image_size=16)[[0]]
    np.testing.assert_array_equal(images[0, ..., 1], alone[0, ..., 0])


def test_a_missing_image_has_no_say():
    torch.manual_seed(0)
    network = MultiBranchNetwork(width=4).eval()
    batch = torch.rand(2, 2, 32, 32)
    batch[1] = batch[0]
    batch[:, 1] = 0
    scores = network(batch)
    assert torch.equal(scores[0], scores[1])
    # The bias and the presence apart, the head reads the first branch only.
    own = network.branches[0](batch[:, [0]])
    weight = network.head.weight
    n = own.shape[1]
    expected = own @ weight[:, :n].T + weight[:, 2 * n] + network.head.bias
    torch.testing.assert_close(scores, expected)


def test_each_sample_keeps_one_modality_at_least():
    network = MultiBranchNetwork(width=2, modality_dropout=0.99)
    there = torch.rand(500, 2) < 0.7
    there[~there.any(1), 0] = True
    used = there & network._stay(there)
    assert used.any(1).all()
    assert used.sum() < 1.1 * len(used)


def test_the_loss_of_what_is_missing_does_not_count():
    scores = torch.randn(4, 3, 2)
    codes = torch.tensor([0, 1, 0, 1])
    scores[:, 2] = torch.nan
    loss = MultiBranchLoss(modality_weight=0.5)
    plain = torch.nn.functional.cross_entropy
    expected = plain(scores[:, 0], codes) + 0.5 * plain(scores[:, 1], codes)
    torch.testing.assert_close(loss(scores, codes), expected)


def test_a_callable_augmentation_leaves_missing_images_missing(gaps, pairs):
    seen = []

    def brighten(batch):
        return batch + 0.01

    def write_down(module, inputs):
        seen.append((inputs[0].flatten(2).amax(2) > 0).sum().item())

    model = clone(MODELS["cnn17"]).set_params(augmentation=brighten, max_epochs=1)
    hook = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, inputs: (
            write_down(module, inputs)
            if isinstance(module, MultiBranchNetwork)
            else None
        )
    )
    model.fit(gaps, pairs.target)
    hook.remove()
    assert sum(seen) == gaps[COLUMNS].notna().to_numpy().sum()


def test_a_lone_image_in_a_batch_moves_nothing():
    torch.manual_seed(0)
    network = MultiBranchNetwork(width=2, modality_dropout=0.0).train()
    batch = torch.rand(4, 2, 16, 16)
    batch[1:, 1] = 0
    scores = network(batch)
    assert scores[:, 2].isnan().all()
    assert not scores[:, :2].isnan().any()


@pytest.mark.parametrize("columns", [[], ["mammogram", "mammogram"]])
def test_columns_must_be_distinct(pairs, columns):
    with pytest.raises(ValueError, match="Expected distinct columns"):
        MultiBranchCNNClassifier(columns, width=2, **SMALL).fit(
            pairs.data, pairs.target
        )


def test_no_samples_are_refused(pairs):
    model = MultiBranchCNNClassifier(COLUMNS, width=2, **SMALL)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        model.fit(pairs.data[:0], pairs.target[:0])
    model.fit(pairs.data, pairs.target)
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(ValueError, match=r"0 sample\(s\)"):
            ask(pairs.data[:0])


def test_the_documentation_names_columns():
    assert "column of paths for each modality" in MultiBranchCNNClassifier.fit.__doc__
    assert "columns as in ``fit``" in MultiBranchCNNClassifier.predict_proba.__doc__


def test_parameters_that_define_the_model_wait_for_the_next_fit(model, gaps, pairs):
    model.fit(gaps, pairs.target)
    expected = model.predict_proba(gaps)
    model.set_params(
        columns=COLUMNS[::-1], image_size=40, resize="stretch", augmentation=False
    )
    np.testing.assert_array_equal(model.predict_proba(gaps), expected)


def numbers(n=30):
    """Rows of two numbers, some missing, some 0 and some negative."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, 3)), np.arange(n) % 2
    X[:, 2] += 4 * y
    X[::5, 0], X[1::5, 2], X[2::5, 0] = np.nan, np.nan, 0
    return X, y


def brighten(batch):
    return batch + 0.01


@pytest.mark.parametrize("augmentation", [True, False, brighten])
def test_columns_of_numbers_are_given_by_position(augmentation):
    X, y = numbers()
    model = MultiBranchCNNClassifier(
        [0, 2], width=4, augmentation=augmentation, **SMALL
    ).fit(X, y)
    probabilities = model.predict_proba(X)
    assert np.isfinite(model.history_[:, "train_loss"]).all()
    assert model.n_features_in_ == 3
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    np.testing.assert_array_equal(model.predict_proba(table), probabilities)
    X[3] = np.nan
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_zero_among_numbers_is_not_missing():
    X, y = numbers()
    model = MultiBranchCNNClassifier([0, 2], width=4, **SMALL).fit(X, y)
    zero, missing = np.array([[0.0, 1, 2]]), np.array([[np.nan, 1, 2]])
    assert not np.allclose(model.predict_proba(zero), model.predict_proba(missing))


def test_paths_by_position_are_those_by_name(model, gaps, pairs):
    X = gaps[COLUMNS]
    named = clone(model).fit(X, pairs.target).predict_proba(X)
    model.set_params(columns=[0, 1]).fit(X.to_numpy(), pairs.target)
    np.testing.assert_array_equal(model.predict_proba(X.to_numpy()), named)


def test_paths_after_a_fit_on_numbers_are_refused_and_not_shown():
    X, y = numbers()
    model = MultiBranchCNNClassifier([0, 2], width=4, **SMALL).fit(X, y)
    with pytest.raises(
        ValueError, match="Expected numbers in the column 'x0'"
    ) as error:
        model.predict(np.array([["anna.png", None, None]], dtype=object))
    assert "anna" not in str(error.value)


def test_numbers_beyond_float32_are_refused():
    X, y = numbers()
    X[4, 2] = -1e300
    with pytest.raises(
        ValueError, match=r"float32 can hold in the column 'x2'.*1e\+300"
    ):
        MultiBranchCNNClassifier([0, 2], width=4, **SMALL).fit(X, y)


def test_numbers_in_a_column_with_a_name_are_refused(pairs):
    X = pairs.data.assign(ultrasound=np.arange(len(pairs.data)))
    with pytest.raises(ValueError, match="Expected the path of an image"):
        clone(MODELS["cnn17"]).fit(X, pairs.target)
