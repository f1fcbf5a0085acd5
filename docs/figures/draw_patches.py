"""Draw what is read of a synthetic mammogram: image, breast, lesion and patches.

Run by hand when the chapters on regions or patches change::

    python docs/figures/draw_patches.py
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from PIL import Image

from skfusion._validation._boxes import box_text, parse_boxes
from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource
from skfusion.images._breast import breast_box, find_breast
from skfusion.images._breast_crops import patch_square, patch_texts

FILE = Path(__file__).parents[1] / "_static" / "patches.png"
HEIGHT, WIDTH, SIDE = 1280, 1024, 480  # of the file, and of the synthetic breast
LEFT, TOP = 0, 420  # where the breast is in the file
GRID, IMAGE_SIZE = (4, 3), 96
ROW, SEED = 2, 3
COLORS = ("tab:cyan", "tab:orange", "tab:green", "tab:pink")


def main():
    with tempfile.TemporaryDirectory() as folder:
        X = make_file(Path(folder))
        image = ImageSource(X)[:][0, ..., 0]
        figure = plt.figure(figsize=(7.6, 3.9), layout="constrained")
        whole, regions, patches = figure.subfigures(1, 3, width_ratios=(2.7, 1.1, 2.6))
        draw_file(whole.subplots(), image, *parse_boxes(X["region"])[0])
        draw_regions(regions.subplots(3, 1), X)
        draw_patches(patches.subplots(*GRID), X)
    figure.savefig(FILE, dpi=100, facecolor="white", metadata={"Software": None})


def make_file(folder):
    """A synthetic breast on a larger film, with a label."""
    breast = make_breast_images(
        4, modality="mammography", image_size=SIDE, folder=folder, random_state=SEED
    )
    pixels = breast.images[ROW]
    x0, y0, x1, y1 = parse_boxes(breast.data["region"])[ROW]
    if pixels[:, -9:].mean() > pixels[:, :9].mean():  # the chest wall is on the right
        pixels, x0, x1 = pixels[:, ::-1], SIDE - x1, SIDE - x0
    image = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    image[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = pixels
    image[80:130, 800:960] = 255
    Image.fromarray(image).save(folder / "film.png")
    X = breast.data.iloc[[ROW]].assign(image=str(folder / "film.png"))
    return X.assign(region=box_text(x0 + LEFT, y0 + TOP, x1 + LEFT, y1 + TOP))


def draw_file(axis, image, x0, y0, x1, y1):
    """The file with the box of the breast, that of the lesion, and the grid."""
    show(axis, image, f"file, {WIDTH} x {HEIGHT}")
    breast, step = find_breast(image[..., np.newaxis])
    for row, color in enumerate(COLORS):
        for column in range(GRID[1]):
            place = (row, column, *GRID)
            left, top, side = patch_square(breast, step, image.shape, place)
            draw_box(axis, left, top, left + side, top + side, color, lw=0.9)
    draw_box(axis, *breast_box(breast, step, image.shape), "white", ls="--")
    draw_box(axis, x0, y0, x1, y1, "tab:red", lw=1.6)


def draw_regions(axes, X):
    """What a network reads with each region."""
    for axis, region in zip(axes, ("image", "breast", "lesion"), strict=True):
        source = ImageSource(X, image_size=IMAGE_SIZE, region=region)
        show(axis, source[:][0, ..., 0], f'region="{region}"')


def draw_patches(axes, X):
    """What a network reads of each patch."""
    texts = patch_texts(GRID)
    table = X.loc[X.index.repeat(len(texts))].assign(patch=texts)
    source = ImageSource(table, image_size=IMAGE_SIZE, region="breast")
    for number, (axis, image) in enumerate(zip(axes.flat, source[:], strict=True)):
        show(axis, image[..., 0], "patches" if number == 1 else "")
        for spine in axis.spines.values():
            spine.set(color=COLORS[number // GRID[1]], linewidth=2)


def draw_box(axis, x0, y0, x1, y1, color, **style):
    box = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, color=color, **style)
    axis.add_patch(box)


def show(axis, image, title):
    axis.imshow(image, cmap="gray", vmin=0, vmax=1)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=9)


if __name__ == "__main__":
    main()
