"""
=================
Use on new images
=================

A classifier answers for any image, also for a photograph. This example goes from a
folder of DICOM files to a table of decisions: it leaves out files that cannot be read,
refuses images that are unlike the training images, and predicts the others at an
operating point that was chosen before. Not for clinical use.
"""

# %%
# The model, its operating point, and its scope
# ---------------------------------------------
# A model of mammograms. Its threshold is the one with which it finds 95 % of the
# malignant training images, when each is predicted by a model that has not seen it. The
# detector of the scope learns from the same images.

import hashlib
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    StratifiedGroupKFold,
    cross_val_predict,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion.audit import ScopeDetector, audit_dataset
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.images import read_image, scan_images

folder = Path(tempfile.mkdtemp())
make = {"modality": "mammography", "image_size": 64}
breast = make_breast_images(120, **make, folder=folder / "train", random_state=0)
X, y = breast.data, breast.target
features = CNNFeatureExtractor("cnn17", image_size=64)
model = make_pipeline(features, StandardScaler(), LogisticRegression(C=0.01))
cv = StratifiedGroupKFold(5)
options = {"cv": cv, "groups": X["group"], "method": "predict_proba"}
scores = cross_val_predict(model, X, y, **options)[:, 1]
threshold = np.quantile(scores[y == 1], 0.05)
model = FixedThresholdClassifier(model, threshold=threshold).fit(X, y)
scope = ScopeDetector(features).fit(X)
print(f"threshold {threshold:.2f}", scope.limits_.round(2), sep="\n")

# %%
# A folder of DICOM files
# -----------------------
# Eight files: four new mammograms, a fifth whose grey values are inverted, noise, a
# thumbnail, an ultrasound image; and a file that was cut.


def write_dicom(name, pixels, modality="MG"):
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"  # secondary capture
    data.SOPInstanceUID = generate_uid()
    data.PatientName, data.PatientID, data.Modality = "Doe^Jane", name, modality
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    data.PixelRepresentation, data.PixelData = 0, pixels.tobytes()
    data.save_as(folder / "new" / f"{name}.dcm", enforce_file_format=True)


(folder / "new").mkdir()
new = make_breast_images(5, **make, random_state=1).images
echo = make_breast_images(1, image_size=64, random_state=1)  # ultrasound
noise = np.random.default_rng(0).integers(256, size=(64, 64), dtype=np.uint8)
for number in range(4):
    write_dicom(f"patient{number}", new[number])
write_dicom("patient4", 255 - new[4])
write_dicom("patient5", noise)
write_dicom("patient6", new[4, ::4, ::4].copy())
write_dicom("patient7", echo.images[0], modality="US")
content = (folder / "new" / "patient0.dcm").read_bytes()
(folder / "new" / "patient8.dcm").write_bytes(content[: len(content) // 2])

# %%
# Scan, refuse, predict
# ---------------------
# ``scan_images`` reads headers, and ``audit_dataset`` decodes each file once: damaged
# files are findings and no error.

X_new = scan_images(folder / "new")
findings = audit_dataset(X_new, probes=False).findings
is_damaged = findings["kind"].isin(["missing file", "unreadable file"])
damaged = findings.loc[is_damaged, "row"]
table = scope.check(X_new.drop(index=damaged)).reindex(X_new.index)
table["reason"] = table["reason"].fillna("unreadable")
accepted = table.index[table["reason"] == ""]
found = model.predict(X_new.loc[accepted])
table.loc[accepted, "probability"] = model.predict_proba(X_new.loc[accepted])[:, 1]
table["decision"] = "refused"
table.loc[accepted, "decision"] = np.array(breast.target_names)[found]

# %%
# The file holds neither paths nor patients. The digest leads back to a file for those
# who have it. One of the four mammograms, row 2, is a false alarm: of images like the
# training images, about one in twenty is refused.

table["digest"] = [
    hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12] for path in X_new["image"]
]
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
