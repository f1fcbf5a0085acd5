"""Networks in the format ONNX, for use without torch."""

import json
import warnings

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from .._optional import import_optional
from .._validation._private import StrOptions, validate_params
from ..neural_network._base import BaseCNNClassifier
from ..neural_network._members import mean_probabilities
from ._about import preprocessing_of

__all__ = ["export"]


@validate_params(
    {"estimator": [BaseCNNClassifier], "format": [StrOptions({"onnx"})]},
    prefer_skip_nested_validation=True,
)
def export(estimator, format="onnx"):
    """Return a trained network in a format that runs without torch and skfusion.

    The networks of all members, the mirror images of prediction and the mean of the
    probabilities are parts of it. Reading, cropping and resizing of images are not.

    Parameters
    ----------
    estimator : CNN17Classifier, TransferCNNClassifier or MultiBranchCNNClassifier
        Fitted classifier.

    format : {"onnx"}, default="onnx"
        ONNX, for onnxruntime and many others.

    Returns
    -------
    content : bytes
        Content of a file ``.onnx``. Its input ``images`` has the shape (n, n_channels,
        image_size, image_size), dtype float32, in [0, 1], and its output
        ``probabilities`` the shape (n, n_classes), with the columns of ``classes_``.
        The metadata ``classes`` and ``preprocessing`` are JSON.

    Raises
    ------
    ImportError
        If onnx or onnxscript is not installed.

    See Also
    --------
    save_model : Save any model, to be loaded by skfusion.

    Notes
    -----
    Probabilities agree with those of ``predict_proba`` to about 1e-6, because other
    code adds the same numbers in another order. The operating point of a wrapper is not
    exported.

    Examples
    --------
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.neural_network import CNN17Classifier
    >>> from skfusion.persistence import export
    >>> X, y = make_breast_images(12, image_size=16, random_state=0, return_X_y=True)
    >>> model = CNN17Classifier(
    ...     variant="listed", width=2, weights=None, image_size=16, max_epochs=1
    ... )
    >>> content = export(model.fit(X, y), "onnx")
    >>> type(content)
    <class 'bytes'>
    """
    purpose = "Export to ONNX"
    onnx = import_optional("onnx", extra="onnx", purpose=purpose)
    import_optional("onnxscript", extra="onnx", purpose=purpose)
    check_is_fitted(estimator)
    network = _Probabilities(estimator).eval()
    size = estimator._size
    images = torch.rand(3, _n_channels(estimator), size, size)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of the exporter, about its own code
        program = torch.onnx.export(
            network,
            (images,),
            input_names=["images"],
            output_names=["probabilities"],
            dynamic_shapes={"images": {0: torch.export.Dim("n", min=1)}},
            dynamo=True,
            verbose=False,
        )
    model = program.model_proto
    about = {
        "classes": json.dumps(np.asarray(estimator.classes_).tolist()),
        "preprocessing": json.dumps(preprocessing_of(estimator), default=str),
        "use": "Not for clinical use.",
    }
    onnx.helper.set_model_props(model, about)
    return model.SerializeToString()


class _Probabilities(nn.Module):
    """What ``predict_proba`` computes for a batch of images."""

    def __init__(self, estimator):
        super().__init__()
        self.networks = nn.ModuleList(net.module_ for net in estimator.nets_)
        self.mirrors = estimator._mirrors

    def forward(self, images):
        found = mean_probabilities([*self.networks], images, self.mirrors)
        return found / found.sum(dim=1, keepdim=True)


def _n_channels(estimator):
    """Return the number of channels, or of branches, of the images of `fit`."""
    params = estimator.net_.get_params_for("module")
    for name in ("n_channels", "n_branches"):
        if name in params:
            return params[name]
    shape = estimator.image_shape_  # None for files, which are read in grey
    return shape[2] if shape is not None and len(shape) == 3 else 1
