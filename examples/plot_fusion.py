"""
======================================
Does a second modality help, and why?
======================================

A mammogram and an ultrasound image of one breast are fused in three ways. Each fusion
is compared with the better of the two images alone, on identical folds that no patient
crosses. Controls show where a gain comes from.

Without arguments the example runs on small **synthetic** pairs, which show how to use
the software and nothing about how well fusion does on patients. No public data set here
has both images of one woman. With the folders of real data sets, their images are
paired by label::

    python examples/plot_fusion.py \\
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
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_busi,
    load_rsna,
    make_breast_pairs,
    make_label_pairs,
)
from skfusion.exceptions import WeightsError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    DecisionFusionClassifier,
    MultiBranchCNNClassifier,
    make_feature_fusion,
)
from skfusion.images import ImageSource
from skfusion.model_selection import fusion_gain

BACKBONE = "mobilenet_v2"
RANDOM_NOTE = """\
Frozen features of random weights hold little information, and leave little to fuse. The
gain of the two-branch network over them is that of another model, not of fusion."""
COLUMNS = ["mammogram", "ultrasound"]
COMPLEMENTARITIES = (0.5, 0.0)
SYNTHETIC = {"n_samples": 150, "image_size": 96, "class_sep": 2.5}
SYNTHETIC_SETTINGS = {  # small, to save time
    "features": {"image_size": 96},
    "network": {"width": 8, "image_size": 48, "batch_size": 8, "max_epochs": 30},
    "gain": {"cv": 3},
}
REAL_SETTINGS = {"features": {}, "network": {}, "gain": {}}


# %%
# The pairs
# ---------
# Each sample is a row, with the path of an image in one column for each modality. For
# the synthetic pairs the possible gain is known. With a complementarity of 0.5, half of
# the lesions show their class in only one of the two images; a model of the other
# modality cannot recognise them. With 0, every lesion shows its class in both images.
# A lesion that shows its class shows it clearly, so that the errors of a good model are
# mostly lesions whose class is not visible.
#
# Real pairs that are made by label share a label, not a woman; the warning in their
# description is printed.


def parse_arguments():
    """Read the command line; no argument is required."""
    parser = argparse.ArgumentParser(description="Measure the gain of fusion.")
    parser.add_argument("--rsna", metavar="DIR", help="folder of RSNA (mammography)")
    parser.add_argument("--busi", metavar="DIR", help="folder of BUSI (ultrasound)")
    parser.add_argument(
        "--breast", metavar="DIR", help="folder of BrEaST-Lesions-USG (ultrasound)"
    )
    parser.add_argument(
        "--weights", metavar="FILE", help=f"ImageNet weights of {BACKBONE}"
    )
    parser.add_argument(
        "--output", metavar="DIR", default=".", help="folder of the figures"
    )
    arguments = parser.parse_args()
    has_ultrasound = bool(arguments.busi or arguments.breast)
    if bool(arguments.rsna) != has_ultrasound:
        parser.error("pairs need --rsna, and --busi or --breast or both")
    return arguments


def load_pairs(arguments, folder):
    """Pair the data sets that were passed, or draw pairs; return them by source."""
    if arguments.rsna is None:
        return {
            f"SYNTHETIC pairs, complementarity {share:g}": draw_pairs(share, folder)
            for share in COMPLEMENTARITIES
        }
    loaders = {load_busi: arguments.busi, load_breast_lesions_usg: arguments.breast}
    ultrasound = [load(path) for load, path in loaders.items() if path is not None]
    pairs = make_label_pairs(
        load_rsna(arguments.rsna), concat_datasets(*ultrasound), random_state=0
    )
    return {"label-made pairs": pairs}


def draw_pairs(complementarity, folder):
    """Draw synthetic pairs."""
    return make_breast_pairs(
        **SYNTHETIC,
        complementarity=complementarity,
        folder=Path(folder) / f"pairs_{complementarity:g}",
        random_state=0,
    )


def describe_pairs(pairs, source):
    """Count pairs, groups and malignant pairs, and describe the pairs."""
    lines = [
        f"Data: {source}; class 1 is {pairs.target_names[1]!r}",
        f"  {len(pairs.target)} pairs of {len(set(pairs.groups))} groups, "
        f"{pairs.target.mean():.1%} malignant",
    ]
    if "visible_in" in pairs.frame:
        counts = pairs.frame["visible_in"].value_counts().sort_index()
        seen = [f"{name} {count}" for name, count in counts.items()]
        lines.append("  class visible in: " + ", ".join(seen))
    if "paired_by" in pairs.data:
        warning = pairs.DESCR.partition("\n\n")[0]
        lines.append(textwrap.fill(f"WARNING: {warning}", 88))
    return "\n".join(lines)


# %%
# The weights
# -----------
# The frozen features come from a network that was trained on ImageNet. Without a file,
# torchvision downloads its weights. If that fails, the weights are random, which is
# only good enough to see that everything runs.


def find_weights(path, images):
    """Find weights of the backbone, try them, and return them with their origin."""
    weights = "DEFAULT" if path is None else path
    try:
        CNNFeatureExtractor(BACKBONE, weights=weights, image_size=32).fit(images)
    except WeightsError:
        if path is not None:
            raise
        return None, "RANDOM, as none could be downloaded"
    if path is None:
        return weights, "ImageNet, torchvision's default"
    return weights, f"from the file {Path(path).name}"


# %%
# The models
# ----------
# A single image is classified by frozen features and a logistic regression. The fusion
# of features concatenates the features of both images. The fusion of decisions computes
# the mean of two calibrated models. The network with two branches learns from both
# images, and how to combine them, from scratch.


def make_models(weights, cache, settings):
    """Make the model of single images of each column, and the fusions, by name."""
    features = CNNFeatureExtractor(
        BACKBONE, weights=weights, cache=cache, random_state=0, **settings["features"]
    )
    linear = LogisticRegression(C=0.01, max_iter=1000)
    image = make_pipeline(features, StandardScaler(), linear)
    single_models = [(column, image) for column in COLUMNS]
    each = [(column, features) for column in COLUMNS]
    network = MultiBranchCNNClassifier(COLUMNS, random_state=0, **settings["network"])
    return single_models, [
        ("features", make_feature_fusion(each, linear)),
        ("decisions", DecisionFusionClassifier(single_models, random_state=0)),
        ("two branches", network),
    ]


# %%
# The tables
# ----------
# The first table shows kappa of each model, with 95 % intervals from a bootstrap of
# whole groups. *Pooled* is one model of both modalities, *per modality* is one model
# for each; the *best single* modality is chosen in inner folds. The second table shows
# the gain over the best single modality, with a paired interval.
#
# A gain over a different type of model is not a gain of fusion. The network is trained
# from scratch on few pairs, unlike the single models, so compare it with itself on
# shuffled pairs. If the weights are random, the frozen features hold little information
# and leave little to fuse; then the gain of the network over them shows nothing about
# fusion, with any complementarity. The :ref:`chapter on fusion <fusion>` shows the
# second figure with pretrained weights.

MODELS = [
    *("mammogram", "ultrasound", "best single", "pooled", "per modality"),
    *("features", "decisions", "two branches"),
]
CONTROLS = {
    "shuffled within the class": "Each sample gets the ultrasound image of another "
    "woman of its class. The kappa that remains does not require two images of one "
    "woman: it is that of two looks at one label.",
    "shuffled across classes": "The ultrasound image holds no information any more. "
    "Kappa of the fusion must fall to that of the mammogram alone.",
    "presence only": "A classifier that sees which images are present, but no image. "
    "If its kappa is above 0, the choice of images gives the class away.",
}


def format_rows(rows, value):
    """Format one line per model: an estimate with its interval."""
    return "\n".join(
        f"  {row['model']:<14}{row[value]:7.3f} [{row['lower']:5.2f}, "
        f"{row['upper']:5.2f}]"
        for _, row in rows.iterrows()
    )


def format_controls(controls):
    """Format the meaning of each control, followed by its kappas."""
    lines = []
    for name, meaning in CONTROLS.items():
        rows = controls[controls["control"] == name]
        lines += [textwrap.fill(f"{name}: {meaning}", 88), format_rows(rows, "kappa")]
    return "\n".join(lines)


def print_report(result, source):
    """Print every table."""
    summary = result.summary.set_index("model").loc[MODELS].reset_index()
    print(f"\nKappa, {source}, identical grouped folds, 95 % intervals\n")
    print(format_rows(summary, "kappa"))
    print(f"\nGain over the best single modality, {source}, paired 95 % intervals\n")
    print(format_rows(result.gain, "gain"))
    print(f"\nControls, {source}: kappa with 95 % intervals\n")
    print(format_controls(result.controls) + "\n")


# %%
# The figures
# -----------
# The figures show some of the pairs, kappa and gain of each model, and each fusion with
# its controls. Models that read each image well gain if pairs are complementary, and
# gain little if they are not. Models that read the images badly may gain in both cases,
# because two looks at one label err less than one; the controls show this, too. In the
# third figure, the distance from the true pairs to those shuffled across classes is the
# contribution of the second image to this model. The distance to those shuffled within
# the class is the contribution of two images of one woman beyond two looks at one
# label.


def choose_examples(frame):
    """Choose a benign pair, and a malignant pair of each visibility."""
    is_malignant = frame["target"] == 1
    malignant = frame[is_malignant]
    if "visible_in" in frame:
        malignant = malignant.drop_duplicates("visible_in")
    return pd.concat([frame[~is_malignant].head(1), malignant.head(3)])


def read_column(examples, column):
    """Read the images of one column, as squares."""
    table = pd.DataFrame({"image": examples[column]})
    if f"{column}_inverted" in examples:
        table["inverted"] = examples[f"{column}_inverted"]
    return ImageSource(table, image_size=256)[:][..., 0]


def plot_pairs(pairs, source):
    """Draw example pairs, one per column, the mammogram above the ultrasound image."""
    examples = choose_examples(pairs.frame)
    figure, axes = plt.subplots(
        2, len(examples), figsize=(8, 4.8), squeeze=False, layout="constrained"
    )
    for row, column in zip(axes, COLUMNS, strict=True):
        for axis, image in zip(row, read_column(examples, column), strict=True):
            axis.imshow(image, cmap="gray")
            axis.set(xticks=[], yticks=[])
        row[0].set_ylabel(column)
    for axis, (_, example) in zip(axes[0], examples.iterrows(), strict=True):
        axis.set_title(caption(example), fontsize=10)
    figure.suptitle(source)
    return figure


def caption(example):
    """Return the class of a pair and, if known, the images that show it."""
    name = "malignant" if example["target"] else "benign"
    if "visible_in" not in example:
        return name
    return f"{name}\nvisible in {example['visible_in']}"


def plot_gains(results, origin):
    """Draw kappa and gain of each model, in one row of panels per data set."""
    figure, axes = plt.subplots(
        len(results),
        2,
        figsize=(9, 3.1 * len(results) + 0.6),
        sharex="col",
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for row, (source, result) in zip(axes, results.items(), strict=True):
        draw_forest(row[0], result.summary, "kappa")
        draw_forest(row[1], result.gain, "gain")
        row[0].set_title(source, fontsize=10, loc="left")
    axes[0, 0].set_yticks(range(len(MODELS)), MODELS)
    axes[0, 0].invert_yaxis()
    axes[-1, 0].set_xlabel("kappa")
    axes[-1, 1].set_xlabel("gain over the best single modality")
    figure.suptitle(f"95 % intervals; weights: {origin}")
    return figure


def draw_forest(axis, table, value):
    """Draw an estimate and its interval for each model."""
    axis.axvline(0, color="0.6", linewidth=0.8, linestyle=":")
    for _, row in table.iterrows():
        position = MODELS.index(row["model"])
        color = "C1" if position > MODELS.index("per modality") else "C0"
        axis.plot([row["lower"], row["upper"]], [position] * 2, color=color)
        axis.plot(row[value], position, "o", color=color)
    axis.spines[["top", "right"]].set_visible(False)


def plot_controls(results):
    """Draw kappa of each fusion on true and shuffled pairs, and of presence."""
    figure, axes = plt.subplots(
        1,
        len(results),
        figsize=(max(6, 4.5 * len(results)), 4),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axis, (source, result) in zip(axes[0], results.items(), strict=True):
        draw_controls(axis, result)
        axis.set_title(source, fontsize=10)
        axis.set_xlabel("kappa")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    figure.suptitle("Fusions and their controls, 95 % intervals")
    return figure


def draw_controls(axis, result):
    """Draw the controls of one data set."""
    fusions = list(result.gain["model"][2:])
    true = result.summary[result.summary["model"].isin(fusions)]
    table = pd.concat([true.assign(control="true pairs"), result.controls])
    presence = table.loc[table["control"] == "presence only", "kappa"].item()
    axis.axvline(presence, color="0.5", linestyle="--", label="presence only")
    names = ["true pairs", *list(CONTROLS)[:2]]
    for name, shift in zip(names, (-0.2, 0, 0.2), strict=True):
        rows = table[table["control"] == name].set_index("model").loc[fusions]
        errors = np.abs(rows[["lower", "upper"]].sub(rows["kappa"], axis=0)).T
        positions = np.arange(len(fusions)) + shift
        axis.errorbar(rows["kappa"], positions, xerr=errors, fmt="o", label=name)
    axis.set_yticks(range(len(fusions)), fusions)
    axis.set_ylim(len(fusions) - 0.5, -0.5)
    axis.spines[["top", "right"]].set_visible(False)


# %%
# The measurement
# ---------------


def measure(pairs, weights, folder):
    """Measure the gain of fusion on some pairs."""
    settings = SYNTHETIC_SETTINGS if "visible_in" in pairs.frame else REAL_SETTINGS
    single_models, fusions = make_models(weights, Path(folder) / "cache", settings)
    return fusion_gain(
        single_models,
        fusions,
        pairs.data,
        pairs.target,
        verbose=1,
        **settings["gain"],
    )


def main():
    """Measure the gains, print the tables, draw and save the figures."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        data = load_pairs(arguments, folder)
        source, pairs = next(iter(data.items()))
        weights, origin = find_weights(arguments.weights, pairs.data["mammogram"][:2])
        print(f"Weights of the pretrained {BACKBONE}: {origin}\n")
        if weights is None:
            print(RANDOM_NOTE + "\n")
        figures = {"fusion_pairs.png": plot_pairs(pairs, source)}
        results = {}
        for source, pairs in data.items():
            print(describe_pairs(pairs, source))
            results[source] = measure(pairs, weights, folder)
            print_report(results[source], source)
    figures["fusion_gain.png"] = plot_gains(results, origin)
    figures["fusion_controls.png"] = plot_controls(results)
    if "sphinx_gallery" not in sys.modules:  # the gallery shows the figures itself
        save(figures, Path(arguments.output))


def save(figures, folder):
    """Save the figures and print their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=150)
        print(f"Saved {folder / name}")


if __name__ == "__main__":
    main()
