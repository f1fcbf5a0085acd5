"""What fusion gains, with stand-ins for the models; and, slowly, as it stands."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from skfusion.datasets import make_breast_images, make_breast_pairs, make_label_pairs
from skfusion.fusion import ImageLevelClassifier
from skfusion.model_selection import fusion_gain

SCRIPT = Path(__file__).parents[2] / "examples" / "plot_fusion.py"
COLUMNS = ["mammogram", "ultrasound"]


@pytest.fixture(scope="module")
def example():
    if not SCRIPT.exists():
        pytest.skip("the examples are not in this installation")
    spec = importlib.util.spec_from_file_location("plot_fusion", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return make_breast_pairs(
        24,
        complementarity=0.5,
        image_size=16,
        folder=tmp_path_factory.mktemp("pairs"),
        random_state=0,
    )


@pytest.fixture(scope="module")
def label_pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("label_pairs")
    both = [
        make_breast_images(
            12, modality=name, image_size=16, folder=folder / name, random_state=0
        )
        for name in ("mammography", "ultrasound")
    ]
    return make_label_pairs(*both, n_blocks=3, random_state=0)


@pytest.fixture(scope="module")
def result(pairs):
    coin = DummyClassifier(strategy="uniform", random_state=0)
    fusion = ImageLevelClassifier(coin, COLUMNS)
    return fusion_gain(
        [(column, coin) for column in COLUMNS],
        [(name, fusion) for name in ("features", "decisions", "two branches")],
        pairs.data,
        pairs.target,
        cv=2,
        inner_cv=2,
        n_resamples=20,
    )


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def parse(example, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["plot_fusion.py", *arguments])
    return example.parse_arguments()


def test_without_folders_there_are_synthetic_pairs_of_two_kinds(
    example, tmp_path, monkeypatch
):
    monkeypatch.setitem(example.SYNTHETIC, "n_samples", 8)
    data = example.load_pairs(parse(example, monkeypatch), tmp_path)
    assert all(kind.startswith("SYNTHETIC") for kind in data)
    half, none = (pairs.frame["visible_in"] for pairs in data.values())
    assert (half != "both").sum() == 4
    assert (none == "both").all()


@pytest.mark.parametrize("given", [("--rsna", "a"), ("--busi", "a", "--breast", "b")])
def test_one_modality_makes_no_pairs(example, monkeypatch, given):
    with pytest.raises(SystemExit):
        parse(example, monkeypatch, *given)


@pytest.mark.parametrize("given", [("--busi",), ("--breast",), ("--busi", "--breast")])
def test_real_images_are_paired_by_label(example, tmp_path, monkeypatch, capsys, given):
    def load(modality, path):
        return make_breast_images(
            40,
            modality=modality,
            image_size=16,
            folder=tmp_path / path,
            random_state=0,
        )

    monkeypatch.setattr(example, "load_rsna", lambda path: load("mammography", path))
    for name in ("load_busi", "load_breast_lesions_usg"):
        monkeypatch.setattr(
            example, name, lambda path, name=name: load("ultrasound", name)
        )
    given = [part for option in given for part in (option, option.strip("-"))]
    arguments = parse(example, monkeypatch, "--rsna", "rsna", *given)
    ((kind, pairs),) = example.load_pairs(arguments, tmp_path).items()
    assert kind == "label-made pairs"
    text = " ".join(example.describe_pairs(pairs, kind).split())
    assert "WARNING: Each pair shares a label, not a woman" in text


def test_the_pairs_are_counted(example, pairs):
    text = example.describe_pairs(pairs, "SYNTHETIC pairs")
    assert "24 pairs of 24 groups, 50.0% malignant" in text
    assert "both 12, mammogram 6, ultrasound 6" in text
    assert "WARNING" not in text


def test_the_report_has_every_table_and_says_what_the_controls_mean(
    example, result, capsys
):
    example.print_report(result, "SYNTHETIC pairs")
    printed = capsys.readouterr().out
    assert printed.count("SYNTHETIC") == 3
    for model in example.MODELS:
        assert model in printed
    for control in result.controls["control"]:
        assert f"{control}: " in printed


def test_the_printed_gain_is_that_of_the_table(example, result):
    row = result.gain.iloc[-1]
    line = example.format_rows(result.gain, "gain").splitlines()[-1]
    assert line.split()[:2] == ["two", "branches"]
    assert f"{row['gain']:.3f} [{row['lower']:5.2f}, {row['upper']:5.2f}]" in line


def test_the_example_pairs_are_captioned(example, pairs):
    figure = example.plot_pairs(pairs, "SYNTHETIC pairs")
    captions = [axis.get_title() for axis in figure.axes[:4]]
    assert captions[0].startswith("benign")
    assert {text.split()[-1] for text in captions[1:]} == {"both", *COLUMNS}


def test_label_made_pairs_are_captioned_by_class_only(example, label_pairs):
    figure = example.plot_pairs(label_pairs, "label-made pairs")
    captions = {axis.get_title() for axis in figure.axes}
    assert captions == {"benign", "malignant", ""}


def test_inverted_images_are_shown_the_right_way(example, label_pairs):
    examples = example.choose_examples(label_pairs.frame)
    plain = example.read_column(examples, "mammogram")
    inverted = example.read_column(
        examples.assign(mammogram_inverted=True), "mammogram"
    )
    assert np.corrcoef(plain.ravel(), inverted.ravel())[0, 1] < 0


def test_the_figures_hold_what_was_measured(example, result, tmp_path):
    results = {"SYNTHETIC a": result, "SYNTHETIC b": result}
    figures = {
        "gain.png": example.plot_gains(results, "random"),
        "controls.png": example.plot_controls(results),
    }
    example.save(figures, tmp_path / "figures")
    for name, figure in figures.items():
        titles = [axis.get_title() + axis.get_title("left") for axis in figure.axes]
        assert {"SYNTHETIC a", "SYNTHETIC b"} <= set(titles)
        assert (tmp_path / "figures" / name).stat().st_size > 5_000
    points = [
        line.get_xdata()[0]
        for line in figures["gain.png"].axes[1].lines
        if line.get_marker() == "o"
    ]
    assert points == result.gain["gain"].tolist()


def test_weights_that_cannot_be_downloaded_are_random_and_say_so(
    example, pairs, monkeypatch
):
    def fail(self, X, y=None):
        raise example.WeightsError("no network")

    monkeypatch.setattr(example.CNNFeatureExtractor, "fit", fail)
    weights, origin = example.find_weights(None, pairs.data["mammogram"][:2])
    assert weights is None
    assert "RANDOM" in origin


def test_weights_from_a_file_are_named_without_their_folder(
    example, pairs, monkeypatch
):
    monkeypatch.setattr(example.CNNFeatureExtractor, "fit", lambda self, X: self)
    images = pairs.data["mammogram"][:2]
    weights, origin = example.find_weights("secret/mobilenet.pth", images)
    assert weights == "secret/mobilenet.pth"
    assert "mobilenet.pth" in origin
    assert "secret" not in origin


def test_a_missing_weights_file_stops_at_once(example, pairs, tmp_path):
    path = str(tmp_path / "mobilenet.pth")
    with pytest.raises(example.WeightsError, match=r"mobilenet\.pth"):
        example.find_weights(path, pairs.data["mammogram"][:2])


def test_there_are_three_fusions(example, tmp_path):
    single, fusions = example.make_models(None, tmp_path, example.REAL_SETTINGS)
    assert [column for column, _ in single] == COLUMNS
    assert [name for name, _ in fusions] == ["features", "decisions", "two branches"]


@pytest.mark.slow
def test_the_script_runs_on_synthetic_pairs(tmp_path):
    printed = subprocess.run(
        [sys.executable, str(SCRIPT), "--output", str(tmp_path)],
        env=os.environ | {"MPLBACKEND": "Agg"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "SYNTHETIC pairs, complementarity 0.5" in printed
    assert "presence only" in printed
    assert len(list(tmp_path.glob("*.png"))) == 3
