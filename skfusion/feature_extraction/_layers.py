"""Features from the output of a layer of a frozen network."""

import difflib

import torch
from torch import nn
from torchvision.models.feature_extraction import (
    create_feature_extractor,
    get_graph_node_names,
)

__all__ = [
    "PooledNetwork",
    "UpToLayer",
    "cut_network",
    "fold_normalisation",
    "pool_features",
]


def cut_network(model, backbone, layer):
    """Cut a model off after one of its nodes.

    Parameters
    ----------
    model : torch.nn.Module

    backbone : str
        Its name.

    layer : str
        Name of a node, or of a module that contains nodes.

    Returns
    -------
    model : torch.fx.GraphModule
        It returns a dictionary with the key ``"features"``.

    Raises
    ------
    ValueError
        If the model has no such node.
    """
    nodes = get_graph_node_names(model.eval())[1]
    if layer not in nodes and not _is_prefix(layer, nodes):
        raise _unknown_layer("node", layer, backbone, nodes)
    return create_feature_extractor(model, {layer: "features"})


class UpToLayer(nn.Module):
    """A model that is run up to one of its modules.

    Parameters
    ----------
    model : torch.nn.Module

    backbone : str
        Its name.

    layer : str
        Name of a module of the model.

    Raises
    ------
    ValueError
        If the model has no such module; in a forward pass, if the module is not used,
        or if its output is not a tensor of two to four axes.
    """

    def __init__(self, model, backbone, layer):
        super().__init__()
        modules = dict(model.named_modules())
        modules.pop("")
        if layer not in modules:
            raise _unknown_layer("module", layer, backbone, list(modules))
        modules[layer].register_forward_hook(_stop)
        self.model = model
        self.layer = layer
        self.channels_last = getattr(model, "output_fmt", None) == "NHWC"

    def forward(self, x):
        """Return the output of the module, in a dictionary with the key "features"."""
        output = None
        try:
            self.model(x)
        except _ReachedError as reached:
            output = reached.output
        if not isinstance(output, torch.Tensor) or output.ndim not in (2, 3, 4):
            raise ValueError(
                f"Expected the layer {self.layer!r} to return a tensor of two to four "
                f"axes. Got {getattr(output, 'shape', type(output).__name__)} instead. "
                "Name another layer."
            )
        if self.channels_last and output.ndim == 4:
            output = output.permute(0, 3, 1, 2)
        return {"features": output}


class PooledNetwork(nn.Module):
    """A network and the pooling of its output, as one network.

    Parameters
    ----------
    network : Backbone
        Cut off after one of its layers, or not.

    pool : callable
        From the output of the network to features (n, n_features).
    """

    def __init__(self, network, pool):
        super().__init__()
        self.network = network
        self.unpooled = nn.Identity()
        self.pool = pool

    def forward(self, x):
        """Return the features of a batch of images."""
        output = self.network(x)
        output = output["features"] if isinstance(output, dict) else output
        return self.pool(self.unpooled(output))


class _ReachedError(Exception):
    """Raised by a layer, which is the last one that has to be computed.

    An exception belongs to one thread, so that threads may share a model.
    """

    def __init__(self, output):
        super().__init__()
        self.output = output


def _stop(module, inputs, output):
    raise _ReachedError(output)


def _unknown_layer(kind, layer, backbone, names):
    near = difflib.get_close_matches(layer, names, n=5) or names[-5:]
    return ValueError(
        f"The 'layer' parameter must be None or a {kind} of {backbone!r}. Got "
        f"{layer!r} instead. Did you mean one of {near!r}?"
    )


def fold_normalisation(model):
    """Fold batch normalisation into the convolutions before it.

    In evaluation mode both are linear, and one layer computes them at once.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode.

    Returns
    -------
    model : torch.nn.Module
        A model that computes the same. It is the model itself where it has no such
        layer, or where torch has moved this function, which is experimental.
    """
    try:
        from torch.fx.experimental.optimization import fuse
    except ImportError:
        return model
    has_any = any(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())
    return fuse(model, inplace=True) if has_any else model


def pool_features(output, backbone, layer, pooling):
    """Return the output of a layer as features.

    Parameters
    ----------
    output : Tensor, or dict with the key "features"

    backbone : str
        Name of the network.

    layer : str or None
        Name of the layer; None for the penultimate one.

    pooling : {"avg", "max", "flatten"}
        How height and width are pooled.

    Returns
    -------
    features : Tensor of shape (n_images, n_features)
    """
    if isinstance(output, dict):
        output = output["features"]
    if pooling == "flatten" or output.ndim == 2:
        return output.flatten(1)
    axes = _spatial_axes(output.ndim, backbone, layer)
    return output.mean(axes) if pooling == "avg" else output.amax(axes)


def _spatial_axes(n_axes, backbone, layer):
    """Return the axes that are neither images nor channels."""
    if n_axes == 3:  # the tokens of a transformer
        return (1,)
    # The channels of a Swin transformer are last until it permutes them.
    early = layer.startswith(("features", "norm"))
    return (1, 2) if early and backbone.startswith("swin") else (2, 3)


def _is_prefix(layer, nodes):
    return any(node.startswith(layer + ".") for node in nodes)
