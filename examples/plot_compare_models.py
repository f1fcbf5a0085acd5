"""
================================
Compare four models on one study
================================

This example compares four models of ultrasound images on identical folds that no
patient crosses, and shows the results as a table and as figures.

By default the images are **synthetic** and easy, and no network is pretrained: the
weights of every network are random, or learnt from these images alone. The results
therefore show how to use the software, and nothing about patients. With the folders of
real data sets (any of ``RSNA``, ``BUSI`` and ``BREAST``) it is a real study with
pretrained networks, for which torchvision downloads ImageNet weights unless ``WEIGHTS``
names their file::

    BUSI=busi BREAST=breast_lesions_usg WEIGHTS=squeezenet1_1.pth \\
        python examples/plot_compare_models.py

Nothing here is for clinical use.
"""

# %%
# The data
# --------
# Each row is an image. The column ``group`` holds its patient, or its family of
# near-duplicates, which must not be on both sides of a split.

import os
import tempfile

import matplotlib.pyplot as plt
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_busi,
    load_rsna,
    make_breast_images,
)
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler

loaders = {"RSNA": load_rsna, "BUSI": load_busi, "BREAST": load_breast_lesions_usg}
real = [load(os.environ[key]) for key, load in loaders.items() if key in os.environ]
if real:
    data = concat_datasets(*real)
else:
    folder = tempfile.mkdtemp()
    options = {"image_size": 48, "class_sep": 2.5, "n_views": 2, "prevalence": 0.4}
    data = make_breast_images(240, **options, folder=folder, random_state=0)
weights = os.environ.get("WEIGHTS", "DEFAULT") if real else None
print("Real images" if real else "SYNTHETIC images, random initial weights")

# %%
# The models
# ----------
# The models are frozen features of a network with an SVM and with a random forest, a
# network that is trained further, and a network of 17 layers. For real images, the last
# one starts from weights that were trained on synthetic images. For synthetic images it
# is trained from scratch, because these weights would flatter it. The classes are
# balanced *inside* each model, so that no copy of a training image is ever in a test
# fold.

seed = {"random_state": 0}
size = {"image_size": 192 if real else 64}
features = CNNFeatureExtractor("squeezenet1_1", weights=weights, **size, **seed)
balance = ImageOverSampler(**seed)
svm = make_pipeline(features, StandardScaler(), SMOTE(**seed), SVC())
forest = make_pipeline(balance, features, RandomForestClassifier(**seed))
transfer = TransferCNNClassifier(
    "squeezenet1_1", weights=weights, max_epochs=12, **size, **seed
)
width, epochs, start = (24, 80, "phantoms") if real else (8, 20, None)
custom = CNN17Classifier(
    width=width, weights=start, max_epochs=epochs, class_weight="balanced", **seed
)
models = [
    ("Frozen features + SVM", svm),
    ("Frozen features + forest", forest),
    ("Transfer learning", make_pipeline(balance, transfer)),
    ("17-layer CNN", custom),
]

# %%
# The study
# ---------
# The table shows the pooled out-of-fold predictions, each measure with a 95 % interval
# over patients. ``n_jobs=-1`` fits as many folds at once as there are cores, which
# changes no number. On a single GPU leave it out.

study = compare_models(models, data.data, data.target, groups=data.groups, n_jobs=-1)
print(study)

# %%
# The estimates with their intervals, and what the folds alone would have shown:

study.plot("forest")

# %%

study.plot("folds")

# %%
# The errors that lead to these numbers, and whether the networks were trained for long
# enough:

study.plot("confusion")

# %%

study.plot("training")

plt.show()
