"""The whole image, the breast, and patches of it.

Run where the data sets and the weights are::

    python docs/studies/patches.py DATA WEIGHTS CACHE

One model, frozen MobileNetV2 features at 224 pixels and an SVM, reads the whole image,
the box of the breast (``region="breast"``) or a grid of 4 x 3 patches
(:class:`skfusion.fusion.PatchClassifier`), in folds that no patient crosses:

- synthetic mammograms of 2,048 x 1,536 pixels, half of the breasts with a cluster of
  microcalcifications of 4 to 6 pixels, which shows the mechanism;
- the development part of the RSNA subset, whose files have 640 x 640 pixels.

Images, features and the folds that are done are kept in CACHE: a run that was stopped
continues. The table is ``docs/studies/results/patches.csv``. Nothing was tuned.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from make_folds import TABLE, image_digests
from models import BACKBONE, find_weights
from PIL import Image
from record import write_results
from scipy.ndimage import gaussian_filter
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import load_rsna
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import PatchClassifier
from skfusion.model_selection import compare_models

HEIGHT, WIDTH = 2048, 1536
N_PATIENTS, N_VIEWS = 60, 2
N_DOTS, CLUSTER = 20, 100  # calcifications, and half of the width of their cluster
N_FOLDS, SEED = 5, 0
SETS = {"synthetic": "synthetic microcalcifications", "rsna": "RSNA, development part"}
NOTE = (
    "Frozen MobileNetV2 features at 224 pixels and an SVM with balanced weights, of "
    "the whole image, of the box of the breast, and of 4 x 3 patches of it (4 drawn of "
    f"each image for training, 5 inner folds). {N_FOLDS} folds that no patient "
    "crosses, one seed; 95 % intervals by resampling patients. The synthetic "
    "mammograms have 2,048 x 1,536 pixels, and half of them a cluster of 20 dots of 4 "
    "to 6 pixels. The files of the RSNA subset have 640 x 640 pixels: they are no "
    "mammograms of full resolution any more. Nothing was tuned."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("cache", type=Path, help="folder for images and features")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    arguments = parser.parse_args()
    rows = []
    for name in arguments.sets:
        if name == "rsna":
            X, y = load_development(arguments.data)
        else:
            X, y = make_images(arguments.cache / "synthetic")
        rows += score(name, X, y, arguments)
    table = pd.DataFrame(rows)
    write_results(
        "patches",
        table,
        title="The whole image, the breast and its patches",
        command="python docs/studies/patches.py DATA WEIGHTS CACHE",
        note=NOTE,
    )
    print(table.to_string(index=False))


def score(name, X, y, arguments):
    """Yield a row of the table for what each model reads."""
    comparison = compare_models(
        make_models(arguments.weights, arguments.cache / "features"),
        X,
        y,
        groups=X["group"],
        cv=StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=SEED),
        store=arguments.cache / "study",
        verbose=1,
    )
    summary = comparison.summary
    of_all = (summary["measure"] == "AUC") & (summary["modality"] == "all")
    for _, found in summary[of_all].iterrows():
        lower, upper = found["lower"], found["upper"]
        yield {
            "data": SETS[name],
            "images": len(X),
            "patients": X["group"].nunique(),
            "positive": int(y.sum()),
            "what is read": found["model"],
            "AUC": f"{found['estimate']:.3f} ({lower:.3f} to {upper:.3f})",
        }


def make_models(weights, cache):
    """One model, which reads three things."""

    def read(region):
        features = CNNFeatureExtractor(
            BACKBONE,
            weights=find_weights(weights, BACKBONE),
            region=region,
            cache=cache,
        )
        svm = SVC(class_weight="balanced")
        return make_pipeline(features, StandardScaler(), svm)

    patches = PatchClassifier(read("breast"), patches=(4, 3), random_state=SEED)
    return [("image", read("image")), ("breast", read("breast")), ("patches", patches)]


def load_development(folder):
    """The part of RSNA that no other study scores."""
    data = load_rsna(folder)
    parts = pd.read_csv(TABLE).set_index("image")["part"]
    rows = (parts.loc[image_digests(data.data)] == "development").to_numpy()
    return data.data[rows].reset_index(drop=True), data.target[rows]


def make_images(folder):
    """Write the synthetic mammograms that are missing; return their table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for patient in range(N_PATIENTS):
        for view in range(N_VIEWS):
            path = folder / f"{patient}_{view}.png"
            if not path.exists():
                rng = np.random.default_rng([SEED, patient, view])
                part = path.with_suffix(".part")
                draw(rng, patient % 2).save(part, format="PNG")
                part.rename(path)
            rows.append((str(path), f"patient{patient}"))
    X = pd.DataFrame(rows, columns=["image", "group"])
    return X, np.arange(N_PATIENTS).repeat(N_VIEWS) % 2


def draw(rng, is_positive):
    """Draw half an ellipse of parenchyma, with or without microcalcifications."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    height, width = rng.uniform(0.3, 0.45) * HEIGHT, rng.uniform(0.5, 0.8) * WIDTH
    breast = np.hypot(x / width, (y - HEIGHT / 2) / height) < 1
    tissue = sum(
        gaussian_filter(rng.normal(size=(HEIGHT // n, WIDTH // n)), 8)
        .repeat(n, 0)
        .repeat(n, 1)
        for n in (1, 4, 16)
    )
    image = 0.4 + 0.06 * tissue / tissue.std() + 0.02 * rng.normal(size=tissue.shape)
    if is_positive:
        angle, share = rng.uniform(-1.2, 1.2), rng.uniform(0.2, 0.75)
        left = share * width * np.cos(angle)
        top = HEIGHT / 2 + share * height * np.sin(angle)
        for dx, dy in rng.uniform(-CLUSTER, CLUSTER, (N_DOTS, 2)):
            size = rng.integers(4, 7)
            row, column = int(top + dy), int(max(left + dx, 0))
            image[row : row + size, column : column + size] += 0.25
    if rng.uniform() < 0.5:
        image, breast = image[:, ::-1], breast[:, ::-1]
    return Image.fromarray((255 * (image * breast).clip(0, 1)).astype(np.uint8))


if __name__ == "__main__":
    main()
