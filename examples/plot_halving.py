"""
====================================
A cheap search for settings: halving
====================================

A grid search trains every candidate for all epochs. Successive halving trains all of
them for few epochs, and gives more epochs to the better half only. Here the resource of
scikit-learn's :class:`~sklearn.model_selection.HalvingGridSearchCV` is the number of
epochs of a small 17-layer CNN. The images are **synthetic**: the picture shows how a
search proceeds and nothing about which settings suit the images of patients.
"""

# %%
# The search
# ----------
# There are eight candidates, and two views of each patient. The groups are passed to
# ``fit``, so that no patient is on both sides of a fold. All candidates are scored by
# kappa.

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, StratifiedGroupKFold

from skfusion.datasets import make_breast_images
from skfusion.metrics import kappa_scorer
from skfusion.neural_network import CNN17Classifier

data = make_breast_images(
    120, n_views=2, modality="ultrasound", image_size=32, class_sep=6, random_state=0
)
network = CNN17Classifier(weights=None, image_size=32, batch_size=16, random_state=0)
search = HalvingGridSearchCV(
    network,
    {"width": [4, 8], "learning_rate": [0.001, 0.003, 0.01, 0.03]},
    resource="max_epochs",
    min_resources=5,
    max_resources=20,
    factor=2,
    cv=StratifiedGroupKFold(2),
    scoring=kappa_scorer,
    refit=False,
    random_state=0,
)
search.fit(data.data, data.target, groups=data.groups)
print("Candidates in each round:", search.n_candidates_)
print("Epochs in each round:", search.n_resources_)
print("Best settings:", search.best_params_)

# %%
# Score against epochs
# --------------------
# Each line is a candidate, which ends in the round after which it was removed. A round
# trains its candidates again from the start, with the whole schedule of the learning
# rate over its epochs. Therefore the points of a line are different trainings, and not
# the beginning, the middle and the end of one. Where lines cross, the order of two
# candidates depends on the number of epochs: a first round that is too short removes
# the wrong ones. After few epochs, a kappa of 0 means that a network predicts one class
# for all images.

names = ["param_width", "param_learning_rate", "n_resources", "mean_test_score"]
scores = pd.DataFrame(search.cv_results_)[names]
lines = scores.groupby(names[:2])
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for number, ((width, rate), line) in enumerate(lines):
    style = {"color": f"C{number % 4}", "marker": "o"}
    if width == 4:
        style.update(linestyle="--", markerfacecolor="white", zorder=3)
    label = f"width {width}, learning rate {rate:g}"
    ax.plot(line["n_resources"], line["mean_test_score"], label=label, **style)
ax.set_xscale("log", base=2)
ax.set_xticks(search.n_resources_, search.n_resources_)
ax.set(xlabel="Epochs", ylabel="Mean kappa of two folds")
figure.legend(loc="outside right upper")
plt.show()
