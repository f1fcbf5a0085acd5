"""Terms of use of data sets and of weights, as far as they are known."""

import re

from ..datasets._descr import read_descr
from ..networks._weights import is_weights_file

__all__ = ["terms_of_data", "terms_of_weights"]

_TERMS = re.compile(r"\*\*Terms\.\*\*(.*?)\n\n", flags=re.DOTALL)


def terms_of_data(name):
    """Return the terms of a data set, by its name in the column ``dataset``.

    Parameters
    ----------
    name : str

    Returns
    -------
    terms : str
    """
    try:
        found = _TERMS.search(read_descr(re.sub(r"\W", "_", name.lower())))
    except OSError:
        found = None
    return " ".join(found[1].split()) if found else "not known to skfusion."


def terms_of_weights(backbone, weights):
    """Return the terms of the weights with which a network began.

    Parameters
    ----------
    backbone : str

    weights : str or None

    Returns
    -------
    terms : str
    """
    if weights is None:
        return "random; none."
    if is_weights_file(weights):
        return "those of the file's author, which skfusion does not know."
    if backbone == "cnn17":
        return "part of skfusion, BSD-3-Clause, trained on images drawn by a program."
    if backbone.startswith("timm/"):
        return "as on the page of the model in timm, which is Apache-2.0 itself."
    if ":" in backbone:
        return "those of the function's author, which skfusion does not know."
    return (
        "torchvision is BSD-3-Clause. Its weights were trained on ImageNet, whose "
        "images are for research and education."
    )
