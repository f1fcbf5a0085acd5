"""The main job, with stand-ins for the networks; and, slowly, as it stands."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from sklearn.dummy import DummyClassifier

from skfusion.datasets import make_breast_images
from skfusion.model_selection import compare_models

SCRIPT = Path(__file__).parents[2] / "examples" / "plot_compare_models.py"


@pytest.fixture(scope="module")
def example():
    if not SCRIPT.exists():
        pytest.skip("the examples are not in this installation")
    spec = importlib.util.spec_from_file_location("plot_compare_models", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_breast_images(
        40,
        modality="both",
        image_size=16,
        n_views=2,
        folder=tmp_path_factory.mktemp("images"),
        random_state=0,
    )


@pytest.fixture(scope="module")
def comparison(data):
    models = [
        ("prior", DummyClassifier()),
        ("coin", DummyClassifier(strategy="uniform", random_state=0)),
    ]
    return compare_models(models, data.data, data.target, cv=3)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_report_has_every_table_and_says_what_it_is(example, comparison, capsys):
    example.print_report(comparison, "SYNTHETIC images")
    printed = capsys.readouterr().out
    for text in ("kappa per fold", "accuracy per fold", "fold 3", "prevalence"):
        assert text in printed
    for modality in ("all: 40 images", "mammography: 20", "ultrasound: 20"):
        assert modality in printed
    assert printed.count("SYNTHETIC") == 2


def test_the_papers_rows_are_marked_as_another_protocol(example, comparison, capsys):
    example.print_report(comparison, "SYNTHETIC images")
    paper = capsys.readouterr().out.partition("ANOTHER PROTOCOL")[2]
    for number in ("0.780", "0.559", "0.846", "0.694", "0.964", "0.927"):
        assert number in paper
    assert "10.3390/tomography10120145" in paper


def test_the_printed_kappa_is_that_of_the_summary(example, comparison):
    text = example.format_summary(comparison.summary)
    row = comparison.summary.query(
        "model == 'coin' and modality == 'ultrasound' and measure == 'kappa'"
    ).iloc[0]
    line = text.partition("ultrasound")[2].partition("coin")[2].splitlines()[0]
    assert f"{row['estimate']:.3f} [{row['lower']:5.2f}, {row['upper']:5.2f}]" in line


def test_the_data_are_counted_by_modality(example, data):
    text = example.describe_data(data, "SYNTHETIC images")
    assert "20 images of   10 groups" in text
    assert "SYNTHETIC" in text


def test_the_figures_are_labelled(example, comparison, data, tmp_path):
    figures = {
        "kappa.png": example.plot_folds(comparison.folds, "SYNTHETIC images"),
        "confusion.png": example.plot_confusions(
            comparison.predictions, data.target_names, "SYNTHETIC images"
        ),
    }
    example.save(figures, tmp_path / "figures")
    for name, figure in figures.items():
        assert "SYNTHETIC" in figure.get_suptitle()
        assert (tmp_path / "figures" / name).stat().st_size > 5_000
    assert [len(figure.axes) for figure in figures.values()] == [3, 4]


def test_a_single_modality_has_a_single_panel(example, comparison):
    folds = comparison.folds
    figure = example.plot_folds(
        folds[folds["modality"] != "mammography"], "real images"
    )
    assert len(figure.axes) == 1


def test_the_confusion_matrices_hold_every_prediction(example, comparison, data):
    figure = example.plot_confusions(comparison.predictions, data.target_names, "x")
    counts = [int(t.get_text().split()[0]) for axis in figure.axes for t in axis.texts]
    assert sum(counts) == 2 * len(data.target)


def test_without_folders_the_data_are_synthetic(example, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["plot_compare_models.py"])
    monkeypatch.setitem(example.SYNTHETIC, "n_samples", 8)
    data, kind = example.load_data(example.parse_arguments(), tmp_path)
    assert kind == "SYNTHETIC images"
    assert set(data.data["modality"]) == {"mammography", "ultrasound"}


def test_weights_that_cannot_be_downloaded_are_random_and_say_so(
    example, data, monkeypatch
):
    def fail(self, X, y=None):
        raise example.WeightsError("no network")

    monkeypatch.setattr(example.CNNFeatureExtractor, "fit", fail)
    weights, origin = example.find_weights(None, data.data.head(2))
    assert weights is None
    assert "RANDOM" in origin


def test_weights_from_a_file_are_named_without_their_folder(example, data, monkeypatch):
    monkeypatch.setattr(example.CNNFeatureExtractor, "fit", lambda self, X: self)
    weights, origin = example.find_weights("secret/mobilenet.pth", data.data.head(2))
    assert weights == "secret/mobilenet.pth"
    assert "mobilenet.pth" in origin
    assert "secret" not in origin


def test_a_missing_weights_file_stops_at_once(example, data, tmp_path):
    with pytest.raises(example.WeightsError, match=r"mobilenet\.pth"):
        example.find_weights(str(tmp_path / "mobilenet.pth"), data.data.head(2))


def test_the_models_are_those_of_the_issue(example):
    names = [name for name, _ in example.make_models(None, image_size=32)]
    assert names == [
        "Frozen features + SVM",
        "Frozen features + forest",
        "Transfer learning",
        "17-layer CNN",
    ]


def run_script(folder, *arguments):
    command = [sys.executable, str(SCRIPT), "--output", str(folder), *arguments]
    environment = os.environ | {"MPLBACKEND": "Agg"}
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.slow
def test_the_script_runs_on_synthetic_images(tmp_path):
    printed = run_script(tmp_path)
    assert "SYNTHETIC" in printed
    assert "17-layer CNN" in printed
    assert len(list(tmp_path.glob("*.png"))) == 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_script_runs_on_real_images(tmp_path, data_folder, weights_folder):
    weights = weights_folder / "mobilenet_v2_from_int8-444fed79.pth"
    printed = run_script(
        tmp_path,
        *("--breast", str(data_folder / "breast_lesions_usg")),
        *("--weights", str(weights), "--image-size", "64"),
    )
    assert "SYNTHETIC" not in printed
    assert "ultrasound: " in printed
    assert weights.name in printed
