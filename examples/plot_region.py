"""
======================================
The lesion, and another hospital
======================================

A model that learns from whole images also learns what surrounds the lesion: the
machine, its frame and its texts. At the hospital of the training images this helps; at
another one it does not hold. This example draws two hospitals in synthetic images, and
compares a network of whole images with the same network of the lesions alone.

A box of the lesion at prediction time means that somebody has found the lesion.
"""

# %%
# Two hospitals
# -------------
# The first hospital examines most suspicious lesions with a second machine, which draws
# a white scale at the left border: in 85 % of its malignant images, and 15 % of the
# benign ones. The second hospital uses both machines at random. The column ``region``
# of X holds the box of each lesion.

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from PIL import Image

from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier


def draw_hospital(n_samples, scale_if_malignant, seed):
    X, y = make_breast_images(
        n_samples,
        image_size=96,
        class_sep=1.0,
        folder=tempfile.mkdtemp(),
        random_state=seed,
        return_X_y=True,
    )
    rng = np.random.default_rng(seed)
    p_scale = np.where(y == 1, scale_if_malignant, 1 - scale_if_malignant)
    for path in X["image"][rng.random(n_samples) < p_scale]:
        pixels = np.array(Image.open(path))
        pixels[8:-8, 2:8] = 255
        Image.fromarray(pixels).save(path)
    # Both hospitals number their patients from 0.
    return X.assign(group=f"hospital {seed}, " + X["group"].astype(str)), y


X, y = draw_hospital(160, scale_if_malignant=0.85, seed=0)
X_other, y_other = draw_hospital(120, scale_if_malignant=0.5, seed=1)

# %%
# What the networks get
# ---------------------
# The box is in pixels of the file. ``region="lesion"`` cuts out the square around it,
# with a margin, and resizes it to the size of the network.

whole = ImageSource(X, image_size=32)
lesions = ImageSource(X, image_size=32, region="lesion")
figure, axes = plt.subplots(2, 6, figsize=(8, 3), layout="constrained")
rows = [*np.flatnonzero(y == 0)[:3], *np.flatnonzero(y == 1)[:3]]
for row, (upper, lower) in zip(rows, axes.T, strict=True):
    upper.imshow(whole[[row]][0], cmap="gray", vmin=0, vmax=1)
    x0, y0, x1, y1 = np.array(X["region"][row].split(","), dtype=float) / 3
    upper.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, color="orange"))
    lower.imshow(lesions[[row]][0], cmap="gray", vmin=0, vmax=1)
    upper.set_title("malignant" if y[row] else "benign", fontsize="medium")
    upper.set_axis_off()
    lower.set_axis_off()
plt.show()

# %%
# The same folds, and the other hospital
# --------------------------------------
# Within the first hospital the scale helps the network of whole images. At the second
# hospital it misleads it, and the network of the lesions keeps its result.

network = CNN17Classifier(
    width=8, weights=None, image_size=32, max_epochs=20, random_state=0
)
candidates = [
    ("whole image", network),
    ("lesion", CNN17Classifier(**network.get_params() | {"region": "lesion"})),
]
study = compare_models(candidates, X, y, cv=3)
study.external("other hospital", X_other, y_other)
print(study)
study.plot("forest")
plt.show()
