"""The layer of a network whose output is a map of the image."""

import difflib

from ..networks import CNN17, backbone_stages
from ._attribution import import_captum

__all__ = ["find_layer"]

# Rows of the map of usual networks at 224 pixels. Of a smaller image, the last map may
# have 4 rows, which cannot show where a lesion is.
_LEAST_SIDE = 7


def find_layer(network, model, image, name=None):
    """Find the layer whose output Grad-CAM weighs.

    Parameters
    ----------
    network : torch.nn.Module
        The whole network.

    model : torch.nn.Module
        The part of it that has the layers.

    image : Tensor of shape (1, n_channels, size, size)
        An image that the network takes.

    name : str, default=None
        Name of a layer. If None, the last stage whose output has at least 7 rows, or
        else the last one that has height and width.

    Returns
    -------
    layer : torch.nn.Module or None
        None if the last stages have no map with the channels on the second axis, as in
        transformers.

    Raises
    ------
    ValueError
        If the model has no layer of this name, or its output is no map.
    """
    if name is not None:
        return _named_layer(network, model, image, name)
    best = None
    for stage in reversed(_stages(model)):
        shape = _output_shape(network, stage, image)
        if shape is None or _is_pooled(shape):
            continue
        if not _is_map(shape):
            break
        best = best or stage
        if shape[2] >= _LEAST_SIDE:
            return stage
    return best


def _stages(model):
    return (
        list(model.children()) if isinstance(model, CNN17) else backbone_stages(model)
    )


def _output_shape(network, layer, image):
    """Return the shape of the output of a layer; None if it is not a tensor."""
    try:
        found = import_captum().LayerActivation(network, layer).attribute(image)
    except (AssertionError, KeyError, TypeError, AttributeError):  # it is not called
        return None
    return getattr(found, "shape", None)


def _is_pooled(shape):
    return len(shape) == 2 or (len(shape) == 4 and shape[2] == shape[3] == 1)


def _is_map(shape):
    return len(shape) == 4 and shape[2] == shape[3] > 1


def _named_layer(network, model, image, name):
    layers = dict(model.named_modules())
    layers.pop("")
    if name not in layers:
        near = difflib.get_close_matches(name, layers, n=5) or list(layers)[-5:]
        raise ValueError(
            f"The 'layer' parameter must be None or a layer of the network. Got "
            f"{name!r} instead. Did you mean one of {near!r}?"
        )
    shape = _output_shape(network, layers[name], image)
    if shape is None or not _is_map(shape):
        raise ValueError(
            f"Expected a layer whose output has height and width. Got {name!r}, whose "
            f"output has the shape {None if shape is None else tuple(shape)!r}. Name "
            "an earlier layer."
        )
    return layers[name]
