"""Loading of a model from one file."""

from pathlib import Path

import skops.io
from safetensors.torch import load

from ..exceptions import ModelFileError
from ._archive import CARD, ESTIMATOR, WEIGHTS, read_archive
from ._check_loaded import check_backbone_is_trusted, check_loaded
from ._parts import at_hand, rebuild
from ._trusted_types import trusted_types, type_name

__all__ = ["load_model", "model_card"]


def load_model(path, *, trusted=()):
    """Load a model that :func:`save_model` wrote.

    Nothing of the file is run, downloaded or written to a disk. Its predictions are
    those of the saved model, to the bit, on the same machine with the same versions and
    number of threads.

    Parameters
    ----------
    path : str or Path
        The file.

    trusted : sequence of str or type, default=()
        What the file may hold besides estimators of skfusion, scikit-learn and
        imbalanced-learn: types and functions, such as ``"my_package.MyScaler"``, and
        backbones, such as ``"my_package:my_network"``. They are imported, and the
        functions of backbones are called. Pass only what you know.

    Returns
    -------
    estimator : estimator
        The fitted model.

    Raises
    ------
    ModelFileError
        If the file is damaged or not complete, is no model file, was written in a newer
        format, is larger than it states, or holds what is not trusted.

    OSError
        If the file does not exist or cannot be read.

    TypeError
        If `trusted` is a single name or type.

    See Also
    --------
    save_model : Write such a file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from skfusion.persistence import load_model, save_model
    >>> file = Path(tempfile.mkdtemp()) / "model.skfusion"
    >>> step = FunctionTransformer(np.loadtxt).fit([[0.0]])
    >>> load_model(save_model(step, file))
    Traceback (most recent call last):
    ...
    skfusion.exceptions.ModelFileError: Expected types that are trusted. Got
    ['numpy.loadtxt'] in the file. If you know them, pass trusted=['numpy.loadtxt'].
    """
    if isinstance(trusted, str | type):
        raise TypeError(
            f"The 'trusted' parameter must be a list of names or types. Got {trusted!r}"
            f" instead. Pass trusted=[{trusted!r}]."
        )
    manifest, members = read_archive(Path(path))
    names = {each if isinstance(each, str) else type_name(each) for each in trusted}
    try:
        parts = _rebuild_parts(manifest["parts"], load(members[WEIGHTS]), names)
        estimator = _load_estimator(members[ESTIMATOR], parts, names)
        check_loaded(estimator, names)
    except ModelFileError:
        raise
    except ImportError as error:
        raise ModelFileError(
            f"The model file needs a package that cannot be imported: {error}"
        ) from error
    except Exception as error:  # what is wrong inside may raise any error
        raise ModelFileError(
            "The model file cannot be loaded: what it holds does not fit together "
            f"({type(error).__name__}: {str(error)[:200]!r})."
        ) from error
    return estimator


def _rebuild_parts(definitions, tensors, trusted):
    states = {name: {} for name in definitions}
    for key, tensor in tensors.items():
        name, _, parameter = key.partition("/")
        states[name][parameter] = tensor
    parts = {}
    for name, definition in definitions.items():
        for settings in (definition, definition.get("params", {})):
            check_backbone_is_trusted(settings, trusted)
        parts[name] = rebuild(definition, states[name])
    return parts


def _load_estimator(content, parts, trusted):
    found = set(skops.io.get_untrusted_types(data=content))
    unknown = sorted(found - trusted - trusted_types())
    if unknown:
        raise ModelFileError(
            f"Expected types that are trusted. Got {unknown!r} in the file. If you "
            f"know them, pass trusted={unknown!r}."
        )
    with at_hand(parts):
        return skops.io.loads(content, trusted=sorted(found))


def model_card(path):
    """Return the model card of a file that :func:`save_model` wrote.

    The model is not loaded.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    card : str
        Markdown.

    Raises
    ------
    ModelFileError
        If the file is damaged or is no model file.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.dummy import DummyClassifier
    >>> from skfusion.persistence import model_card, save_model
    >>> model = DummyClassifier().fit([[0], [1]], ["benign", "malignant"])
    >>> file = save_model(model, f"{tempfile.mkdtemp()}/model.skfusion")
    >>> print(model_card(file).splitlines()[2])
    **Not for clinical use.** This is a model for research.
    """
    try:
        return read_archive(Path(path))[1][CARD].decode()
    except UnicodeDecodeError as error:
        raise ModelFileError(
            f"The model file is damaged: {CARD!r} is no text."
        ) from error
