"""
===============================
A threshold, and a probability
===============================

A study needs a threshold, such as the one with a specificity of 0.9, and a doctor needs
a probability that is right. Here both are learnt in inner folds, for two models that
balance the classes, on **synthetic** ultrasound images. The numbers show how to use the
software and nothing about how well a model does on patients.
"""

# %%
# The models
# ----------
# A fifth of the images are malignant. Both models see the pixels. One balances the
# classes by weights. The other one is the same, with probabilities that are corrected.

import tempfile

import matplotlib.pyplot as plt
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource
from skfusion.model_selection import compare_models, recalibrate


def read_pixels(X):
    """Read images as rows of pixels."""
    return ImageSource(X, image_size=32)[:].reshape(len(X), -1)


balanced = make_pipeline(
    FunctionTransformer(read_pixels),
    StandardScaler(),
    PCA(10, random_state=0),
    LogisticRegression(class_weight="balanced"),
)
models = [
    ("Balanced", balanced),
    ("Balanced, recalibrated", recalibrate(balanced, cv=3, random_state=0)),
]

# %%
# The comparison
# --------------
# With the threshold 0.5 the balanced model finds more of the malignant images. The
# corrected one predicts fewer of them, because most images are benign. At a specificity
# of 0.9 both find about the same: the correction changes the probabilities, and not the
# order of the images.

with tempfile.TemporaryDirectory() as folder:
    data = make_breast_images(
        400,
        modality="ultrasound",
        prevalence=0.2,
        class_sep=3,
        image_size=32,
        folder=folder,
        random_state=0,
    )
    y = [data.target_names[code] for code in data.target]
    comparison = compare_models(models, data.data, y, cv=3)
    tables = {
        "threshold 0.5": comparison.summary,
        "specificity 0.9": comparison.summary(at="specificity=0.9"),
    }

for name, table in tables.items():
    table = table.pivot_table("estimate", "model", "measure")
    print(f"{name}\n{table[['sensitivity', 'specificity', 'PPV']].round(2)}\n")

# %%
# The probabilities
# -----------------
# The probabilities of the balanced model are too high: they are those of a population
# in which every second image is malignant.

_ = comparison.plot("calibration")
plt.show()
