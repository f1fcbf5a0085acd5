"""The 17-layer CNN, counted in both ways."""

from collections import OrderedDict
from itertools import pairwise

from torch import nn
from torch.nn import functional

from ._checkpointing import run_checkpointed
from ._cnn17_weights import load_cnn17_weights
from ._layers import GlobalMeanPool, Standardize

__all__ = ["CNN17", "count_layers"]


class _ResidualBlock(nn.Module):
    """Two convolutions and a shortcut without weights (He et al., option A)."""

    def __init__(self, n_inputs, n_outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(n_inputs, n_outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(n_outputs)
        self.conv2 = nn.Conv2d(n_outputs, n_outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(n_outputs)
        self.stride = stride
        self.n_new = n_outputs - n_inputs

    def forward(self, x):
        y = functional.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        if self.stride > 1:
            x = functional.avg_pool2d(x, self.stride, ceil_mode=True)
        if self.n_new:
            x = functional.pad(x, (0, 0, 0, 0, 0, self.n_new))
        return functional.relu(x + y)


def _convolution(n_inputs, n_outputs, stride=1):
    return nn.Sequential(
        nn.Conv2d(n_inputs, n_outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(n_outputs),
        nn.ReLU(),
    )


def _weighted(n_classes, n_channels, width, dropout):
    """16 convolutions and a fully connected layer: 17 layers with weights."""
    layers = OrderedDict(
        input=Standardize(n_channels),
        stem1=_convolution(n_channels, width, stride=2),
        stem2=_convolution(width, width),
    )
    n_inputs = width
    for number, (factor, stride) in enumerate(
        [(1, 1), (2, 2), (2, 1), (4, 2), (4, 1), (8, 2), (8, 1)], start=1
    ):
        layers[f"block{number}"] = _ResidualBlock(n_inputs, factor * width, stride)
        n_inputs = factor * width
    layers["pool"] = GlobalMeanPool()
    layers["dropout"] = nn.Dropout(dropout)
    layers["fully_connected"] = nn.Linear(n_inputs, n_classes)
    return layers


def _listed(n_classes, n_channels, width, dropout):
    """17 entries of a layer list, from the input to the output."""
    layers = OrderedDict(input=Standardize(n_channels))
    n_inputs = n_channels
    for number, factor in enumerate([1, 2, 4], start=1):
        n_outputs = factor * width
        layers[f"conv{number}"] = nn.Conv2d(n_inputs, n_outputs, 3, padding=1)
        layers[f"norm{number}"] = nn.BatchNorm2d(n_outputs)
        layers[f"relu{number}"] = nn.ReLU()
        last = number == 3
        layers[f"pool{number}"] = (
            GlobalMeanPool() if last else nn.MaxPool2d(2, ceil_mode=True)
        )
        n_inputs = n_outputs
    layers["dropout"] = nn.Dropout(dropout)
    layers["fully_connected"] = nn.Linear(n_inputs, n_classes)
    layers["softmax"] = nn.LogSoftmax(dim=1)
    # The loss takes the place of a layer list's output layer. The cross entropy of
    # log-probabilities equals the cross entropy of the scores before the softmax.
    layers["output"] = nn.Identity()
    return layers


_VARIANTS = {"weighted": _weighted, "listed": _listed}


class CNN17(nn.Sequential):
    """A 17-layer convolutional network.

    The architecture is ours. The abstract of [1]_ names "an own 17-layer CNN" and
    states neither its layers nor how they are counted, so both readings can be built.

    Parameters
    ----------
    n_classes : int, default=2
        Number of outputs.

    n_channels : int, default=1
        Number of channels of an image.

    variant : {"weighted", "listed"}, default="weighted"
        "weighted": 17 layers with weights, that is 16 convolutions (seven residual
        blocks [2]_ on a stem of two) and a fully connected layer. "listed": 17
        layers as a layer list prints them: input, three times convolution, batch
        normalisation, ReLU and pooling, then dropout, fully connected, softmax and
        output.

    width : int, default=24
        Number of filters of the first convolution.

    dropout : float, default=0.2
        Fraction of the features dropped before the fully connected layer.

    checkpointing : bool, default=False
        Whether the stages keep only their inputs in training, and are computed again in
        the backward pass. It takes less memory and more time.

    weights : {"phantoms"}, str, Path or None, default=None
        Weights with which all layers but the last one start: None, random ones;
        "phantoms", those of the package; or the path of a state dict or safetensors
        file of a network of the same `width` and the variant "weighted". Half precision
        becomes float32. The last layer is always random, as are further layers that the
        file leaves out at the end, and the same numbers are drawn from torch's
        generator as without weights. The mean and deviation of the input are not
        loaded. Weights of one channel are divided equally over the channels of the
        network, and weights of several channels are summed for one.

    Raises
    ------
    WeightsError
        If the weights are unknown, missing or damaged, or are those of another network.

    References
    ----------
    .. [1] Wang et al., "CNN-Based Cross-Modality Fusion for Enhanced Breast Cancer
       Detection Using Mammography and Ultrasound", Tomography 2024, 10(12):2038-2057.
    .. [2] He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.

    Examples
    --------
    >>> import torch
    >>> from skfusion.networks import CNN17, count_layers
    >>> network = CNN17(n_classes=3).eval()
    >>> network(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 3])
    >>> count_layers(network)
    {'weighted': 17, 'listed': 13}
    """

    def __init__(
        self,
        n_classes=2,
        n_channels=1,
        variant="weighted",
        width=24,
        dropout=0.2,
        checkpointing=False,
        weights=None,
    ):
        super().__init__(_VARIANTS[variant](n_classes, n_channels, width, dropout))
        self.checkpointing = checkpointing
        if weights is not None:
            load_cnn17_weights(self, weights)

    def stages(self):
        """Return the stages, each a part of this network; together they are all of it.

        A block or a sequence of layers is a stage; of loose layers, each convolution
        begins one.
        """
        layers = list(self.children())
        begins = [n for n, layer in enumerate(layers) if _begins_stage(layer)]
        bounds = pairwise([0, *begins[1:], len(layers)])
        return [nn.Sequential(*layers[begin:end]) for begin, end in bounds]

    def forward(self, x):
        """Return the scores of a batch of shape (n, n_channels, height, width)."""
        if not (self.training and self.checkpointing):
            return super().forward(x)
        for stage in self.stages():
            x = run_checkpointed(stage, x)
        return x


def _begins_stage(module):
    return isinstance(module, nn.Conv2d | nn.Sequential | _ResidualBlock)


def count_layers(network):
    """Count the layers of a network in both ways.

    Parameters
    ----------
    network : torch.nn.Module
        The built network.

    Returns
    -------
    counts : dict
        "weighted": convolutions and fully connected layers; "listed": direct
        children, the entries of a layer list.
    """
    weighted = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    return {"weighted": len(weighted), "listed": len(list(network.children()))}
