"""Draw what a network reads of a synthetic image: all of it, or its lesion.

Run by hand when the chapter on images changes::

    python docs/figures/draw_region_crop.py
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

from skfusion._validation._boxes import parse_boxes
from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource

FILE = Path(__file__).parents[1] / "_static" / "region_crop.png"
MODALITIES = ("mammography", "ultrasound")
FILE_SIZE, IMAGE_SIZE, MARGIN = 512, 64, 0.3  # pixels, pixels, fraction of the box
ROW, SEED = 2, 1  # a malignant lesion


def main():
    figure, axes = plt.subplots(2, 3, figsize=(7.2, 5.0), layout="constrained")
    for row, modality in zip(axes, MODALITIES, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            draw(row, modality, folder)
        row[0].set_ylabel(modality)
    figure.savefig(FILE, dpi=100, facecolor="white", metadata={"Software": None})


def draw(axes, modality, folder):
    """The file with its box, and what is read with either region."""
    breast = make_breast_images(
        4, modality=modality, image_size=FILE_SIZE, folder=folder, random_state=SEED
    )
    X = breast.data.iloc[[ROW]]
    show(axes[0], ImageSource(X)[0:1], f"file, {FILE_SIZE} x {FILE_SIZE}")
    draw_boxes(axes[0], *parse_boxes(X["region"])[0])
    for axis, region in zip(axes[1:], ("image", "lesion"), strict=True):
        source = ImageSource(X, image_size=IMAGE_SIZE, region=region, margin=MARGIN)
        show(axis, source[:], f'region="{region}", {IMAGE_SIZE} x {IMAGE_SIZE}')


def draw_boxes(axis, x0, y0, x1, y1):
    """The box, and the square that is cut out."""
    side = max(x1 - x0, y1 - y0) * (1 + 2 * MARGIN)
    left, top = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
    axis.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, color="tab:red"))
    axis.add_patch(
        Rectangle((left, top), side, side, fill=False, color="tab:orange", ls="--")
    )


def show(axis, images, title):
    axis.imshow(images[0, ..., 0], cmap="gray", vmin=0, vmax=1)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=9)


if __name__ == "__main__":
    main()
