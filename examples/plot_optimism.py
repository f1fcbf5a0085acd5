"""
====================
Leakage, in pictures
====================

Two mistakes make a study of breast images look much better than it is: the classes are
balanced (or the images augmented) before the split, or the split ignores the patients.
This example shows on synthetic images what a model sees after each of them, and what
the study would have claimed. The labels of the first part are pure noise: nothing can
be learnt, and every kappa clearly above 0 is a mistake of the protocol.
"""

# %%
# Four frames of one scan
# -----------------------
# Each of 100 patients has four frames, which differ by a few pixels and by noise, as
# neighbouring frames of an ultrasound scan do. 15 % of the patients have the label
# "malignant". With ``class_sep=0`` the label has nothing to do with the image.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from skfusion.datasets import make_breast_images
from skfusion.model_selection import optimism


def draw_frames(class_sep):
    data = make_breast_images(
        100, image_size=36, prevalence=0.15, class_sep=class_sep, random_state=0
    )
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(100), 4)
    corners = rng.integers(5, size=(400, 2))
    frames = [
        data.data[number, top : top + 32, left : left + 32]
        for number, (top, left) in zip(patient, corners, strict=True)
    ]
    frames = np.array(frames) / 255 + 0.02 * rng.normal(size=(400, 32, 32))
    return frames.reshape(400, -1), data.target[patient], patient


X, y, patient = draw_frames(class_sep=0)
first = int(np.flatnonzero(y == 1)[0])
figure, axes = plt.subplots(1, 4, figsize=(8, 2.3), layout="constrained")
for ax, pixels in zip(axes, X[first : first + 4], strict=True):
    ax.imshow(pixels.reshape(32, 32), cmap="gray")
    ax.set_axis_off()
figure.suptitle("four frames of one patient")
plt.show()

# %%
# What the model finds in its training images
# -------------------------------------------
# The first frame becomes a test image. Which of the training images resembles it most?
# If the classes were balanced first, it is a copy of the frame: each malignant frame
# occurs about six times then. If the frames were split, it is another frame of the same
# patient. Only if the patients were split, it is an image of another patient.

rows = np.arange(len(y))
training_rows = {
    "a copy (balanced first)": rows,
    "by image": rows[rows != first],
    "by patient": rows[patient != patient[first]],
}
shown = {"test image": first}
for protocol, kept in training_rows.items():
    distance = np.linalg.norm(X[kept] - X[first], axis=1)
    shown[protocol] = kept[np.argmin(distance)]
figure, axes = plt.subplots(1, 4, figsize=(8, 2.4), layout="constrained")
for ax, (title, row) in zip(axes, shown.items(), strict=True):
    ax.imshow(X[row].reshape(32, 32), cmap="gray")
    ax.set_title(title, fontsize="medium")
    ax.set_axis_off()
plt.show()

# %%
# What the study would have claimed
# ---------------------------------
# :func:`~skfusion.model_selection.optimism` evaluates the same models under each
# protocol. Both mistakes turn noise into a kappa above 0.5, and the intervals, which
# resample patients, are far from 0. Split by patient, the models are at chance. The
# nearest neighbour sees all pixels, and the SVM the means of blocks of 4 x 4 pixels.


def make_coarse(X):
    return X.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)).reshape(-1, 64)


svm = make_pipeline(FunctionTransformer(make_coarse), SVC(class_weight="balanced"))
models = [("nearest neighbour", KNeighborsClassifier(1)), ("SVM", svm)]
noise = optimism(models, X, y, groups=patient)
print(noise)
noise.plot().ax_.set_title("labels are noise", pad=24)
plt.show()

# %%
# A model that does learn
# -----------------------
# Where the classes differ, both models have a kappa above 0 on patients that they have
# never seen, and the SVM has the greater one. The mistakes hide this: under both
# protocols the two models look alike, and nearly perfect.

X, y, patient = draw_frames(class_sep=1.5)
signal = optimism(models, X, y, groups=patient)
print(signal)
signal.plot().ax_.set_title("classes differ", pad=24)
plt.show()
