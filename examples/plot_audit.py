"""
=======================
Look at your data first
=======================

Duplicates, a patient with two names, inverted files, calipers and shortcuts change what
a study measures more than the choice of a model does. This example plants some of them
in synthetic images, and finds them again with :func:`~skfusion.audit.audit_dataset`.
"""

# %%
# Plant faults
# ------------
# The clean data set has 90 images of as many patients. Two ultrasound images are saved
# again for other patients, one of them mirrored, one scanner inverts its mammograms,
# and most malignant lesions are measured with calipers.

import matplotlib.pyplot as plt
import numpy as np

from skfusion.audit import audit_dataset
from skfusion.datasets import make_breast_images

breast = make_breast_images(90, modality="both", image_size=96, random_state=0)
images = np.repeat(breast.data[..., np.newaxis], 3, axis=3)  # in colour
is_mammogram = (breast.frame["modality"] == "mammography").to_numpy()
mammograms, echoes = np.flatnonzero(is_mammogram), np.flatnonzero(~is_mammogram)

images[mammograms[10:13]] = 255 - images[mammograms[10:13]]
for row in echoes[breast.target[echoes] == 1]:
    if row % 6:
        y, x = 30 + row % 20, 25 + row % 40
        images[row, y - 5 : y + 6, x] = images[row, y, x - 5 : x + 6] = [250, 230, 40]
images[echoes[20]] = images[echoes[3]]
images[echoes[21]] = images[echoes[4], :, ::-1]

# %%
# The report
# ----------
# Rows are the only names in it: no path and no patient.

breast.data = images
breast.frame = breast.frame[["modality", "view", "laterality", "dataset", "target"]]
audit = audit_dataset(breast, random_state=0)
print(audit)

# %%
# A patient with two names
# ------------------------
# Both copies of an image have groups of their own, so that a split by group leaks.

audit.plot("two groups")
plt.show()

# %%
# Calipers
# --------

audit.plot("marks", n=12)
plt.show()

# %%
# Shortcuts
# ---------
# The label is predicted by what was drawn onto the images. A model that sees whole
# images can learn that as well.

audit.plot("probes")
plt.show()
