"""
=================
Use on new images
=================

A classifier answers for any image, also for a photograph. This example goes from a
folder of DICOM files to a table of decisions: it leaves out files that cannot be read,
refuses images that are unlike the training images, and predicts the others with a
threshold that was learnt for a sensitivity of 90 %. Not for clinical use.
"""

# %%
# The model, its operating point, and its scope
# ---------------------------------------------
# A model of mammograms that are hard to classify. Its threshold reaches a sensitivity
# of 90 % in inner folds that no patient crosses. The detector of the scope learns from
# the same images as the model.

import hashlib
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion.audit import ScopeDetector, audit_dataset
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.images import read_image, scan_images
from skfusion.model_selection import TargetThresholdClassifier

folder = Path(tempfile.mkdtemp())
make = {"modality": "mammography", "image_size": 64, "class_sep": 0.3}
breast = make_breast_images(120, **make, folder=folder / "train", random_state=0)
features = CNNFeatureExtractor("cnn17", image_size=64)
model = make_pipeline(features, StandardScaler(), LogisticRegression(C=0.01))
model = TargetThresholdClassifier(model, target="sensitivity>=0.9", random_state=0)
model.fit(breast.data, breast.target)
scope = ScopeDetector(features).fit(breast.data)
print(f"threshold {model.threshold_:.2f}\n{scope.limits_.round(2)}")

# %%
# A folder of DICOM files
# -----------------------
# Eight files: four new mammograms, a fifth whose grey values are inverted, noise, a
# thumbnail, an ultrasound image; and a file that was cut.

new = make_breast_images(5, **make, random_state=1).images
images = [*new[:4], 255 - new[4]]
images.append(np.random.default_rng(0).integers(256, size=(64, 64), dtype=np.uint8))
images.append(new[4, ::4, ::4].copy())
images.append(make_breast_images(1, image_size=64, random_state=1).images[0])
(folder / "new").mkdir()
for number, pixels in enumerate(images):
    data = Dataset()
    data.PatientName, data.PatientID = "Doe^Jane", f"patient{number}"
    data.Modality = "US" if number == 7 else "MG"
    data.SOPClassUID = SecondaryCaptureImageStorage
    data.set_pixel_data(pixels, "MONOCHROME2", 8)
    data.save_as(folder / "new" / f"{number}.dcm", enforce_file_format=True)
content = (folder / "new" / "0.dcm").read_bytes()
(folder / "new" / "8.dcm").write_bytes(content[: len(content) // 2])

# %%
# Scan, refuse, predict
# ---------------------
# ``scan_images`` reads headers, and ``audit_dataset`` decodes each file once: damaged
# files are findings and no error.

X_new = scan_images(folder / "new")
findings = audit_dataset(X_new, probes=False).findings
damaged = findings.loc[findings["kind"] == "unreadable file", "row"]
table = scope.check(X_new.drop(index=damaged)).reindex(X_new.index)
table["reason"] = table["reason"].fillna("unreadable")
accepted = table.index[table["reason"] == ""]
found = model.predict(X_new.loc[accepted])
table.loc[accepted, "probability"] = model.predict_proba(X_new.loc[accepted])[:, 1]
table["decision"] = "refused"
table.loc[accepted, "decision"] = np.array(breast.target_names)[found]

# %%
# Rows 1 and 2 are malignant at probabilities below 0.5, because the threshold is lower.
# The file holds neither paths nor patients. The digest leads back to a file for those
# who have it. All four mammograms are accepted: of images like the training images,
# about one in twenty is refused.

contents = [Path(path).read_bytes() for path in X_new["image"]]
table["digest"] = [hashlib.sha256(each).hexdigest()[:12] for each in contents]
columns = ["digest", "decision", "probability", "distance", "reason"]
table[columns].round(3).to_csv(folder / "decisions.csv", index_label="row")
print(table[columns[1:]].round(2).to_string())

# %%
# What was refused, and why
# -------------------------

figure, axes = plt.subplots(2, 4, figsize=(8, 4.5), layout="constrained")
for ax, row in zip(axes.flat, X_new.index.drop(damaged), strict=True):
    ax.imshow(read_image(X_new["image"][row]), cmap="gray", vmin=0, vmax=1)
    ax.set_title(f"{table['decision'][row]}\n{table['reason'][row]}", fontsize=9)
    ax.axis("off")
plt.show()
