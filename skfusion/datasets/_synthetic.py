from numbers import Integral, Real
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ._descr import read_descr
from ._phantoms import draw_outlines, render

_MODALITIES = ("mammography", "ultrasound")


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "modality": [StrOptions({*_MODALITIES, "both"})],
        "image_size": [Interval(Integral, 16, None, closed="left")],
        "class_sep": [Interval(Real, 0, None, closed="left")],
        "n_views": [Interval(Integral, 1, None, closed="left")],
        "prevalence": [Interval(Real, 0, 1, closed="both")],
        "folder": [str, PathLike, None],
        "random_state": ["random_state"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_breast_images(
    n_samples=100,
    *,
    modality="ultrasound",
    image_size=64,
    class_sep=1.0,
    n_views=1,
    prevalence=0.5,
    folder=None,
    random_state=None,
    return_X_y=False,
):
    """Draw synthetic mammograms or ultrasound images with one lesion each.

    The shape, the margin and the echo of the lesion decide the class. A benign
    lesion is smooth and oval; in ultrasound it is wider than tall and the tissue
    behind it is brighter. A malignant lesion is lobulated and spiculated; in
    ultrasound it is taller than wide and casts a shadow. Brightness and contrast
    of the image, and size, position and darkness of the lesion, are drawn
    independently of the class, so that they do not give it away.

    The images are **synthetic**: they test software, and say nothing of how well a
    model does on patients.

    Read more in the :ref:`User Guide <datasets>`.

    Parameters
    ----------
    n_samples : int, default=100
        Number of images (not of patients: see `n_views`).

    modality : {"mammography", "ultrasound", "both"}, default="ultrasound"
        What to draw. With "both", every other patient has mammograms and the rest
        have ultrasound images; the two classes are as frequent in each.

    image_size : int, default=64
        Height and width of the images in pixels, at least 16. Margins can hardly
        be seen below 48.

    class_sep : float, default=1.0
        How far apart the classes are. 0 gives labels that no model can learn.

    n_views : int, default=1
        Images per patient. They show the same lesion in another pose, in other
        surroundings, and share their entry of `groups`. The last patient has fewer
        where `n_views` does not divide `n_samples`.

    prevalence : float, default=0.5
        Share of the patients of each modality whose lesion is malignant.

    folder : str or path-like, default=None
        Where to write the images as PNG files. The folder is made if need be.
        With None nothing is written and `data` is an array.

    random_state : int, RandomState instance or None, default=None
        Determines the images and labels. Pass an int for the same data in each call.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : ndarray of shape (n_samples, image_size, image_size), uint8, or \
DataFrame
            The images or, with `folder`, a DataFrame with the columns ``image``
            (path), ``modality``, ``group``, ``view``, ``laterality`` and ``dataset``.
        target : ndarray of shape (n_samples,), int64
            1 for malignant, 0 for benign.
        target_names : list of str
            ``["benign", "malignant"]``.
        groups : ndarray of shape (n_samples,), object
            The patient of each image.
        frame : DataFrame of n_samples rows
            The columns of `data` (``image`` only with `folder`), ``target`` and the
            parameters with which the lesion was drawn.
        images : ndarray of shape (n_samples, image_size, image_size), uint8
            The images, whatever `data` is.
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    See Also
    --------
    load_busi : Real ultrasound images.
    load_rsna : Real mammograms.

    Examples
    --------
    >>> from skfusion.datasets import make_breast_images
    >>> breast = make_breast_images(6, n_views=2, random_state=0)
    >>> breast.data.shape, breast.data.dtype
    ((6, 64, 64), dtype('uint8'))
    >>> breast.groups
    array(['patient1', 'patient1', 'patient2', 'patient2', 'patient3',
           'patient3'], dtype=object)
    """
    random_state = check_random_state(random_state)
    patients = _draw_patients(
        -(-n_samples // n_views), modality, prevalence, class_sep, random_state
    )
    outlines = draw_outlines(patients["irregularity"].to_numpy(), random_state)
    lesions = _draw_views(patients, n_views, random_state).iloc[:n_samples]
    outlines = outlines[lesions.index]  # the index is still the patient's number
    lesions = lesions.reset_index(drop=True)
    images = _draw_images(lesions, outlines, image_size, random_state)

    frame = lesions.drop(columns="left")
    data = images
    if folder is not None:
        frame.insert(0, "image", _write_images(images, Path(folder)))
        data = frame.loc[:, :"dataset"].copy()
    target = frame["target"].to_numpy()
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=["benign", "malignant"],
        groups=frame["group"].to_numpy(dtype=object),
        frame=frame,
        images=images,
        DESCR=read_descr("synthetic"),
    )


def _draw_patients(n_patients, modality, prevalence, class_sep, random_state):
    """Draw class and lesion of each patient; one row a patient."""
    number = np.arange(n_patients)
    modalities = _MODALITIES if modality == "both" else (modality,)
    kind = np.array(modalities, dtype=object)[number % len(modalities)]
    target = np.zeros(n_patients, dtype=np.int64)
    for name in modalities:
        rows = random_state.permutation(number[kind == name])
        target[rows[: round(prevalence * len(rows))]] = 1
    patients = pd.DataFrame(
        {
            "modality": kind,
            "group": [f"patient{i + 1}" for i in number],
            "laterality": random_state.choice(["L", "R"], n_patients),
            "target": target,
        }
    )
    sign = class_sep * (2 * target - 1)
    return patients.assign(**_draw_lesions(sign, kind == "ultrasound", random_state))


def _draw_lesions(sign, is_ultrasound, random_state):
    """Draw what makes a lesion; `sign` > 0 draws it towards malignant."""
    noise = random_state.standard_normal((4, len(sign)))
    oriented = 0.1 - 0.30 * sign + 0.10 * noise[1]
    posterior = -0.33 * sign + 0.15 * noise[2]
    rotation = np.where(
        is_ultrasound, 0.15 * noise[3], random_state.uniform(0, np.pi, len(sign))
    )
    size = {"low": 0.12, "high": 0.20, "size": len(sign)}
    return {
        "irregularity": np.clip(0.28 + 0.22 * sign + 0.05 * noise[0], 0.02, 0.7),
        "aspect_ratio": np.exp(
            np.where(is_ultrasound, np.clip(oriented, -0.7, 0.8), 0.15 * noise[1])
        ),
        "posterior_echo": np.where(is_ultrasound, np.clip(posterior, -0.8, 0.9), 0.0),
        "softness": np.clip(0.20 + 0.05 * sign + 0.03 * noise[3], 0.08, 0.4),
        "contrast": random_state.uniform(0.5, 0.8, len(sign)),
        "radius": random_state.uniform(**size),
        "rotation": rotation,
    }


def _draw_views(patients, n_views, random_state):
    """Repeat each patient `n_views` times, each time in another pose."""
    views = patients.loc[patients.index.repeat(n_views)].copy()
    number = np.tile(np.arange(n_views), len(patients))
    is_mammogram = (views["modality"] == "mammography").to_numpy()
    left = (views["laterality"] == "L").to_numpy()
    turn = np.where(is_mammogram, 0.5, 0.1)
    x = random_state.uniform(0.24, 0.76, len(views))
    depth = random_state.uniform(0.28, 0.58, len(views))  # from the chest wall
    views["rotation"] += turn * random_state.uniform(-1, 1, len(views))
    views["radius"] *= random_state.uniform(0.92, 1.08, len(views))
    views["center_x"] = np.where(is_mammogram, np.where(left, depth, 1 - depth), x)
    views["center_y"] = random_state.uniform(0.28, 0.66, len(views))
    views["left"] = left
    name = np.array(["CC", "MLO"], dtype=object)[number % 2]
    views.insert(2, "view", np.where(is_mammogram, name, None))
    views.insert(4, "dataset", "synthetic")
    return views


def _draw_images(lesions, outlines, image_size, random_state):
    """Draw the image of each row."""
    images = np.empty((len(lesions), image_size, image_size), dtype=np.uint8)
    poses = lesions.select_dtypes(["number", "bool"])
    for modality in _MODALITIES:
        rows = np.flatnonzero(lesions["modality"] == modality)
        some = {name: values.to_numpy()[rows] for name, values in poses.items()}
        images[rows] = render(some, outlines[rows], modality, image_size, random_state)
    return images


def _write_images(images, folder):
    """Write the images as PNG files whose names say nothing; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(folder / f"synthetic_{i + 1:04d}.png") for i in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    return paths
