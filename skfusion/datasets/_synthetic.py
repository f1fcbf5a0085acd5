"""Synthetic mammograms and ultrasound images of one lesion each."""

from numbers import Integral, Real
from os import PathLike
from pathlib import Path

from sklearn.utils import check_random_state

from .._validation._columns import IMAGE, REGION
from .._validation._private import Interval, StrOptions, validate_params
from ._base import make_synthetic_bunch
from ._lesions import (
    MODALITIES,
    draw_images,
    draw_patients,
    draw_views,
    find_boxes,
    write_images,
)
from ._phantoms import draw_outlines

__all__ = ["make_breast_images"]


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "modality": [StrOptions({*MODALITIES, "both"})],
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

    The shape, the margin and the echo of the lesion depend on the class. A benign
    lesion is smooth and oval; in ultrasound it is wider than tall and the tissue
    behind it is brighter. A malignant lesion is lobulated and spiculated; in
    ultrasound it is taller than wide and casts a shadow. Brightness and contrast
    of the image, and size, position and darkness of the lesion, are drawn
    independently of the class, so that they do not give it away.

    The images are **synthetic**: they test software, and do not show how well a
    model does on patients.

    Read more in the :ref:`User Guide <datasets>`.

    Parameters
    ----------
    n_samples : int, default=100
        Number of images (not of patients: see `n_views`).

    modality : {"mammography", "ultrasound", "both"}, default="ultrasound"
        Modality of the images. With "both", every other patient has mammograms and the
        rest have ultrasound images; both modalities have the same prevalence.

    image_size : int, default=64
        Height and width of the images in pixels, at least 16. Below 48, margins are
        hardly visible.

    class_sep : float, default=1.0
        How far apart the classes are. 0 gives labels that no model can learn.

    n_views : int, default=1
        Images per patient. They show the same lesion in different poses and different
        surroundings, and share their entry of `groups`. The last patient has fewer
        images if `n_views` does not divide `n_samples`.

    prevalence : float, default=0.5
        Share of the patients of each modality whose lesion is malignant.

    folder : str or path-like, default=None
        Where to write the images as PNG files. The folder is created if it does not
        exist. If None, no file is written and `data` is an array.

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
            (path), ``modality``, ``group``, ``view``, ``laterality``, ``dataset`` and
            ``region``, the box of the lesion without its soft margin, as text
            ``"x0,y0,x1,y1"`` in pixels.
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
            The images, in both forms of `data`.
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    See Also
    --------
    make_breast_pairs : A mammogram and an ultrasound image of each lesion.
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
    n_patients = -(-n_samples // n_views)
    patients = draw_patients(n_patients, modality, prevalence, class_sep, random_state)
    outlines = draw_outlines(patients["irregularity"].to_numpy(), random_state)
    lesions = draw_views(patients, n_views, random_state).iloc[:n_samples]
    outlines = outlines[lesions.index]  # the index is still the patient's number
    lesions = lesions.reset_index(drop=True)
    images = draw_images(lesions, outlines, image_size, random_state)
    place = lesions.columns.get_loc("dataset") + 1
    lesions.insert(place, REGION, find_boxes(lesions, outlines, image_size))
    frame, data = lesions.drop(columns="left"), images
    if folder is not None:
        frame.insert(0, IMAGE, write_images(images, Path(folder)))
        data = frame.loc[:, :REGION].copy()
    return make_synthetic_bunch(data, frame, images, return_X_y=return_X_y)
