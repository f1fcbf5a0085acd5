"""A network with one branch for each modality and one head on all of them."""

import torch
from torch import nn

from ._backbones import Backbone
from ._cnn17 import CNN17
from ._fast_layers import use_fast_layers
from ._layers import find_present

__all__ = ["MultiBranchLoss", "MultiBranchNetwork"]


class MultiBranchNetwork(nn.Module):
    """A branch for each image of a sample, and one head on the features of all.

    The features of a missing image are 0, and the head also takes which images are
    present. In training, each modality also has its own head, so that every branch
    learns, and modalities are left out at random, so that the joint head learns to do
    without them [1]_.

    Parameters
    ----------
    n_classes : int, default=2
        Number of outputs.

    n_branches : int, default=2
        Number of modalities.

    branch : str, default="cnn17"
        "cnn17", which is trained from scratch, or the name of a backbone, the same as
        in :class:`Backbone`.

    weights : str, Path or None, default=None
        Weights of a backbone, the same as in :class:`Backbone`.

    width : int, default=24
        Number of filters of the first convolution of a 17-layer branch.

    dropout : float, default=0.2
        Fraction of the features dropped before a head.

    modality_dropout : float, default=0.2
        Probability with which each modality of a sample is left out in training. At
        least one modality stays.

    missing : float, default=0.0
        The number in every pixel of a missing image: 0, so that a black image is
        missing, or NaN.

    References
    ----------
    .. [1] Neverova et al., "ModDrop: Adaptive Multi-Modal Gesture Recognition", TPAMI
       38(8), 2016.

    Examples
    --------
    >>> import torch
    >>> from skfusion.networks import MultiBranchNetwork
    >>> network = MultiBranchNetwork(width=4).eval()
    >>> network(torch.rand(3, 2, 32, 32)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        n_classes=2,
        n_branches=2,
        branch="cnn17",
        weights=None,
        width=24,
        dropout=0.2,
        modality_dropout=0.2,
        missing=0.0,
    ):
        super().__init__()
        branches = [_make_branch(branch, weights, width) for _ in range(n_branches)]
        n_features = branches[0].n_features
        self.branches = nn.ModuleList(branches)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(n_branches * n_features + n_branches, n_classes)
        self.modality_heads = nn.ModuleList(
            nn.Linear(n_features, n_classes) for _ in branches
        )
        self.modality_dropout = modality_dropout
        self.missing = missing

    def train(self, mode=True):
        """Switch to training, or back."""
        super().train(mode)
        use_fast_layers(self)
        return self

    def forward(self, x):
        """Return the class scores of a batch of shape (n, n_branches, height, width).

        In training, their shape is (n, 1 + n_branches, n_classes): the scores of all
        modalities together, then those of each modality, NaN where it is missing.
        """
        present = find_present(x, self.missing)
        x = x.masked_fill(~present[..., None, None], 0)
        if self.training:
            # Batch normalisation refuses a single image, which then counts as missing.
            present = present & (present.sum(0) > 1)
            features = self._features_of_present(x, present)
            joint = self._joint(features, present & self._stay(present))
            return torch.stack([joint, *self._by_modality(features, present)], dim=1)
        # All rows, so that batches keep one shape.
        features = [branch(x[:, [i]]) for i, branch in enumerate(self.branches)]
        return self._joint(features, present)

    def _joint(self, features, used):
        used = used.to(features[0].dtype)
        masked = [f * used[:, [i]] for i, f in enumerate(features)]
        return self.head(torch.cat([self.dropout(torch.cat(masked, 1)), used], 1))

    def _by_modality(self, features, present):
        """Yield the scores of each modality, NaN where it is missing."""
        for i, head in enumerate(self.modality_heads):
            scores = head(self.dropout(features[i]))
            yield scores.masked_fill(~present[:, [i]], torch.nan)

    def _features_of_present(self, x, present):
        """Return features; a missing image does not change running statistics."""
        features = []
        for i, branch in enumerate(self.branches):
            rows = present[:, i].nonzero().squeeze(1)
            out = x.new_zeros(len(x), branch.n_features)
            if len(rows):
                found = branch(x[rows][:, [i]])
                out = out.to(found.dtype).index_copy(0, rows, found)
            features.append(out)
        return features

    def _stay(self, present):
        """Draw which modalities stay: at least one of each sample."""
        # Drawn on the CPU, so that every device gets the same numbers.
        chance = torch.rand(present.shape).to(present.device)
        stay = chance >= self.modality_dropout
        best = chance.masked_fill(~present, -1).argmax(1, keepdim=True)
        return stay.scatter(1, best, True)


def _make_branch(branch, weights, width):
    """Return a network that turns one grey image into features."""
    if branch != "cnn17":
        return Backbone(branch, weights)
    network = CNN17(width=width)
    network.n_features = network.fully_connected.in_features
    network.dropout, network.fully_connected = nn.Identity(), nn.Identity()
    return network


class MultiBranchLoss(nn.CrossEntropyLoss):
    """Cross entropy of all modalities together, and the mean of that of each one.

    Parameters
    ----------
    weight : Tensor of shape (n_classes,), default=None
        Weights of the classes.

    label_smoothing : float, default=0.0
        The same as in :class:`torch.nn.CrossEntropyLoss`.

    modality_weight : float, default=0.5
        Weight of the loss of single modalities.
    """

    def __init__(self, weight=None, label_smoothing=0.0, modality_weight=0.5):
        super().__init__(weight, label_smoothing=label_smoothing)
        self.modality_weight = modality_weight

    def forward(self, scores, codes):
        """Return the loss of scores of :class:`MultiBranchNetwork`."""
        if scores.ndim == 2:
            return super().forward(scores, codes)
        joint, single = scores[:, 0], scores[:, 1:]
        loss = super().forward(joint, codes)
        present = ~single.isnan().any(dim=2)
        if present.any():
            codes = codes.unsqueeze(1).expand(present.shape)[present]
            single_loss = super().forward(single[present], codes)
            loss = loss + self.modality_weight * single_loss
        return loss
