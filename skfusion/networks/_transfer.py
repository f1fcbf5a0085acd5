"""A pretrained backbone with a new head."""

from torch import nn

from ._backbones import Backbone, backbone_stages
from ._checkpointing import checkpointed
from ._fast_layers import use_fast_layers

__all__ = ["TransferNetwork"]


class TransferNetwork(nn.Module):
    """A backbone, of which all or the last stages learn, and a new head.

    Parameters
    ----------
    backbone : str
        Name of the backbone, the same as in :class:`Backbone`.

    weights : str, Path or None, default=None
        Its weights, the same as in :class:`Backbone`.

    n_classes : int, default=2
        Number of outputs.

    trainable : {"head", "all"} or int, default="all"
        Part of the backbone that learns beside the head: nothing, all of it, or this
        number of its last stages. Batch normalisation of stages that do not learn
        stays in evaluation mode.

    dropout : float, default=0.2
        Fraction of the features dropped before the head.

    checkpointing : bool, default=False
        Whether the stages of the backbone keep only their inputs in training, and are
        computed again in the backward pass. It takes less memory and more time.

    Examples
    --------
    >>> import torch
    >>> from skfusion.networks import TransferNetwork
    >>> network = TransferNetwork("squeezenet1_1", trainable="head").eval()
    >>> network(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        backbone,
        weights=None,
        n_classes=2,
        trainable="all",
        dropout=0.2,
        checkpointing=False,
    ):
        super().__init__()
        self.checkpointing = checkpointing
        self.backbone = Backbone(backbone, weights)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.backbone.n_features, n_classes)
        self._freeze(trainable)

    def _freeze(self, trainable):
        stages = backbone_stages(self.backbone.model)
        n_trainable = {"head": 0, "all": len(stages)}.get(trainable, trainable)
        if n_trainable > len(stages):
            raise ValueError(
                f"The 'trainable' parameter must be 'head', 'all' or at most the "
                f"{len(stages)} stages of the backbone. Got {trainable!r} instead."
            )
        self.n_frozen = len(stages) - n_trainable
        if self.n_frozen:
            # Weights outside of all stages too, such as the positions of a transformer.
            self.backbone.requires_grad_(False)
        for stage in stages[self.n_frozen :]:
            stage.requires_grad_(True)

    def frozen_stages(self):
        """Return the stages that do not learn, a list of modules."""
        return backbone_stages(self.backbone.model)[: self.n_frozen]

    def train(self, mode=True):
        """Switch to training, or back; frozen stages stay in evaluation mode."""
        super().train(mode)
        for stage in self.frozen_stages():
            stage.eval()
        use_fast_layers(self.backbone.model)
        return self

    def forward(self, x):
        """Return the class scores of a batch of shape (n, 1 or 3, height, width)."""
        stages = []
        if self.training and self.checkpointing:
            stages = backbone_stages(self.backbone.model)
        with checkpointed(stages):
            features = self.backbone(x)
        return self.head(self.dropout(features))
