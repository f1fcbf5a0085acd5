"""
======================================
Does a second modality help, and why?
======================================

A mammogram and an ultrasound image of one breast are put together in three ways, and
each is compared with the better of the two alone, on identical folds that no patient
crosses. Controls say what a gain is made of.

Without arguments it runs on small **synthetic** pairs, which show how the software is
used and nothing about how well fusion does on patients. No public data set here has
both images of one woman. With the folders of real ones, their images are paired by
their label::

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
Frozen features of random weights see little, and leave little to fuse. What the network
of two branches gains over them is that of another model, not of fusion."""
COLUMNS = ["mammogram", "ultrasound"]
COMPLEMENTARITIES = (0.5, 0.0)
SYNTHETIC = {"n_samples": 150, "image_size": 96, "class_sep": 2.5}
SYNTHETIC_SETTINGS = {  # small, for the time it takes
    "features": {"image_size": 96},
    "network": {"width": 8, "image_size": 48, "batch_size": 8, "max_epochs": 30},
    "gain": {"cv": 3},
}
REAL_SETTINGS = {"features": {}, "network": {}, "gain": {}}


# %%
# The pairs
# ---------
# Each sample is a row, with the path of an image in a column for each modality. Of the
# synthetic pairs it is known how much there is to gain. With a complementarity of 0.5
# half of the lesions show their class in one of the two images only; no model of one
# modality can know the others. With 0 every lesion shows it in both. Where a lesion
# shows its class, it shows it clearly: what a good model then lacks is what it cannot
# see.
#
# Real pairs made by label share a label and no woman; the warning that comes with them
# is printed.


def parse_arguments():
    """Read the command line; there is nothing to give where there is none."""
    parser = argparse.ArgumentParser(description="Measure what fusion gains.")
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
    """Pair the data sets that are given, or draw pairs into a folder; by their kind."""
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


def describe_pairs(pairs, kind):
    """Count pairs, groups and malignant ones, and say what the pairs are."""
    lines = [
        f"Data: {kind}; class 1 is {pairs.target_names[1]!r}",
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
# torchvision downloads its weights; where that fails, the weights are random, which is
# good enough to see that everything runs.


def find_weights(path, images):
    """Weights of the backbone, tried on some images, and what they are."""
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
# of features puts those of both images side by side; the fusion of decisions takes the
# mean of two calibrated models; the network of two branches learns both images, and
# how to combine them, from scratch.


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
# Kappa of each model, with 95 % intervals from a bootstrap of whole groups. *Pooled* is
# one model of both modalities, *per modality* a model for each; the *best single* one
# is chosen in inner folds. The gain is that over the best single modality, with a
# paired interval.
#
# A gain over another *kind* of model is no gain of fusion. The network, learnt from
# scratch from few pairs, is not of the kind of the single models, so compare it with
# itself on shuffled pairs. Where the weights are random, the frozen features see little
# and leave little to fuse, and what the network gains over them says nothing of fusion,
# whatever the complementarity. The :ref:`chapter on fusion <fusion>` shows the second
# figure with pretrained weights.

MODELS = [
    *("mammogram", "ultrasound", "best single", "pooled", "per modality"),
    *("features", "decisions", "two branches"),
]
CONTROLS = {
    "shuffled within the class": "Each sample gets the ultrasound image of another "
    "woman of its class. What kappa keeps needs no two images of one woman: it is "
    "that of two looks at one label.",
    "shuffled across classes": "The ultrasound image tells nothing any more. Fusion "
    "must fall to what the mammogram alone tells.",
    "presence only": "A classifier that sees which images are there, and none of them. "
    "Above 0, which images were taken gives the class away.",
}


def format_rows(rows, value):
    """One line a model: an estimate with its interval."""
    return "\n".join(
        f"  {row['model']:<14}{row[value]:7.3f} [{row['lower']:5.2f}, "
        f"{row['upper']:5.2f}]"
        for _, row in rows.iterrows()
    )


def format_controls(controls):
    """Kappa of each control, below what it says."""
    lines = []
    for name, meaning in CONTROLS.items():
        rows = controls[controls["control"] == name]
        lines += [textwrap.fill(f"{name}: {meaning}", 88), format_rows(rows, "kappa")]
    return "\n".join(lines)


def print_report(result, kind):
    """Print every table."""
    summary = result.summary.set_index("model").loc[MODELS].reset_index()
    print(f"\nKappa, {kind}, identical grouped folds, 95 % intervals\n")
    print(format_rows(summary, "kappa"))
    print(f"\nGain over the best single modality, {kind}, paired 95 % intervals\n")
    print(format_rows(result.gain, "gain"))
    print(f"\nControls, {kind}: kappa with 95 % intervals\n")
    print(format_controls(result.controls) + "\n")


# %%
# The figures
# -----------
# Some of the pairs; kappa and gain of each model; and each fusion beside its controls.
# Models that read each image well gain where pairs are complementary, and little where
# they are not. Models that read them badly may gain in both, for two looks at one label
# err less than one: that, too, is what the controls are for. In the third figure, the
# distance from the true pairs to those shuffled across classes is what the second image
# gave to this very model; the distance to those shuffled within the class is what two
# images of one woman gave beyond two looks at one label.


def choose_examples(frame):
    """Choose a benign pair, and a malignant one of each visibility."""
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


def plot_pairs(pairs, kind):
    """Example pairs: each a column, the mammogram above the ultrasound image."""
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
    figure.suptitle(kind)
    return figure


def caption(example):
    """Class of a pair and, if it is known, where it shows."""
    name = "malignant" if example["target"] else "benign"
    if "visible_in" not in example:
        return name
    return f"{name}\nvisible in {example['visible_in']}"


def plot_gains(results, origin):
    """Forest plot: kappa and gain of each model; a row of panels for each data set."""
    figure, axes = plt.subplots(
        len(results),
        2,
        figsize=(9, 3.1 * len(results) + 0.6),
        sharex="col",
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for row, (kind, result) in zip(axes, results.items(), strict=True):
        draw_forest(row[0], result.summary, "kappa")
        draw_forest(row[1], result.gain, "gain")
        row[0].set_title(kind, fontsize=10, loc="left")
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
    """Kappa of each fusion on the true pairs and on shuffled ones, and of presence."""
    figure, axes = plt.subplots(
        1,
        len(results),
        figsize=(max(6, 4.5 * len(results)), 4),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axis, (kind, result) in zip(axes[0], results.items(), strict=True):
        draw_controls(axis, result)
        axis.set_title(kind, fontsize=10)
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
    """Measure what fusion gains on some pairs."""
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
        kind, pairs = next(iter(data.items()))
        weights, origin = find_weights(arguments.weights, pairs.data["mammogram"][:2])
        print(f"Weights of the pretrained {BACKBONE}: {origin}\n")
        if weights is None:
            print(RANDOM_NOTE + "\n")
        figures = {"fusion_pairs.png": plot_pairs(pairs, kind)}
        results = {}
        for kind, pairs in data.items():
            print(describe_pairs(pairs, kind))
            results[kind] = measure(pairs, weights, folder)
            print_report(results[kind], kind)
    figures["fusion_gain.png"] = plot_gains(results, origin)
    figures["fusion_controls.png"] = plot_controls(results)
    if "sphinx_gallery" not in sys.modules:  # the gallery shows them itself
        save(figures, Path(arguments.output))


def save(figures, folder):
    """Save the figures and say where."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / name, dpi=150)
        print(f"Saved {folder / name}")


if __name__ == "__main__":
    main()
