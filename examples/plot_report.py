"""
================
Hand in one page
================

A study becomes one page of HTML with everything that a reviewer asks for: the flow of
the data, the folds, the models, all measures with their intervals, the mistakes, an
audit, the protocol, and the items of TRIPOD+AI and CLAIM 2024 that the page answers.

The images are **synthetic**. Nothing here is for clinical use.
"""

# %%
# A small study
# -------------
# Two views of each of 80 breasts, of two modalities, and images of another hospital.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion.audit import audit_dataset
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import compare_models

folder = Path(tempfile.mkdtemp())
options = {"modality": "both", "image_size": 48, "n_views": 2, "class_sep": 0.3}
data = make_breast_images(160, **options, folder=folder / "own", random_state=0)
other = make_breast_images(60, **options, folder=folder / "other", random_state=1)

features = CNNFeatureExtractor("cnn17", image_size=48)
linear = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
models = [
    ("Prior", DummyClassifier()),
    ("Frozen features", make_pipeline(features, StandardScaler(), linear)),
]
study = compare_models(models, data.data, data.target, groups=data.groups)
groups = [f"other {group}" for group in other.groups]
study.external("Other hospital", other.data, other.target, groups=groups)
print(study)

# %%
# The page
# --------
# The comparison does not know what was left out before: ``excluded`` adds it to the
# flow. A subgroup is a column of X, or one value for each row. Images of the mistakes
# are shown only with ``images=True``, since they are patients'.

is_older = np.arange(len(data.target)) // 2 % 3 > 0
age = pd.Series(np.where(is_older, "50 and older", "younger than 50"), name="age")
path = study.to_html(
    folder / "study.html",
    audit=audit_dataset(data, probes=False),
    excluded={"no biopsy": 14, "implant": 3},
    subgroups=[age],
    images=True,
)
print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")

# %%
# Open it in a browser, print it, or send it by mail: it needs no other file and no
# network. Every plot in it is one of the Displays:

study.plot("forest")
plt.show()
