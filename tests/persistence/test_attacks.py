"""What an attacker hides in a file whose types are all known ones."""

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import Bunch

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.neural_network import CNN17Classifier
from skfusion.persistence import _archive as archive
from skfusion.persistence import load_model, model_card, save_model

from .test_files import (
    Malicious,
    arguments,
    forge,
    forge_schema,
    members_of,
    pack,
    refuse,
    state_of,
    text,
)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return rng.random((8, 16, 16), dtype=np.float32), np.arange(8) % 2


@pytest.fixture(scope="module")
def network_file(images, tmp_path_factory):
    model = CNN17Classifier(
        width=2, weights=None, image_size=16, max_epochs=1, random_state=0
    ).fit(*images)
    return save_model(model, tmp_path_factory.mktemp("network") / "model.skfusion")


@pytest.fixture(scope="module")
def extractor_file(images, tmp_path_factory):
    model = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=24)
    file = tmp_path_factory.mktemp("extractor") / "model.skfusion"
    return save_model(model.fit(images[0]), file)


@pytest.fixture(scope="module")
def linear_file(tmp_path_factory):
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(np.arange(8.0)[:, np.newaxis], np.arange(8) // 4)
    return save_model(model, tmp_path_factory.mktemp("linear") / "model.skfusion")


def parts_of(file):
    return json.loads(members_of(file.read_bytes())[archive.MANIFEST])["parts"]


def test_a_net_in_the_place_of_its_part_is_not_unpickled(linear_file, tmp_path):
    sentinel = tmp_path / "sentinel"
    inner = members_of(members_of(linear_file.read_bytes())[archive.ESTIMATOR])
    schema = json.loads(inner["schema.json"])
    state = {
        "device": state_of("JsonNode", "builtins", "str", content='"cpu"'),
        "__cuda_dependent_attributes__": state_of(
            "BytesNode", "builtins", "bytes", file="a.bin"
        ),
    }
    keys = [state_of("TypeNode", "builtins", "str")] * 2
    schema |= state_of(
        "ObjectNode",
        "skfusion._engine._net",
        "_AutocastNet",
        content=state_of(
            "DictNode",
            "builtins",
            "dict",
            content=state,
            key_types=state_of("ListNode", "builtins", "list", content=keys),
        ),
    )
    inner |= {
        "schema.json": json.dumps(schema).encode(),
        "a.bin": pickle.dumps(Malicious(sentinel)),
    }
    refuse(forge(linear_file, tmp_path / "forged", estimator=pack(inner)), "_Autocast")
    assert not sentinel.exists()


def test_a_function_hidden_from_the_check_is_not_called(extractor_file, tmp_path):
    parts = parts_of(extractor_file)
    for part in parts.values():
        part |= {"backbone": "os:getcwd", "params": {}}
    file = forge(extractor_file, tmp_path / "forged", about={"parts": parts})
    refuse(file, match=r"trusted=\['os:getcwd'\]")


@pytest.mark.parametrize("weights", ["DEFAULT", "own.pth", "https://a.b/own.pth"])
def test_weights_outside_of_the_file_are_not_read(
    weights, network_file, tmp_path, monkeypatch
):
    def fetch(*arguments, **options):
        raise AssertionError("weights are fetched")

    monkeypatch.setattr("skfusion.networks._torchvision_models.read_weights", fetch)
    monkeypatch.setattr("skfusion.networks._torchvision_models._download", fetch)
    parts = parts_of(network_file)
    for part in parts.values():
        params = {"backbone": "resnet18", "n_classes": 2, "weights": weights}
        part |= {"network": "TransferNetwork", "params": params}
    file = forge(network_file, tmp_path / "forged", about={"parts": parts})
    refuse(file, match="not in the file")


@pytest.mark.parametrize(
    "hidden", [{"backbone": "os:getcwd"}, {"image_cache": "folder"}]
)
def test_an_attribute_does_not_hide_parameters(hidden, tmp_path):
    model = make_pipeline(StandardScaler()).fit([[0.0]])
    extractor = CNNFeatureExtractor("squeezenet1_1")
    model.extra = Bunch(each=extractor)
    file = save_model(model, tmp_path / "model.skfusion")

    def plant(schema):
        held = schema["content"]["content"]["extra"]["content"]["each"]["content"]
        for name, value in hidden.items():
            held["content"][name] = text(value)
        held["content"]["get_params"] = state_of(
            "TypeNode", "sklearn.utils._bunch", "Bunch"
        )
        held["key_types"]["content"].append(state_of("TypeNode", "builtins", "str"))

    refuse(
        forge_schema(file, tmp_path / "forged", plant),
        match="os:getcwd|image_cache=None",
    )


def test_a_masked_array_does_not_hide_an_estimator(tmp_path):
    model = make_pipeline(StandardScaler()).fit([[0.0]])
    held = np.ma.MaskedArray(np.array([None], dtype=object), [True])
    held.data[0] = CNNFeatureExtractor("os:getcwd")
    model.extra = held
    refuse(save_model(model, tmp_path / "forged"), match="os:getcwd")


@pytest.mark.parametrize("ending", ["bin", "npy"])
def test_a_sparse_matrix_of_another_name_is_measured(
    ending, linear_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(archive, "_MOST_UNPACKED", 2**20)
    inner = members_of(members_of(linear_file.read_bytes())[archive.ESTIMATOR])
    bomb = pack({"data.npy": bytes(2 * 2**20)}, zipfile.ZIP_DEFLATED)
    content = pack(inner | {f"1.{ending}": bomb})
    refuse(forge(linear_file, tmp_path / "bomb", estimator=content), match="MiB")


def grow(kind, n_features, **options):
    rng = np.random.default_rng(0)
    X = rng.random((40, n_features))
    return kind(n_estimators=3, random_state=0, **options).fit(X, np.arange(40) % 2)


def test_a_forest_cannot_pass_for_a_bagging(tmp_path):
    model, other = (grow(RandomForestClassifier, n) for n in (2, 9))
    model.estimators_, model.estimators_features_ = other.estimators_, []
    refuse(save_model(model, tmp_path / "forged"), match="trees")


def test_a_number_of_features_that_equals_any_is_refused(tmp_path):
    model = grow(RandomForestClassifier, 9)
    model.n_features_in_ = np.ma.MaskedArray(9, True)
    refuse(save_model(model, tmp_path / "forged"), match="trees")


def test_trees_of_an_isolation_forest_take_its_features(tmp_path):
    model, other = (grow(IsolationForest, n, max_features=0.5) for n in (4, 20))
    file = save_model(model, tmp_path / "model.skfusion")
    X = np.random.default_rng(1).random((5, 4))
    np.testing.assert_array_equal(load_model(file).predict(X), model.predict(X))
    model.estimators_ = other.estimators_
    refuse(save_model(model, tmp_path / "forged"), match="trees")


def test_boosting_has_the_trees_of_its_classes(tmp_path):
    model = grow(GradientBoostingClassifier, 2)
    model.estimators_ = np.repeat(model.estimators_, 50, axis=1)
    refuse(save_model(model, tmp_path / "forged"), match="trees")


def test_a_tree_without_nodes_is_refused(tmp_path):
    X, y = np.arange(8.0)[:, np.newaxis], np.arange(8) // 4
    file = save_model(DecisionTreeClassifier().fit(X, y), tmp_path / "model.skfusion")

    def plant(schema):
        tree = schema["content"]["content"]["tree_"]
        tree["content"] |= {"content": {}}
        tree["content"]["key_types"] |= {"content": []}

    refuse(forge_schema(file, tmp_path / "forged", plant), match="trees")


def test_a_card_that_is_no_text_is_an_error(linear_file, tmp_path):
    found = members_of(linear_file.read_bytes()) | {archive.CARD: b"\xff"}
    manifest = json.loads(found.pop(archive.MANIFEST))
    archive.write_archive(tmp_path / "forged", manifest, found)
    with pytest.raises(archive.ModelFileError, match="damaged"):
        model_card(tmp_path / "forged")


def test_a_save_that_fails_leaves_the_old_file(linear_file, tmp_path, monkeypatch):
    model, file = load_model(linear_file), tmp_path / "model.skfusion"
    save_model(model, file)
    before = file.read_bytes()

    def fail(*arguments):
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="no space"):
            save_model(model, file)
    assert file.read_bytes() == before
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        save_model(model, tmp_path / "folder")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", file.name]


def test_a_save_does_not_write_through_a_link(linear_file, tmp_path, monkeypatch):
    other, file = tmp_path / "other", tmp_path / "model.skfusion"
    other.write_bytes(b"other")
    file.symlink_to(other)
    (tmp_path / "model.skfusion.part").symlink_to(other)
    monkeypatch.chdir(tmp_path)
    save_model(load_model(linear_file), "model.skfusion")
    assert other.read_bytes() == b"other"
    assert not file.is_symlink()


def test_a_single_name_is_not_taken_for_a_list(linear_file):
    with pytest.raises(TypeError, match=r"trusted=\['my.Scaler'\]"):
        load_model(linear_file, trusted="my.Scaler")


def test_a_shared_object_of_numpy_is_not_changed(linear_file, tmp_path):
    def plant(schema):
        schema["content"]["content"]["memory"] = state_of(
            "ObjectNode", "numpy.ma.core", "MaskedConstant", content=arguments(1)
        )

    refuse(forge_schema(linear_file, tmp_path / "forged", plant), match="MaskedConst")


def test_errors_repeat_no_control_characters(linear_file, tmp_path):
    about = {"format_version": 99, "skfusion": "\x1b[2J" * 999}
    with pytest.raises(archive.ModelFileError, match="Update skfusion") as caught:
        load_model(forge(linear_file, tmp_path / "forged", about=about))
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("classes", [[b"a", b"b"], np.array(["2020", "2021"], "M8[Y]")])
def test_classes_that_json_does_not_hold_are_saved(classes, tmp_path):
    X, y = np.arange(8.0)[:, np.newaxis], np.repeat(classes, 4)
    model = DecisionTreeClassifier().fit(X, y)
    again = load_model(save_model(model, tmp_path / "model.skfusion"))
    np.testing.assert_array_equal(again.predict(X), y)


def test_a_search_of_other_parameters_is_saved(tmp_path):
    X, y = np.arange(8.0)[:, np.newaxis], np.tile([0, 1], 4)
    grid = [{"C": [0.1]}, {"solver": ["liblinear", "lbfgs"]}]
    search = GridSearchCV(LogisticRegression(), grid, cv=2).fit(X, y)
    again = load_model(save_model(search, tmp_path / "model.skfusion"))
    expected = search.cv_results_["param_C"].tolist()
    assert again.cv_results_["param_C"].tolist() == expected
