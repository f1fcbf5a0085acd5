"""The networks of one estimator, which differ in their seeds alone."""

import torch
from skorch.history import History

from .._engine import release_training_state
from ..networks._layers import Standardize

__all__ = [
    "copy_scale",
    "joined_history",
    "mean_probabilities",
    "scale_layers",
    "train_alone",
]


def train_alone(net, train_set):
    """Train a net, and release what neither prediction nor its history needs.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised. Its scale is learnt.

    train_set : ImageTensors

    Returns
    -------
    net : skorch.NeuralNetClassifier
        On the CPU.
    """
    # partial_fit, because fit would initialise the net again and lose the scale.
    net.partial_fit(train_set, y=None)
    return release_training_state(net)


def scale_layers(module):
    """Return the layers of a network that standardise its inputs."""
    return [part for part in module.modules() if isinstance(part, Standardize)]


def copy_scale(learnt, module):
    """Give a network the means and deviations of another one of its architecture."""
    layers = zip(scale_layers(learnt), scale_layers(module), strict=True)
    for source, target in layers:
        target.load_state_dict(source.state_dict())


def joined_history(nets):
    """Join the histories of all members, and number each epoch by its member.

    Parameters
    ----------
    nets : list of skorch.NeuralNetClassifier

    Returns
    -------
    history : skorch.history.History
        All epochs of the first member, then those of the next. ``epoch`` starts from 1
        for each member, and ``member`` from 0. The epochs are those of the nets, not
        copies.
    """
    for member, net in enumerate(nets):
        for epoch in net.history:
            epoch["member"] = member
    return History(epoch for net in nets for epoch in net.history)


def mean_probabilities(modules, batch, with_mirrors):
    """Return the mean of the probabilities that several networks give a batch.

    Parameters
    ----------
    modules : list of torch.nn.Module
        Networks in evaluation mode, which return scores.

    batch : Tensor of shape (n, n_channels, height, width)

    with_mirrors : bool
        Whether the mirror image of each image counts as much as the image.

    Returns
    -------
    probabilities : Tensor of shape (n, n_classes), dtype float32
    """
    views = [batch, batch.flip(3)] if with_mirrors else [batch]
    scores = (module(view).float() for module in modules for view in views)
    return torch.stack([each.softmax(dim=1) for each in scores]).mean(dim=0)
