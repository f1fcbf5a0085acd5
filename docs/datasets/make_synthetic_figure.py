"""Draw the picture of the page on synthetic images.

Run by hand when the generator changes::

    python docs/datasets/make_synthetic_figure.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skfusion.datasets import make_breast_images

FIGURE = Path(__file__).with_name("synthetic.png")
N_COLUMNS = 4


def main():
    figure, axes = plt.subplots(2, 2, figsize=(8, 4.4), layout="constrained")
    for row, modality in zip(axes, ("mammography", "ultrasound"), strict=True):
        breast = make_breast_images(40, modality=modality, random_state=0)
        for ax, (label, name) in zip(row, enumerate(breast.target_names), strict=True):
            some = breast.images[breast.target == label][: 2 * N_COLUMNS]
            rows = [np.hstack(some[i : i + N_COLUMNS]) for i in (0, N_COLUMNS)]
            ax.imshow(np.vstack(rows), cmap="gray", vmin=0, vmax=255)
            ax.set(title=f"{modality}, {name} (synthetic)", xticks=[], yticks=[])
    figure.savefig(FIGURE, dpi=72)


if __name__ == "__main__":
    main()
