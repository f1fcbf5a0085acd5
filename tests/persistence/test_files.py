"""Files that are damaged, too large or malicious are refused, and run nothing."""

import io
import json
import os
import pickle
import sys
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skfusion.exceptions import ModelFileError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.neural_network import CNN17Classifier
from skfusion.persistence import _archive as archive
from skfusion.persistence import load_model, model_card, save_model

N_MUTATIONS = 200
# What loading a model never does: run, write, unpickle or connect.
FORBIDDEN = (
    "os.exec",
    "os.mkdir",
    "os.posix_spawn",
    "os.remove",
    "os.rename",
    "os.system",
    "pickle.find_class",
    "socket.connect",
    "subprocess.Popen",
)
watched = None


def watch(event, arguments):
    if watched is None:
        return
    is_write = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
    if is_write or event in FORBIDDEN:
        watched.append((event, str(arguments)))


sys.addaudithook(watch)


@pytest.fixture
def nothing_happens():
    """Fail where a forbidden event happens in the process."""
    global watched
    watched = []
    yield
    events, watched = watched, None
    assert events == []


def quietly(function, *arguments, **options):
    """Call a function of the attacker, whose own files are not watched."""
    global watched
    kept, watched = watched, None
    try:
        return function(*arguments, **options)
    finally:
        watched = kept


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return rng.random((12, 16, 16), dtype=np.float32), np.arange(12) % 2


@pytest.fixture(scope="module")
def network(images):
    model = CNN17Classifier(
        width=2, weights=None, image_size=16, max_epochs=1, random_state=0
    )
    return model.fit(*images)


@pytest.fixture(scope="module")
def network_file(network, tmp_path_factory):
    return save_model(network, tmp_path_factory.mktemp("network") / "model.skfusion")


@pytest.fixture(scope="module")
def linear_file(tmp_path_factory):
    X, y = np.arange(8.0)[:, np.newaxis], np.arange(8) // 4
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    return save_model(model, tmp_path_factory.mktemp("linear") / "model.skfusion")


def members_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def pack(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def forge(source, target, *, about=None, **members):
    """Write another file, with checksums that agree as those of an attacker would."""
    found = members_of(source.read_bytes())
    manifest = json.loads(found.pop(archive.MANIFEST)) | (about or {})
    names = {"estimator": archive.ESTIMATOR, "weights": archive.WEIGHTS}
    found |= {names[name]: content for name, content in members.items()}
    archive.write_archive(target, manifest, found)
    return target


def forge_schema(source, target, change):
    """Write another file whose estimator `change` makes of the old one."""
    inner = members_of(members_of(source.read_bytes())[archive.ESTIMATOR])
    schema = json.loads(inner["schema.json"])
    schema = change(schema) or schema
    inner["schema.json"] = json.dumps(schema).encode()
    return forge(source, target, estimator=pack(inner))


def mutations(content, rng):
    """Yield damaged copies of a file: half of the flips hit its directory."""
    directory = content.rindex(b"PK\x05\x06") - 600
    for number in range(N_MUTATIONS):
        data, kind = bytearray(content), number % 5
        place = int(rng.integers(len(data)))
        if kind == 0:  # a bit anywhere
            data[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:  # a bit of the directory
            place = int(rng.integers(directory, len(data)))
            data[place] ^= 1 << int(rng.integers(8))
        elif kind == 2:  # the end is missing
            del data[place:]
        elif kind == 3:  # a piece is missing
            del data[place : place + int(rng.integers(1, 200))]
        else:  # other bytes
            n = int(rng.integers(1, 200))
            data[place : place + n] = rng.bytes(n)
        yield bytes(data)


def test_mutated_files_are_refused_or_equal(
    network_file, network, images, tmp_path, nothing_happens
):
    expected, n_refused = network.predict_proba(images[0]), 0
    for content in mutations(network_file.read_bytes(), np.random.default_rng(0)):
        quietly((tmp_path / "damaged").write_bytes, content)
        try:
            again = load_model(tmp_path / "damaged")
        except ModelFileError:
            n_refused += 1
        else:
            np.testing.assert_array_equal(again.predict_proba(images[0]), expected)
    assert [file.name for file in tmp_path.iterdir()] == ["damaged"]
    print(f"{N_MUTATIONS} files: {n_refused} refused, the others equal")  # noqa: T201
    assert n_refused > N_MUTATIONS / 2


class Malicious:
    def __init__(self, sentinel):
        self.sentinel = sentinel

    def __reduce__(self):
        return os.mkdir, (str(self.sentinel),)


def refuse(file, match=None, **options):
    with pytest.raises(ModelFileError, match=match):
        load_model(file, **options)


@pytest.mark.parametrize("place", ["file", "estimator", "weights"])
def test_a_pickle_is_not_unpickled(place, linear_file, tmp_path, nothing_happens):
    sentinel, target = tmp_path / "sentinel", tmp_path / "forged"
    content = pickle.dumps(Malicious(sentinel))
    if place == "file":
        quietly(target.write_bytes, content)
    else:
        quietly(forge, linear_file, target, **{place: content})
    refuse(target)
    assert not sentinel.exists()


def state_of(loader, module, name, **rest):
    return {"__loader__": loader, "__module__": module, "__class__": name, **rest}


def text(value):
    return state_of("JsonNode", "builtins", "str", content=json.dumps(value))


def arguments(*values):
    return state_of("TupleNode", "builtins", "tuple", content=[*map(text, values)])


def call(module, name, *values):
    content = arguments(*values)
    return state_of("ConstructorFromReduceNode", module, name, content=content)


MALICIOUS = {
    "function": state_of("FunctionNode", "os", "system"),
    "type": state_of("TypeNode", "subprocess", "Popen"),
    "call": call("os", "mkdir", "sentinel"),
    "eval": call("builtins", "eval", "__import__('os').mkdir('sentinel')"),
    "fetch": call("skfusion.datasets._breastmnist", "fetch_breastmnist"),
    "loads": call("pickle", "loads", "x"),
    "cache": call("skfusion.feature_extraction._cache", "FeatureCache", "sentinel"),
    "list": state_of("ListNode", "os", "mkdir", content=[text("sentinel")]),
    "dict": state_of(
        "DictNode",
        "os",
        "getcwd",
        content={},
        key_types=state_of("ListNode", "builtins", "list", content=[]),
    ),
    "partial": state_of(
        "PartialNode",
        "functools",
        "partial",
        content={
            "func": state_of("FunctionNode", "os", "mkdir"),
            "args": arguments("sentinel"),
            "kwds": text(None),
            "namespace": text(None),
        },
    ),
    "method": state_of(
        "MethodNode",
        "skfusion.networks",
        "CNN17",
        content={"func": "x", "obj": state_of("ObjectNode", "skfusion", "CNN17")},
    ),
    "operator": state_of(
        "OperatorFuncNode", "operator", "methodcaller", attrs=arguments("mkdir")
    ),
    "module": state_of("ObjectNode", "antigravity", "x"),
    "unknown loader": state_of("EvilNode", "builtins", "str"),
    "endless": {"__loader__": "ListNode", "__module__": "builtins"},
}


@pytest.mark.parametrize("name", MALICIOUS)
def test_a_planted_object_is_refused(
    name, linear_file, tmp_path, monkeypatch, nothing_happens
):
    quietly(monkeypatch.chdir, tmp_path)

    def plant(schema):
        return MALICIOUS[name] | {k: schema[k] for k in ("protocol", "_skops_version")}

    refuse(quietly(forge_schema, linear_file, tmp_path / "forged", plant))
    assert not (tmp_path / "sentinel").exists()
    assert "antigravity" not in sys.modules


def test_a_planted_type_is_named(linear_file, tmp_path):
    def plant(schema):
        schema["content"]["content"]["steps"] = MALICIOUS["function"]

    file = forge_schema(linear_file, tmp_path / "forged", plant)
    refuse(file, match=r"trusted=\['os.system'\]")


def test_an_array_of_objects_is_not_unpickled(linear_file, tmp_path, nothing_happens):
    inner = members_of(members_of(linear_file.read_bytes())[archive.ESTIMATOR])
    buffer = io.BytesIO()
    array = np.array([Malicious(tmp_path / "sentinel")], dtype=object)
    np.save(buffer, array, allow_pickle=True)
    inner |= {name: buffer.getvalue() for name in inner if name.endswith(".npy")}
    target = tmp_path / "forged"
    refuse(quietly(forge, linear_file, target, estimator=pack(inner)))
    assert not (tmp_path / "sentinel").exists()


@pytest.mark.parametrize("name", ["../evil", "/evil", "..\\evil", "C:\\evil"])
@pytest.mark.parametrize("place", ["outer", "inner"])
def test_a_path_in_place_of_a_name_is_refused(name, place, linear_file, tmp_path):
    found = members_of(linear_file.read_bytes())
    target = tmp_path / "folder" / "forged"
    target.parent.mkdir()
    if place == "outer":
        target.write_bytes(pack(found | {name: b"evil"}))
    else:
        inner = members_of(found[archive.ESTIMATOR]) | {name: b"evil"}
        forge(linear_file, target, estimator=pack(inner))
    refuse(target, match="evil")
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["folder", "forged"]


def test_a_compressed_member_is_not_unpacked(linear_file, tmp_path):
    found = members_of(linear_file.read_bytes()) | {archive.WEIGHTS: bytes(10**7)}
    target = tmp_path / "bomb"
    target.write_bytes(pack(found, zipfile.ZIP_DEFLATED))
    assert target.stat().st_size < 10**5
    refuse(target, match="compressed")
    inner = members_of(found[archive.ESTIMATOR]) | {"1.npy": bytes(10**7)}
    forge(linear_file, target, estimator=pack(inner, zipfile.ZIP_DEFLATED))
    refuse(target, match="compressed")


def test_members_that_overlap_are_not_read(linear_file, tmp_path):
    content = bytearray(linear_file.read_bytes())
    # The directory states sizes of 2 GiB for a file of some kilobytes.
    place = content.rindex(b"PK\x01\x02")
    content[place + 20 : place + 28] = (2**31).to_bytes(4, "little") * 2
    (tmp_path / "bomb").write_bytes(content)
    refuse(tmp_path / "bomb", match="no larger")


def test_a_sparse_matrix_that_unpacks_to_too_much_is_not_read(
    linear_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(archive, "_MOST_UNPACKED", 2**20)
    inner = members_of(members_of(linear_file.read_bytes())[archive.ESTIMATOR])
    bomb = pack({"data.npy": bytes(2 * 2**20)}, zipfile.ZIP_DEFLATED)
    file = forge(
        linear_file, tmp_path / "bomb", estimator=pack(inner | {"1.npz": bomb})
    )
    refuse(file, match="MiB")


def test_a_member_that_has_changed_is_refused(linear_file, tmp_path):
    found = members_of(linear_file.read_bytes())
    found[archive.CARD] += b"For clinical use."
    (tmp_path / "changed").write_bytes(pack(found))
    refuse(tmp_path / "changed", match="model_card.md")
    with pytest.raises(ModelFileError, match="damaged"):
        model_card(tmp_path / "changed")


def test_a_newer_format_is_refused(linear_file, tmp_path):
    newer = {"format_version": archive.FORMAT_VERSION + 1, "skfusion": "9.9"}
    found = members_of(linear_file.read_bytes())
    manifest = json.loads(found[archive.MANIFEST]) | newer
    (tmp_path / "newer").write_bytes(
        pack({**found, archive.MANIFEST: json.dumps(manifest)})
    )
    refuse(tmp_path / "newer", match=r"written by skfusion '9.9'. Update")


def test_other_files_are_refused(tmp_path):
    for content in (b"", b"text", pack({"a": b"b"}), pack({archive.MANIFEST: b"{"})):
        (tmp_path / "other").write_bytes(content)
        refuse(tmp_path / "other")
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "missing")


def test_a_backbone_of_a_function_is_not_called_without_trust(
    network_file, tmp_path, nothing_happens
):
    manifest = json.loads(members_of(network_file.read_bytes())[archive.MANIFEST])
    part = dict(next(p for p in manifest["parts"].values() if p["kind"] == "net"))
    params = {"backbone": "antigravity:geohash", "n_classes": 2}
    part |= {"network": "TransferNetwork", "params": params}
    target, parts = tmp_path / "forged", dict.fromkeys(manifest["parts"], part)
    refuse(
        quietly(forge, network_file, target, about={"parts": parts}),
        match=r"trusted=\['antigravity:geohash'\]",
    )
    assert "antigravity" not in sys.modules


def test_an_unfitted_backbone_of_a_function_is_refused(linear_file, tmp_path):
    extractor = CNNFeatureExtractor("os:abort")
    model = make_pipeline(StandardScaler()).fit([[0.0]])
    model.extra = extractor
    refuse(save_model(model, tmp_path / "forged"), match="os:abort")


def test_a_cache_in_the_file_is_refused(linear_file, tmp_path):
    def plant(schema):
        schema["content"]["content"]["memory"] = text(str(tmp_path / "written"))

    refuse(forge_schema(linear_file, tmp_path / "forged", plant), match="memory=None")


def test_a_tree_that_leads_to_itself_is_refused(tmp_path):
    X, y = np.arange(8.0)[:, np.newaxis], np.arange(8) // 4
    model = DecisionTreeClassifier().fit(X, y)
    state = model.tree_.__getstate__()
    for field, value in [("left_child", 0), ("right_child", 99), ("feature", 7)]:
        nodes = state["nodes"].copy()
        nodes[field][0] = value
        model.tree_.__setstate__(state | {"nodes": nodes})
        refuse(save_model(model, tmp_path / "forged"), match="trees")


def test_weights_of_another_network_are_refused(network_file, tmp_path):
    found = members_of(network_file.read_bytes())
    tensors = load(found[archive.WEIGHTS])
    name = next(name for name in tensors if name.endswith("fully_connected.weight"))
    wrong = save(tensors | {name: torch.zeros(3, 3)})
    refuse(
        forge(network_file, tmp_path / "forged", weights=wrong), match="fit together"
    )
