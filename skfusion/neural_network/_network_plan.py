"""What an estimator trains."""

from typing import NamedTuple

from torch import nn

__all__ = ["NetworkPlan"]


class NetworkPlan(NamedTuple):
    """The network that an estimator trains, and the choices that belong to it."""

    module: type
    params: dict  # without n_classes
    learning_rates: dict  # the same as in TrainingSettings
    learns_scale: bool = False  # from the mean and deviation of the training images
    augmentation_strength: float = 1.0
    restyles: bool = False  # augmentation draws the look of a scanner, too
    criterion: type = nn.CrossEntropyLoss
