"""
===========================
Plots of a model comparison
===========================

:func:`~skfusion.model_selection.compare_models` returns an object whose method ``plot``
draws it in eight ways. Here, three small models classify **synthetic** images in two
modalities. The pictures show how to use the software and nothing about how well a model
does on patients.
"""

# %%
# The comparison
# --------------
# The images are drawn into a temporary folder, two views of each patient. Two of the
# models see the pixels as they are. The third is a small network that is trained from
# scratch.

import tempfile

import matplotlib.pyplot as plt
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource
from skfusion.model_selection import RocDisplay, compare_models
from skfusion.neural_network import CNN17Classifier


def read_pixels(X):
    """Read images as rows of pixels."""
    return ImageSource(X, image_size=32)[:].reshape(len(X), -1)


pixels = FunctionTransformer(read_pixels)
scores = make_pipeline(pixels, StandardScaler(), PCA(20, random_state=0))
linear = make_pipeline(scores, LogisticRegression())
forest = make_pipeline(pixels, RandomForestClassifier(random_state=0))
small = {"width": 8, "weights": None, "image_size": 32, "batch_size": 16}
epochs = {"max_epochs": 20, "validation_fraction": 0.2, "n_iter_no_change": 20}
network = CNN17Classifier(**small, early_stopping=True, **epochs, random_state=0)
models = [
    ("Pixels + logistic regression", linear),
    ("Pixels + random forest", forest),
    ("17-layer CNN, small", network),
]

with tempfile.TemporaryDirectory() as folder:
    images = {"n_views": 2, "modality": "both", "class_sep": 6, "image_size": 32}
    data = make_breast_images(240, **images, folder=folder, random_state=0)
    y = [data.target_names[code] for code in data.target]  # benign or malignant
    comparison = compare_models(models, data.data, y, cv=3)

# %%
# Estimates with intervals
# ------------------------
# The forest plot is the default. Each row is a model, with its estimate from the
# predictions of all folds and a 95 % interval over patients. The dotted line is the
# value of a model that does not look at the images. A block for each modality shows
# what the first block hides: the models hardly recognise the class in the synthetic
# mammograms, which are small here.

_ = comparison.plot()

# %%
# A list of measures draws a panel for each.

_ = comparison.plot(measure=["AUC", "sensitivity", "specificity"], modality="all")

# %%
# The folds
# ---------
# Each point is a fold, and each line is the estimate from all folds. A grey line
# connects the scores of one fold. A single fold shows little.

_ = comparison.plot("folds")

# %%
# ROC and precision-recall curves
# -------------------------------
# Scores of different folds are not compared, because each fold has its own model.
# Therefore the ROC curve is the average of the curves of the folds, and the area under
# it is the AUC of the summary. The bands are 95 % intervals from resampled patients.

_ = comparison.plot("roc")

# %%
# The precision depends on the prevalence, which the dotted line shows.

_ = comparison.plot("precision_recall", modality="ultrasound")

# %%
# Calibration
# -----------
# A model is calibrated if 30 % of the images with a probability of 0.3 are malignant.
# The lower panel shows how many predictions lie where.

_ = comparison.plot("calibration")

# %%
# Decision curves
# ---------------
# The net benefit weighs the needless biopsies by the threshold probability from which
# on a person wants one. A model is worth using where its curve is above both grey
# lines. Half of these images are malignant; in a clinic with fewer cancers, all net
# benefits would be smaller.

_ = comparison.plot("decision_curve", modality="ultrasound")

# %%
# Confusion matrices
# ------------------
# The shade is the share of the true class.

_ = comparison.plot("confusion")

# %%
# Training
# --------
# The losses of the networks show whether more epochs would help, and whether the folds
# differ.

_ = comparison.plot("training")

# %%
# Two panels side by side
# -----------------------
# A plot is drawn on the axes that are passed. Each Display is a class of its own, as in
# scikit-learn, and keeps the numbers that it draws.

figure, axes = plt.subplots(1, 2, figsize=(8, 4.4), layout="constrained", sharey=True)
for axis, modality in zip(axes, ["mammography", "ultrasound"], strict=True):
    display = RocDisplay.from_comparison(
        comparison, modality=modality, models="17-layer CNN, small", ax=axis
    )
    estimate, lower, upper = display.auc[0]
    print(f"{modality}: AUC {estimate:.2f} [{lower:.2f}, {upper:.2f}]")
plt.show()
