"""
==========================================
Compare four models by kappa, per modality
==========================================

This example shows the main use of skfusion. Four models of breast images are compared
on identical folds that no patient crosses. Each model is scored by Cohen's kappa and
accuracy, per fold, pooled, and separately for mammography and ultrasound.

Without arguments the example runs on small **synthetic** images, which show how to use
the software and nothing about how well a model does on patients. With the folders of
the real data sets it runs on these::

    python examples/plot_compare_models.py \\
        --rsna rsna --busi busi --breast breast_lesions_usg --weights mobilenet_v2.pth

Nothing here is for clinical use.
"""

import argparse
import sys
import tempfile
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import confusion_matrix
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_busi,
    load_rsna,
    make_breast_images,
)
from skfusion.exceptions import WeightsError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler

BACKBONE = "mobilenet_v2"
SYNTHETIC = {"n_samples": 200, "n_views": 2, "image_size": 64}
SYNTHETIC_SETTINGS = {  # small, to save time
    "transfer": {"max_epochs": 2},
    "custom": {"max_epochs": 12, "width": 12},
}


# %%
# The data
# --------
# Each sample is a row: the path of an image, its modality, and its group, which must
# not be on both sides of a split (the patient, or a family of near-duplicates). The
# data sets that are passed are pooled.


def parse_arguments():
    """Read the command line; no argument is required."""
    parser = argparse.ArgumentParser(description="Compare four models by kappa.")
    parser.add_argument("--rsna", metavar="DIR", help="folder of RSNA (mammography)")
    parser.add_argument("--busi", metavar="DIR", help="folder of BUSI (ultrasound)")
    parser.add_argument(
        "--breast", metavar="DIR", help="folder of BrEaST-Lesions-USG (ultrasound)"
    )
    parser.add_argument(
        "--weights", metavar="FILE", help=f"ImageNet weights of {BACKBONE}"
    )
    parser.add_argument(
        "--image-size",
        metavar="N",
        type=int,
        help="side of the images in pixels (default: that of each model)",
    )
    parser.add_argument(
        "--output", metavar="DIR", default=".", help="folder of the figures"
    )
    return parser.parse_args()


def load_data(arguments, folder):
    """Load the data sets that were passed, or draw synthetic images into a folder."""
    loaders = {
        load_rsna: arguments.rsna,
        load_busi: arguments.busi,
        load_breast_lesions_usg: arguments.breast,
    }
    bunches = [load(path) for load, path in loaders.items() if path is not None]
    if bunches:
        return concat_datasets(*bunches), "real images"
    data = make_breast_images(
        **SYNTHETIC, modality="both", folder=folder, random_state=0
    )
    return data, "SYNTHETIC images"


# %%
# The weights
# -----------
# Two of the models start from a network that was trained on ImageNet. Without a file,
# torchvision downloads its weights. If that fails, the weights are random, which is
# only good enough to see that everything runs.


def find_weights(path, X):
    """Find weights of the backbone, try them, and return them with their origin."""
    weights = "DEFAULT" if path is None else path
    try:
        CNNFeatureExtractor(BACKBONE, weights=weights, image_size=32).fit(X)
    except WeightsError:
        if path is not None:
            raise
        return None, "RANDOM (no file was passed, and none could be downloaded)"
    if path is None:
        return weights, "ImageNet, torchvision's default"
    return weights, f"from the file {Path(path).name}"


# %%
# The models
# ----------
# The models are frozen features with an SVM and with a random forest, a pretrained
# network that is trained further, and a 17-layer network that is trained from scratch.
# In each model, the classes are balanced *inside* the pipeline, so that no copy of a
# training image ever reaches a test fold. ``by="modality"`` balances them inside each
# modality, so that the modality does not give the class away.


def make_models(weights, image_size=None, settings=None):
    """Make the models by name; None means the default of each model."""
    size = {} if image_size is None else {"image_size": image_size}
    settings = {"transfer": {}, "custom": {}} if settings is None else settings
    features = CNNFeatureExtractor(BACKBONE, weights=weights, random_state=0, **size)
    balance = ImageOverSampler(by="modality", random_state=0)
    svm = make_pipeline(features, StandardScaler(), SMOTE(random_state=0), SVC())
    # Trees need no scaling, but treat the tiny features of random weights as constant.
    forest = make_pipeline(
        balance, features, StandardScaler(), RandomForestClassifier(random_state=0)
    )
    transfer = TransferCNNClassifier(
        BACKBONE, weights=weights, random_state=0, **size, **settings["transfer"]
    )
    custom = CNN17Classifier(
        early_stopping=True, random_state=0, **size, **settings["custom"]
    )
    return [
        ("Frozen features + SVM", svm),
        ("Frozen features + forest", forest),
        ("Transfer learning", make_pipeline(balance, transfer)),
        ("17-layer CNN", make_pipeline(RandomOverSampler(random_state=0), custom)),
    ]


# %%
# The tables
# ----------
# The first tables show kappa and accuracy of every fold. The next ones show those of
# the pooled out-of-fold predictions, for all images and for each modality, with 95 %
# intervals from a bootstrap of whole patients. They also show the prevalence of the
# malignant class, because kappa depends on it.
#
# The rows of the paper behind this project are printed below them. They come from
# another protocol on other data with nearly balanced classes, and the abstract does not
# state the split: they cannot be compared with ours.

PAPER = """\
  accuracy  kappa  model
     0.780  0.559  pretrained CNN + classical classifier
     0.846  0.694  transfer learning
     0.964  0.927  its own 17-layer CNN
  Wang et al., Tomography 2024, 10(12):2038-2057, doi:10.3390/tomography10120145"""


MEASURES = ("kappa", "accuracy", "prevalence")


def describe_data(data, source):
    """Count images, groups and malignant images of each modality."""
    X = data.data.assign(target=data.target)
    lines = [f"Data: {source}; class 1 is {data.target_names[1]!r}"]
    for modality, part in X.groupby("modality"):
        lines.append(
            f"  {modality:<12} {len(part):5d} images of {part['group'].nunique():4d} "
            f"groups, {part['target'].mean():.1%} malignant"
        )
    return "\n".join(lines)


def format_folds(folds):
    """Format kappa and accuracy of each fold."""
    whole = folds[folds["modality"] == "all"]
    names = [f"fold {fold + 1}" for fold in sorted(whole["fold"].unique())]
    lines = []
    for measure in ("kappa", "accuracy"):
        header = "".join(f"{name:>9}" for name in names)
        lines.append(f"{measure + ' per fold':<26}{header}{'mean':>9}")
        for model, part in whole.groupby("model", sort=False):
            values = [*part.sort_values("fold")[measure], part[measure].mean()]
            lines.append(f"  {model:<24}" + "".join(f"{v:9.3f}" for v in values))
    return "\n".join(lines)


def format_summary(summary):
    """Format kappa, accuracy and prevalence of the pooled predictions."""
    header = "".join(f"{name:>13}{'':12}" for name in MEASURES)
    lines = [f"{'pooled':<28}{header}".rstrip()]
    for modality, part in summary.groupby("modality", sort=False):
        n, n_groups = part[["n", "n_groups"]].iloc[0]
        lines.append(f"  {modality}: {n} images of {n_groups} groups")
        for model, rows in part.groupby("model", sort=False):
            rows = rows.set_index("measure")
            cells = [format_interval(rows.loc[measure]) for measure in MEASURES]
            lines.append(f"    {model:<24}" + "".join(cells))
    return "\n".join(lines)


def format_interval(row):
    """Format an estimate and its bounds with a fixed width."""
    return f"{row['estimate']:10.3f} [{row['lower']:5.2f}, {row['upper']:5.2f}]"


def print_report(comparison, source):
    """Print every table."""
    print(f"\n{source}, kappa and accuracy, identical patient-grouped folds\n")
    print(format_folds(comparison.folds))
    print(f"\nOut-of-fold predictions on {source}, 95 % intervals clustered by group\n")
    print(format_summary(comparison.summary))
    print("\nFor orientation only, ANOTHER PROTOCOL on other data: the paper's rows\n")
    print(PAPER)


# %%
# The figures
# -----------
# The kappas of the folds vary widely: a single fold shows little. The confusion
# matrices, one for each modality and model, show which errors lead to a kappa; their
# shade is the share of each true class.


def plot_folds(folds, source):
    """Draw box plots of the kappas of the folds, for all images and each modality."""
    modalities = panels(folds)
    models = list(folds["model"].unique())
    figure, axes = plt.subplots(
        1,
        len(modalities),
        figsize=(max(8, 3.2 * len(modalities)), 4),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axis, modality in zip(axes[0], modalities, strict=True):
        part = folds[folds["modality"] == modality]
        kappas = [part.loc[part["model"] == name, "kappa"].dropna() for name in models]
        axis.axhline(0, color="0.6", linewidth=0.8, linestyle=":")
        boxes = axis.boxplot(kappas, widths=0.55, showfliers=False, patch_artist=True)
        for number, values in enumerate(kappas):
            color = f"C{number}"
            boxes["boxes"][number].set(facecolor=color, alpha=0.35, edgecolor="0.3")
            jitter = np.linspace(-0.12, 0.12, len(values)) + number + 1
            axis.plot(jitter, values, "o", color=color, markersize=4)
        plt.setp(boxes["medians"], color="0.15", linewidth=1.5)
        axis.set_xticks([])
        axis.set_title(modality if modality != "all" else "all images")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("Cohen's kappa of a fold")
    figure.legend(boxes["boxes"], models, loc="outside lower center", ncols=4)
    n_folds = folds["fold"].nunique()
    figure.suptitle(f"{source}: kappa of {n_folds} patient-grouped folds")
    return figure


def plot_confusions(predictions, target_names, source):
    """Draw the confusion matrix of each model (column) in each modality (row)."""
    models = list(predictions["model"].unique())
    modalities = sorted(predictions["modality"].unique())
    figure, axes = plt.subplots(
        len(modalities),
        len(models),
        figsize=(2.5 * len(models) + 1, 2.4 * len(modalities) + 0.9),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for row, modality in enumerate(modalities):
        for column, model in enumerate(models):
            part = predictions[
                (predictions["modality"] == modality) & (predictions["model"] == model)
            ]
            draw_confusion(axes[row, column], part, target_names)
            if row == 0:
                axes[row, column].set_title(model, fontsize=10)
        axes[row, 0].set_ylabel(f"{modality}\n\ntrue class")
    figure.supxlabel("predicted class", fontsize=10)
    figure.suptitle(f"{source}: out-of-fold predictions, share of the true class")
    return figure


def draw_confusion(axis, part, target_names):
    """Draw one matrix: counts, shaded by the share of the true class."""
    counts = confusion_matrix(part["y_true"], part["y_pred"], labels=[0, 1])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for true, predicted in np.ndindex(counts.shape):
        share = shares[true, predicted]
        axis.text(
            predicted,
            true,
            f"{counts[true, predicted]}\n{share:.0%}",
            ha="center",
            va="center",
            color="white" if share > 0.5 else "black",
        )
    names = [textwrap.fill(name, 15) for name in target_names]
    axis.set_xticks([0, 1], names, fontsize=8)
    axis.set_yticks([0, 1], names, fontsize=8, rotation=90, va="center", ma="center")


def panels(folds):
    """Return "all" and each modality, or only "all" if there is one modality."""
    modalities = sorted(set(folds["modality"]) - {"all"})
    return ["all", *modalities] if len(modalities) > 1 else ["all"]


# %%
# The comparison
# --------------


def main():
    """Compare the models, print the tables, draw and save the figures."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        data, source = load_data(arguments, folder)
        print(describe_data(data, source))
        weights, origin = find_weights(arguments.weights, data.data.head(2))
        print(f"Weights of the pretrained {BACKBONE}: {origin}")
        is_synthetic = source.startswith("SYNTHETIC")
        models = make_models(
            weights,
            arguments.image_size or (SYNTHETIC["image_size"] if is_synthetic else None),
            SYNTHETIC_SETTINGS if is_synthetic else None,
        )
        comparison = compare_models(models, data.data, data.target, verbose=1)
    print_report(comparison, source)
    figures = {
        "compare_models_kappa.png": plot_folds(comparison.folds, source),
        "compare_models_confusion.png": plot_confusions(
            comparison.predictions, data.target_names, source
        ),
    }
    if "sphinx_gallery" not in sys.modules:  # the gallery shows the figures itself
        save(figures, Path(arguments.output))


def save(figures, folder):
    """Save the figures and print their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    print()
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=150)
        print(f"Saved {folder / name}")


if __name__ == "__main__":
    main()
