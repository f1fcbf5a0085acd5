"""
=====================================
Does a second modality help, and why?
=====================================

A network reads a mammogram and an ultrasound image of one breast. This example measures
its gain over the better of the two images alone, on identical folds that no patient
crosses, and checks by controls where the gain comes from.

By default the pairs are **synthetic** and easy. They show how to use the software, and
nothing about patients. No public data set that skfusion loads has both images of one
woman. With the folders of RSNA and BUSI, their images are paired by label::

    RSNA=rsna BUSI=busi python examples/plot_fusion.py

Nothing here is for clinical use.
"""

# %%
# The pairs
# ---------
# Each row holds the path of an image in one column for each modality. Half of the
# synthetic lesions show their class in only one of the two images, which a model of the
# other image cannot recognise. A second image should therefore help.

import os
import tempfile

import matplotlib.pyplot as plt
import pandas as pd

from skfusion.datasets import load_busi, load_rsna, make_breast_pairs, make_label_pairs
from skfusion.fusion import MultiBranchCNNClassifier
from skfusion.model_selection import fusion_gain
from skfusion.neural_network import CNN17Classifier

columns = ["mammogram", "ultrasound"]
is_real = "RSNA" in os.environ and "BUSI" in os.environ
if is_real:
    rsna, busi = load_rsna(os.environ["RSNA"]), load_busi(os.environ["BUSI"])
    pairs = make_label_pairs(rsna, busi, random_state=0)
else:
    folder = tempfile.mkdtemp()
    options = {"image_size": 48, "class_sep": 5, "complementarity": 0.5}
    pairs = make_breast_pairs(240, **options, folder=folder, random_state=0)
print("Pairs made by label" if is_real else "SYNTHETIC pairs")
print(pairs.data.head(3).drop(columns=columns).to_string())

# %%
# The models
# ----------
# One network of 17 layers reads a single image. The network of two branches has the
# same layers for each image and learns how to combine them. Both are of the same type
# and start from random weights, so that a gain does not come from a better network.

settings = {"image_size": 48, "width": 24, "random_state": 0}
if not is_real:
    settings |= {"width": 6, "max_epochs": 20, "batch_size": 16}
network = CNN17Classifier(weights=None, **settings)
single_models = [(column, network) for column in columns]
fusions = [("two branches", MultiBranchCNNClassifier(columns, **settings))]

# %%
# The gain
# --------
# *Pooled* is one model of both modalities, and *per modality* is one model for each.
# The *best single* modality is chosen in inner folds. The intervals come from a
# bootstrap of whole groups; those of the gain are paired.

result = fusion_gain(single_models, fusions, pairs.data, pairs.target, cv=3, inner_cv=2)
print(result.summary.round(2).to_string(index=False))
print(result.gain.round(2).to_string(index=False))

# %%
# The controls
# ------------
# *Shuffled within the class*: each sample gets the ultrasound image of another woman of
# its class. The kappa that remains does not require two images of one woman. *Shuffled
# across classes*: the ultrasound image holds no information any more, and kappa must
# fall to that of the mammogram. *Presence only*: a classifier sees which images are
# present, but no image. If its kappa is above 0, the choice of images reveals the
# class.

print(result.controls.round(2).to_string(index=False))

# %%
# The figure shows each kappa with its interval, and the controls below the models.

controls = result.controls.assign(model=result.controls["control"])
table = pd.concat([result.summary, controls])
errors = table["kappa"] - table["lower"], table["upper"] - table["kappa"]
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
axis.axvline(0, color="0.6", linestyle=":")
axis.errorbar(table["kappa"], table["model"], xerr=errors, fmt="o")
axis.invert_yaxis()
axis.set_xlabel("kappa with 95 % interval")
plt.show()
