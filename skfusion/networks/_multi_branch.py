"""One branch a modality, one head on all of them."""

import torch
from torch import nn

from ._backbones import Backbone
from ._cnn17 import CNN17
from ._layers import find_present

__all__ = ["MultiBranchLoss", "MultiBranchNetwork"]


class MultiBranchNetwork(nn.Module):
    """Features of several images of a sample, side by side, under one head.

    An image that is 0 everywhere counts as missing: its features are 0, and the head
    is told which images are there. In training, each modality has a head of its own,
    too, so that no branch can rest while another learns, and modalities are left out at
    random, so that the joint head learns to do without [1]_.

    Parameters
    ----------
    n_classes : int, default=2
        Number of outputs.

    n_branches : int, default=2
        Number of modalities.

    branch : str, default="cnn17"
        "cnn17", or the name of a torchvision classification model.

    weights : str, Path or None, default=None
        Of a torchvision model, as in :class:`Backbone`.

    width : int, default=24
        Number of filters of the first convolution of a 17-layer branch.

    dropout : float, default=0.2
        Fraction of the features dropped before a head.

    modality_dropout : float, default=0.2
        Probability with which each modality of a sample is left out in training. One
        that is there always stays.

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
        self.own_heads = nn.ModuleList(
            nn.Linear(n_features, n_classes) for _ in branches
        )
        self.modality_dropout = modality_dropout
        self.missing = missing

    def forward(self, x):
        """Class scores of a batch of shape (n, n_branches, height, width).

        In training, of shape (n, 1 + n_branches, n_classes): of all modalities, then of
        each alone, NaN where it is missing.
        """
        there = find_present(x, self.missing)
        x = x.masked_fill(~there[..., None, None], 0)
        if self.training:
            # Batch normalisation refuses a single image: then it is not there.
            there = there & (there.sum(0) > 1)
            features = self._features_of_those_there(x, there)
            joint = self._joint(features, there & self._stay(there))
            return torch.stack([joint, *self._own(features, there)], dim=1)
        # All rows, so that batches keep their one shape.
        features = [branch(x[:, [i]]) for i, branch in enumerate(self.branches)]
        return self._joint(features, there)

    def inputs(self):
        """Return the layers that standardise the images, one for each branch."""
        return [branch.input for branch in self.branches]

    def _joint(self, features, used):
        used = used.to(features[0].dtype)
        masked = [f * used[:, [i]] for i, f in enumerate(features)]
        return self.head(torch.cat([self.dropout(torch.cat(masked, 1)), used], 1))

    def _own(self, features, there):
        """Scores of each modality alone, NaN where it is missing."""
        for i, head in enumerate(self.own_heads):
            scores = head(self.dropout(features[i]))
            yield scores.masked_fill(~there[:, [i]], torch.nan)

    def _features_of_those_there(self, x, there):
        """Features of each modality; what is missing moves no running statistic."""
        features = []
        for i, branch in enumerate(self.branches):
            rows = there[:, i].nonzero().squeeze(1)
            out = x.new_zeros(len(x), branch.n_features)
            if len(rows):
                found = branch(x[rows][:, [i]])
                out = out.to(found.dtype).index_copy(0, rows, found)
            features.append(out)
        return features

    def _stay(self, there):
        """Draw which modalities stay; of each sample one at least."""
        # On the CPU: one stream of random numbers whatever the device.
        chance = torch.rand(there.shape).to(there.device)
        stay = chance >= self.modality_dropout
        best = chance.masked_fill(~there, -1).argmax(1, keepdim=True)
        return stay.scatter(1, best, True)


def _make_branch(branch, weights, width):
    """A network from one grey image to features."""
    if branch != "cnn17":
        return Backbone(branch, weights)
    network = CNN17(width=width)
    network.n_features = network.fully_connected.in_features
    network.dropout, network.fully_connected = nn.Identity(), nn.Identity()
    return network


class MultiBranchLoss(nn.CrossEntropyLoss):
    """Cross entropy of all modalities, and the mean of that of each alone.

    Parameters
    ----------
    weight : Tensor of shape (n_classes,), default=None
        Weights of the classes.

    label_smoothing : float, default=0.0
        As in :class:`torch.nn.CrossEntropyLoss`.

    own_weight : float, default=0.5
        Weight of the loss of the modalities alone.
    """

    def __init__(self, weight=None, label_smoothing=0.0, own_weight=0.5):
        super().__init__(weight, label_smoothing=label_smoothing)
        self.own_weight = own_weight

    def forward(self, scores, codes):
        """Loss of scores as :class:`MultiBranchNetwork` gives them."""
        if scores.ndim == 2:
            return super().forward(scores, codes)
        joint, own = scores[:, 0], scores[:, 1:]
        loss = super().forward(joint, codes)
        there = ~own.isnan().any(dim=2)
        if there.any():
            own_codes = codes.unsqueeze(1).expand(there.shape)[there]
            loss = loss + self.own_weight * super().forward(own[there], own_codes)
        return loss
