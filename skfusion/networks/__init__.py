"""Plain torch modules, which do not depend on scikit-learn."""

from ._backbones import Backbone, backbone_stages, list_backbones
from ._cnn17 import CNN17, count_layers
from ._multi_branch import MultiBranchLoss, MultiBranchNetwork
from ._transfer import TransferNetwork

__all__ = [
    "CNN17",
    "Backbone",
    "MultiBranchLoss",
    "MultiBranchNetwork",
    "TransferNetwork",
    "backbone_stages",
    "count_layers",
    "list_backbones",
]
