"""
=======================
What a model looks at
=======================

A model may be right for the wrong reason. At one hospital, the machine of most
malignant images draws a white scale at the left border. A network that learns from
images of this hospital is right there. Maps of what it looks at show why, and that it
will be wrong elsewhere. All images are synthetic.
"""

# %%
# Two networks
# ------------
# At the hospital with the scale, the lesions of both classes look alike.

import tempfile

import numpy as np
from PIL import Image

from skfusion.datasets import make_breast_images
from skfusion.inspection import SaliencyDisplay, mass_inside, randomization_check
from skfusion.neural_network import CNN17Classifier


def draw(n_samples, with_scale, seed):
    X, y = make_breast_images(
        n_samples,
        class_sep=0 if with_scale else 1,
        folder=tempfile.mkdtemp(),
        random_state=seed,
        return_X_y=True,
    )
    chance = np.random.RandomState(seed).uniform(size=n_samples)
    has_scale = with_scale & (chance < np.where(y == 1, 0.95, 0.05))
    for path in X["image"][has_scale]:
        pixels = np.array(Image.open(path))
        pixels[4:-4, 1:5] = 255
        Image.fromarray(pixels).save(path)
    return X, np.array(["benign", "malignant"])[y]


train = {name: draw(90, name == "scale", seed=0) for name in ("scale", "plain")}
test = {name: draw(30, name == "scale", seed=1) for name in train}
models = {}
for name in train:
    model = CNN17Classifier(max_epochs=4, random_state=0).fit(*train[name])
    models[name] = model
    print(f"{name}: accuracy {model.score(*test[name]):.2f}")

# %%
# The network that learned the scale
# ----------------------------------
# The maps show what speaks for the malignant class. The box is that of the lesion.


def show(name):
    X, y = test[name]
    shown = np.flatnonzero(y == "malignant")[:4]
    return SaliencyDisplay.from_estimator(
        models[name],
        X.iloc[shown],
        y=y[shown],
        target="malignant",
        method="integrated_gradients",
    )


displays = {"scale": show("scale")}

# %%
# The network that learned the lesions
# ------------------------------------

displays["plain"] = show("plain")

# %%
# The share on the lesion
# -----------------------
# Of each map, the share inside the box of the lesion, enlarged by a quarter.

for name, display in displays.items():
    pairs = zip(display.maps, display.boxes, strict=True)
    shares = [mass_inside(each, box, enlarge=0.25) for each, box in pairs]
    print(f"{name}: {np.mean(shares):.2f} on the lesion")

# %%
# Do the maps depend on what was learnt?
# --------------------------------------
# The weights are drawn anew, and the maps compared by their rank correlation. Near 1,
# a map would show edges, and nothing that the network has learnt.

X = test["plain"][0].iloc[:4]
check = randomization_check(
    models["plain"], X, method="integrated_gradients", random_state=0
)
print(f"mean similarity with random weights: {np.nanmean(check.similarity):.2f}")
