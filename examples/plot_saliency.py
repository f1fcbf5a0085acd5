"""
=======================
What a model looks at
=======================

A model may be right for the wrong reason. Here the machine of most malignant images
draws a white scale at the left border. A network that learns from such images and one
that learns from images without the scale are both right. Maps of what they look at show
the difference. All images are synthetic.
"""

# %%
# Two networks
# ------------

import numpy as np

from skfusion.datasets import make_breast_images
from skfusion.inspection import (
    SaliencyDisplay,
    mass_inside,
    randomization_check,
    saliency,
)
from skfusion.neural_network import CNN17Classifier

names = np.array(["benign", "malignant"])


def draw(n_samples, with_scale, seed):
    breast = make_breast_images(n_samples, random_state=seed)
    y = breast.target
    scale = np.random.RandomState(seed).uniform(size=n_samples) < np.where(
        y, 0.95, 0.05
    )
    if with_scale:
        breast.data[scale, 4:-4, 1:4] = 255
    return breast.data, names[y], breast.frame["region"]


train = {kind: draw(100, kind == "scale", seed=0) for kind in ("scale", "plain")}
test = {kind: draw(40, kind == "scale", seed=1) for kind in train}
models = {
    kind: CNN17Classifier(max_epochs=4, random_state=0).fit(X, y)
    for kind, (X, y, _) in train.items()
}
for kind, model in models.items():
    print(f"{kind}: accuracy {model.score(*test[kind][:2]):.2f}")

# %%
# The network that saw the scale
# ------------------------------
# The maps show what speaks for the predicted class. The title has the true and the
# predicted class, and the probability.

X, y, boxes = test["scale"]
shown = [*np.flatnonzero(y == "malignant")[:4], *np.flatnonzero(y == "benign")[:4]]
options = {"method": "integrated_gradients"}
SaliencyDisplay.from_estimator(models["scale"], X[shown], y=y[shown], **options)

# %%
# The network that did not see it
# -------------------------------

X, y, boxes = test["plain"]
SaliencyDisplay.from_estimator(models["plain"], X[shown], y=y[shown], **options)

# %%
# The share on the lesion
# -----------------------
# Of each map, the share inside the box of the lesion, enlarged by a quarter.

for kind, model in models.items():
    maps = saliency(model, test[kind][0][shown], **options)
    boxes = test[kind][2].iloc[shown]
    pairs = zip(maps, boxes, strict=True)
    shares = [mass_inside(one, box, enlarge=0.25) for one, box in pairs]
    print(f"{kind}: {np.mean(shares):.2f} on the lesion")

# %%
# Do the maps depend on what was learnt?
# --------------------------------------
# The weights are shuffled, and the maps compared by their rank correlation. Near 1, a
# map would show edges, and nothing that the network has learnt.

check = randomization_check(models["plain"], X[shown], random_state=0, **options)
print(f"mean similarity after shuffling: {check.similarity.mean():.2f}")
