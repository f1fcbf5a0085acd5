"""What the detector of images out of scope refuses, and its false alarms.

Run where the data sets and the weights are::

    python docs/studies/out_of_scope.py DATA WEIGHTS

A detector learns from the images from which ``best_ultrasound.py`` (BUSI and BrEaST) or
``best_mammography.py`` (RSNA) lets a model learn: the development part, and the folds 1
to 4 of the evaluation part with seed 0. It judges

- fold 0, other patients of the same hospitals;
- BUS-UCLM, ultrasound of another hospital (there is no second set of mammograms);
- images of the other modality, of the evaluation part;
- fold 0 with inverted grey values, and turned by 90 degrees;
- cuts of photographs, which come with scikit-image and scikit-learn;
- uniform noise, and one grey value, of the size of images of fold 0.

At most 200 images of each are drawn with a fixed seed. None of the images has a
modality in its table, as in a folder of PNG files. The distance was chosen on the
development part. The results go to ``docs/studies/results/out_of_scope.csv``.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import skimage.data
from best_runs import mean_by_group
from make_folds import TABLE, image_digests
from models import BACKBONE, find_weights
from PIL import Image
from real_data import interval
from record import write_results
from sklearn.datasets import load_sample_images

from skfusion.audit import ScopeDetector
from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_bus_uclm,
    load_busi,
    load_rsna,
)
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.images import read_image

MOST = 200
N_CUTS = 10
PHOTOGRAPHS = (
    "astronaut",
    "brick",
    "camera",
    "chelsea",
    "clock",
    "coffee",
    "coins",
    "grass",
    "gravel",
    "moon",
    "rocket",
)
REASONS = ("size", "polarity", "distance")
NOTE = (
    "Share of the images that are refused, because of each reason and in all, with 95 "
    "% intervals by resampling patients (photographs: pictures). A detector learns "
    "from the development part and four folds of the evaluation part, with "
    "false_alarm_rate=0.05 and the features of a frozen MobileNetV2, and judges at "
    "most 200 images of each kind. 'to accept' are images like the training images: "
    "what is refused of them is a false alarm. The modality is not in the table of the "
    "images, so that it is no reason. The images of RSNA are copies of 640 x 640 "
    "pixels: their size tells them from nearly everything else, and the column "
    "'distance' is what matters."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, help="folder for features")
    arguments = parser.parse_args()
    features = CNNFeatureExtractor(
        BACKBONE,
        weights=find_weights(arguments.weights, BACKBONE),
        cache=arguments.cache,
    )
    sets = load(arguments.data)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for modality in ("ultrasound", "mammography"):
            train, sources = make_sources(modality, sets, Path(folder) / modality)
            scope = ScopeDetector(features).fit(train)
            for name, (expected, X) in sources.items():
                row = {"detector": modality, "images": name, "expected": expected}
                rows.append(row | describe(scope, X))
                print(rows[-1], flush=True)
    write_results(
        "out_of_scope",
        pd.DataFrame(rows),
        title="Images out of scope: what is refused",
        command="python docs/studies/out_of_scope.py DATA WEIGHTS",
        note=NOTE,
    )


def load(folder):
    """The images of each modality with their fold, and those of another hospital."""
    ultrasound = concat_datasets(load_busi(folder), load_breast_lesions_usg(folder))
    sets = {"ultrasound": ultrasound.data, "mammography": load_rsna(folder).data}
    table = pd.read_csv(TABLE).set_index("image")
    for name, X in sets.items():
        fold = table.loc[image_digests(X), "fold_seed0"].to_numpy()
        sets[name] = X.assign(fold=fold)  # -1: development
    return sets | {"BUS-UCLM": load_bus_uclm(folder, normal="benign").data}


def make_sources(modality, sets, folder):
    """The training images, and of each kind the images that are judged."""
    X = sets[modality]
    train, same = X[X["fold"] != 0], draw(X[X["fold"] == 0])
    other = "mammography" if modality == "ultrasound" else "ultrasound"
    foreign = sets[other]
    sources = {"same hospitals": ("to accept", same)}
    if modality == "ultrasound":
        sources["BUS-UCLM"] = ("to accept", draw(sets["BUS-UCLM"]))
    refused = {
        other: draw(foreign[foreign["fold"] >= 0]),
        "inverted": same.assign(inverted=~inverted(same)),
        "turned by 90 degrees": save(folder / "turned", turn(same)),
        "photographs": save(folder / "photographs", cut_photographs()),
        "noise": save(folder / "noise", draw_noise(same)),
        "one grey value": save(folder / "grey", draw_grey(same)),
    }
    sources |= {name: ("to refuse", images) for name, images in refused.items()}
    return train.drop(columns="fold"), sources


def draw(X):
    return X.sample(min(MOST, len(X)), random_state=0).reset_index(drop=True)


def inverted(X):
    if "inverted" not in X:
        return np.zeros(len(X), dtype=bool)
    return X["inverted"].fillna(False).to_numpy(dtype=bool)


def save(folder, images):
    """Write images, each with its group, as files; return their table."""
    folder.mkdir(parents=True)
    rows = []
    for number, (group, image) in enumerate(images):
        path = folder / f"{number}.png"
        Image.fromarray(np.rint(255 * image).astype(np.uint8)).save(path)
        rows.append({"image": str(path), "group": group})
    return pd.DataFrame(rows)


def turn(X):
    for row, is_inverted in zip(X.itertuples(), inverted(X), strict=True):
        image = read_image(row.image)
        yield row.group, np.rot90(1 - image if is_inverted else image)


def cut_photographs():
    """Ten cuts, of half the height and width, of each photograph."""
    rng = np.random.default_rng(0)
    pictures = [getattr(skimage.data, name)() for name in PHOTOGRAPHS]
    pictures += load_sample_images().images
    for number, picture in enumerate(pictures):
        grey = picture / 255 if picture.ndim == 2 else picture.mean(axis=2) / 255
        height, width = (side // 2 for side in grey.shape)
        for _ in range(N_CUTS):
            y, x = (rng.integers(side + 1) for side in (height, width))
            yield number, grey[y : y + height, x : x + width]


def draw_noise(X):
    rng = np.random.default_rng(0)
    for number, image in enumerate(X["image"]):
        yield number, rng.uniform(size=read_image(image).shape)


def draw_grey(X):
    rng = np.random.default_rng(0)
    for number, image in enumerate(X["image"]):
        yield number, np.full(read_image(image).shape, rng.uniform())


def describe(scope, X):
    """Share of images that are refused, for each reason and in all."""
    found = scope.check(X.drop(columns="modality", errors="ignore"))
    row = {"n": len(X), "groups": X["group"].nunique()}
    for reason in REASONS:
        row[reason] = f"{found['reason'].str.contains(reason).mean():.3f}"
    refused = found["refused"].astype(float)
    return row | {"refused": interval(mean_by_group(refused, X["group"]))}


if __name__ == "__main__":
    main()
