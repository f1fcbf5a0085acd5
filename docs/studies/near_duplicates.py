"""Near-duplicates: families of real data sets, planted copies, and time at scale.

Run where the data sets are, and anywhere::

    python docs/studies/near_duplicates.py DATA
    python docs/studies/near_duplicates.py scale

The first command writes ``docs/studies/results/near_duplicates.csv`` (families) and
``near_duplicates_planted.csv`` (planted copies that are found). With ``--sheets F`` it
also draws every pair, to be looked at. The second one writes
``near_duplicates_scale.csv`` (time and memory for as many thumbnails as RSNA).
"""

import argparse
import io
import resource
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw
from record import current_commit, write_results

from skfusion.datasets import (
    load_breast_lesions_usg,
    load_bus_uclm,
    load_busi,
    load_rsna,
    make_breast_images,
)
from skfusion.images import ImageSource
from skfusion.images._duplicate_pairs import (
    SYMMETRIES,
    duplicate_pairs,
    family_numbers,
    mark_exact,
    read_thumbnails,
)

COMMAND = "python docs/studies/near_duplicates.py"
N_PLANTED = 100
N_RSNA = 54_706
CHUNK = 500
# Families whose images are not the same picture, by eye: every pair of the final
# rule, as drawn by --sheets, with 150 pixels for each image.
FALSE_BY_EYE = {"BUSI": 0, "BrEaST": 0, "BUS-UCLM": 0, "RSNA": 0}
NOTE = (
    "'false' counts the families, by eye, whose images are not the same picture. Every "
    "pair was looked at, with 150 pixels for each image (--sheets). The thresholds "
    "were chosen on the same data before, so that 0 is optimistic for other data. "
    "Another frame or exposure of the same breast counts as the same picture if no "
    "difference, or a small shift only, is seen at this size."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are, or: scale")
    parser.add_argument("--sheets", type=Path, help="where to draw every pair")
    arguments = parser.parse_args()
    commit = current_commit()
    if str(arguments.data) == "scale":
        write(
            "near_duplicates_scale",
            [measure_scale()],
            "Pairs among as many thumbnails as RSNA has images",
            commit,
            "Synthetic images. Other programs ran on the two cores: the seconds of the "
            "processor, summed over both, matter more than those of the clock.",
            "scale",
        )
        return
    data = load(arguments.data)
    families = [count(name, *each, arguments.sheets) for name, *each in data]
    write(
        "near_duplicates",
        families,
        "Near-duplicate families of four data sets",
        commit,
        NOTE,
    )
    images = [(name, X) for name, X, _ in data]
    images += [
        (f"synthetic, {side} pixels", draw(600, seed=0, side=side))
        for side in (224, 64)
    ]
    planted = [row for name, X in images for row in find_planted(name, X)]
    write(
        "near_duplicates_planted",
        planted,
        "Share of planted copies that are found",
        commit,
        f"{N_PLANTED} images of each data set, drawn at random, among all of it.",
    )


def write(name, rows, title, commit, note, argument="DATA"):
    table, command = pd.DataFrame(rows), f"{COMMAND} {argument}"
    print(table.to_string(index=False), flush=True)
    write_results(name, table, title=title, command=command, commit=commit, note=note)


def load(folder):
    """Return name, X and the groups that are known to be patients, if any."""
    busi = load_busi(folder, normal="benign", drop_mixed_families=False)
    breast = load_breast_lesions_usg(folder, normal="benign")
    uclm = load_bus_uclm(folder, normal="benign")
    rsna = load_rsna(folder)
    return [
        ("BUSI", busi.data, None),
        ("BrEaST", breast.data, breast.groups),
        ("BUS-UCLM", uclm.data, uclm.groups),
        ("RSNA", rsna.data, rsna.groups),
    ]


def count(name, X, patients, sheets):
    """Count the families, and those that hold several patients."""
    thumbnails = read_thumbnails(X)
    pairs = duplicate_pairs(thumbnails)
    families = pd.Series(family_numbers(pairs, len(X)))
    size = families.map(families.value_counts())
    several = None
    if patients is not None:
        groups = pd.Series(patients, dtype=object).astype(str)
        several = int((groups.groupby(families).nunique() > 1).sum())
    if sheets is not None:
        draw_pairs(sheets / f"{name}.png", X, pairs)
    return {
        "data set": name,
        "images": len(X),
        "families": families[size > 1].nunique(),
        "images in families": int((size > 1).sum()),
        "pairs": len(pairs),
        "equal in every pixel": int(mark_exact(pairs, X).sum()),
        "mirrored or rotated": int((pairs["symmetry"] != "same").sum()),
        "of several patients": several,
        "false": FALSE_BY_EYE[name],
    }


def draw_pairs(file, X, pairs, side=150, n_columns=6):
    """Draw all pairs of a data set on one sheet."""
    source = ImageSource(X, image_size=side, resize="stretch")
    n_rows = max(1, -(-len(pairs) // n_columns))
    sheet = np.ones((n_rows * (side + 4), n_columns * (2 * side + 8)))
    for number, pair in enumerate(pairs.itertuples()):
        left, right = source[[pair.left, pair.right]][..., 0]
        row, column = number // n_columns, number % n_columns
        picture = np.hstack([SYMMETRIES[pair.symmetry](left), right])
        top, first = row * (side + 4), column * (2 * side + 8)
        sheet[top : top + side, first : first + 2 * side] = picture
    file.parent.mkdir(exist_ok=True)
    Image.fromarray((255 * sheet).astype(np.uint8)).save(file)


def find_planted(name, X):
    """Yield the share of copies of each kind that are found."""
    thumbnails = read_thumbnails(X)
    rng = np.random.default_rng(0)
    rows = np.sort(rng.choice(len(X), min(N_PLANTED, len(X)), replace=False))
    source = ImageSource(X)
    originals = [
        np.rint(255 * source[[row]][0].mean(axis=-1)).astype(np.uint8) for row in rows
    ]
    for kind, copy in COPIES.items():
        copies = [read_thumbnails(copy(image)[np.newaxis]) for image in originals]
        pairs = duplicate_pairs(np.concatenate([thumbnails, *copies]))
        wanted = set(zip(rows, len(X) + np.arange(len(rows)), strict=True))
        n_found = len(wanted & set(zip(pairs["left"], pairs["right"], strict=True)))
        yield {"data set": name, "copy": kind, "found": n_found, "of": len(rows)}


def rescale(image):
    height, width = image.shape
    small = Image.fromarray(image).resize((max(8, width // 2), max(8, height // 2)))
    return np.asarray(small)


def save_as_jpeg(image):
    with io.BytesIO() as file:
        Image.fromarray(image).save(file, "JPEG", quality=50)
        return np.asarray(Image.open(file))


def brighten(image):
    return np.clip(1.3 * image + 20, 0, 255).astype(np.uint8)


def crop(image):
    """Cut 3 % off the top and the left side."""
    height, width = image.shape
    return image[round(0.03 * height) :, round(0.03 * width) :]


def mark(image):
    """Draw four calipers."""
    picture = Image.fromarray(image.copy())
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    arm, line = max(2, width // 60), max(1, width // 300)
    for x, y in ((0.35, 0.45), (0.6, 0.5), (0.5, 0.3), (0.48, 0.62)):
        x, y = x * width, y * height
        pen.line((x - arm, y, x + arm, y), fill=255, width=line)
        pen.line((x, y - arm, x, y + arm), fill=255, width=line)
    return np.asarray(picture)


COPIES = {
    "mirrored": lambda image: image[:, ::-1],
    "rotated by 90 degrees": np.rot90,
    "half the size": rescale,
    "JPEG of quality 50": save_as_jpeg,
    "brighter": brighten,
    "cropped by 3 %": crop,
    "with calipers": mark,
}


def draw(n_images, seed, side=64):
    """Draw synthetic images of both modalities."""
    options = {"modality": "both", "image_size": side, "random_state": seed}
    return make_breast_images(n_images, **options).images


def measure_scale():
    thumbnails = np.empty((N_RSNA, 64, 64), dtype=np.uint8)
    for start in range(0, N_RSNA, CHUNK):
        part = draw(min(CHUNK, N_RSNA - start), seed=start)
        thumbnails[start : start + len(part)] = read_thumbnails(part)
    seconds, processor_seconds = perf_counter(), process_time()
    pairs = duplicate_pairs(thumbnails)
    return {
        "thumbnails": N_RSNA,
        "pairs": len(pairs),
        "seconds": round(perf_counter() - seconds),
        "processor seconds": round(process_time() - processor_seconds),
        "memory in GB": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2
        ),
    }


if __name__ == "__main__":
    main()
