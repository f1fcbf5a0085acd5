"""Count the test images of BreastMNIST that resemble an image of its training part.

Run where BreastMNIST (``breastmnist.npz``) and BUSI are::

    python docs/studies/breastmnist_duplicates.py FILE_OF_BREASTMNIST FOLDER_OF_BUSI

BreastMNIST names no image of BUSI. Its images are the central squares of those of BUSI,
resized: the square of each image of BUSI, at 28 x 28 pixels, is correlated with each
image of BreastMNIST, and images are matched one to one. The names go to
``skfusion/datasets/tables/breastmnist_busi.csv``, the counts to
``docs/studies/results/breastmnist_duplicates.csv``.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from record import write_results
from scipy.optimize import linear_sum_assignment

from skfusion.datasets import load_busi
from skfusion.images import find_near_duplicates

TABLE = Path(__file__).parents[2] / "skfusion/datasets/tables/breastmnist_busi.csv"
PARTS = {"train": "train", "val": "validation", "test": "test"}
SIDE = 28
# Between equal correlations, such as those of the image that BUSI holds in both
# classes, the label decides.
SAME_LABEL = 0.001
THRESHOLDS = (0.95, 0.98, 0.99)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="breastmnist.npz")
    parser.add_argument("busi", type=Path, help="where BUSI is")
    arguments = parser.parse_args()
    images, target, part = read_breastmnist(arguments.file)
    busi = load_busi(arguments.busi, normal="benign", drop_mixed_families=False)
    rows, correlation = match(images, target, busi)
    names = [Path(image).name for image in busi.data["image"].iloc[rows]]
    pd.DataFrame({"busi_image": names}).to_csv(TABLE, index=False)
    methods = {
        ("families of BUSI, 64 px", 0.95): busi.groups[rows],
        **{
            (f"images of BreastMNIST, {SIDE} px", threshold): find_near_duplicates(
                images, threshold=threshold, size=SIDE
            )
            for threshold in THRESHOLDS
        },
        (f"equal pixels, {SIDE} px", 1.0): [image.tobytes() for image in images],
    }
    table = pd.DataFrame(
        {
            "compared": name,
            "correlation above": threshold,
            **count(pd.factorize(np.array(families, dtype=object))[0], target, part),
        }
        for (name, threshold), families in methods.items()
    )
    write_results(
        "breastmnist_duplicates",
        table,
        title="BreastMNIST: images with a near-duplicate in another part",
        command="python docs/studies/breastmnist_duplicates.py FILE FOLDER_OF_BUSI",
        note=describe(correlation, target, busi.target[rows]),
    )
    print(table.to_string(index=False))
    print(describe(correlation, target, busi.target[rows]))


def read_breastmnist(file):
    """Return images, target (1 = malignant) and part; no table is needed."""
    with np.load(file, allow_pickle=False) as arrays:
        images = [arrays[f"{name}_images"] for name in PARTS]
        labels = [arrays[f"{name}_labels"].ravel() for name in PARTS]
    part = np.repeat(list(PARTS.values()), [len(each) for each in images])
    return np.concatenate(images), 1 - np.concatenate(labels).astype(int), part


def match(images, target, busi):
    """Return the row of BUSI of each image, and their correlation."""
    squares = np.stack([central_square(path) for path in busi.data["image"]])
    correlation = standardise(images) @ standardise(squares).T
    agreement = SAME_LABEL * (target[:, np.newaxis] == busi.target)
    rows, columns = linear_sum_assignment(correlation + agreement, maximize=True)
    return columns, correlation[rows, columns]


def central_square(path):
    """Cut out the central square of an image and resize it."""
    image = Image.open(path).convert("L")
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    square = image.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def standardise(images):
    """Return rows whose dot products are correlations."""
    rows = images.reshape(len(images), -1).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def count(family, target, part):
    """Count the images of a part with a relative in another part."""

    def related(of, to):
        return int(np.isin(family[part == of], family[np.isin(part, to)]).sum())

    size = np.bincount(family)[family]
    others = pd.crosstab(family[part == "train"], target[part == "train"])
    others = others.reindex(family[part == "test"], fill_value=0).to_numpy()
    opposite = others[np.arange(len(others)), 1 - target[part == "test"]] > 0
    return {
        "families": len(set(family[size > 1])),
        "images in families": int((size > 1).sum()),
        "test, in training": related("test", ["train"]),
        "test, in validation": related("test", ["validation"]),
        "test, in either": related("test", ["train", "validation"]),
        "validation, in training": related("validation", ["train"]),
        "test, in training with the other label": int(opposite.sum()),
    }


def describe(correlation, target, busi_target):
    """Describe how certain the match with BUSI is."""
    return (
        f"Each image of BreastMNIST was matched with one image of BUSI: the smallest "
        f"correlation of the {len(correlation)} pairs is {correlation.min():.4f} and "
        f"the median {np.median(correlation):.4f}, and {(target == busi_target).sum()} "
        f"pairs have the same label. The parts have 546, 78 and 156 images. 'test, in "
        "training' counts the test images that have a near-duplicate in the training "
        "part."
    )


if __name__ == "__main__":
    main()
