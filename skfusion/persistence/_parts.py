"""What skops does not save: networks, and the history of their training."""

import json
from contextlib import contextmanager
from contextvars import ContextVar

from skorch import NeuralNet
from skorch.history import History
from torch import nn

from .. import networks
from .._engine import rebuild_net, seeded
from ..feature_extraction._frozen_network import FrozenNetwork
from ..networks import Backbone, MultiBranchLoss
from ..networks._backbones import held_weights

__all__ = ["StoredPart", "at_hand", "describe", "is_loading", "is_part", "rebuild"]

_NETWORKS = ("CNN17", "MultiBranchNetwork", "TransferNetwork")
_CRITERIA = {each.__name__: each for each in (nn.CrossEntropyLoss, MultiBranchLoss)}

_parts_at_hand = ContextVar("parts", default=None)


class StoredPart:
    """The place of a part in an estimator that skops saves.

    Where skops makes one while parts are :func:`at_hand`, it gets the part itself.

    Parameters
    ----------
    name : str
        Name of the part in the model file.
    """

    def __new__(cls, name):
        parts = _parts_at_hand.get()
        if parts is not None:
            return parts[name]
        stored = super().__new__(cls)
        stored.name = name
        return stored

    def __reduce__(self):
        return StoredPart, (self.name,)


@contextmanager
def at_hand(parts):
    """Make the parts of a model file, by their names, those of its estimator."""
    token = _parts_at_hand.set(parts)
    try:
        yield
    finally:
        _parts_at_hand.reset(token)


def is_loading():
    """Return whether the parts of a model file are at hand."""
    return _parts_at_hand.get() is not None


def is_part(value):
    """Return whether an object is saved as a part."""
    return isinstance(value, NeuralNet | FrozenNetwork | History)


def describe(part, weights=None):
    """Return the definition of a part, as JSON can hold it, and its tensors.

    Parameters
    ----------
    part : skorch.NeuralNet, FrozenNetwork or skorch.history.History

    weights : str, Path or None
        Where the weights of a frozen network are now.

    Returns
    -------
    definition : dict

    state : dict of str to Tensor

    Raises
    ------
    TypeError
        If the part is a net of another package.
    """
    if isinstance(part, History):
        return {"kind": "history", "epochs": _epochs(part)}, {}
    if isinstance(part, FrozenNetwork):
        return {"kind": "frozen", **part.definition()}, part.state(weights)
    network = part.module.__name__ if isinstance(part.module, type) else ""
    criterion = getattr(part.criterion, "__name__", "")
    if (
        getattr(networks, network, None) is not part.module
        or criterion not in _CRITERIA
    ):
        raise TypeError(
            "Expected networks of skfusion in the estimator. Got a net of "
            f"{part.module!r}, which a model file cannot hold. Use pickle for it."
        )
    params = part.get_params_for("module")
    is_pretrained = params.pop("weights", None) is not None
    definition = {
        "kind": "net",
        "network": network,
        "params": params,
        "pretrained": _place_of_backbone(part.module_) if is_pretrained else None,
        "criterion": criterion,
        "epochs": _epochs(part.history),
    }
    return definition, part.module_.state_dict()


def _epochs(history):
    return json.loads(json.dumps(list(history), default=float))


def _place_of_backbone(module):
    """Return the name of the first backbone of a network with a dot, or None."""
    names = (n for n, part in module.named_modules() if isinstance(part, Backbone))
    return next((f"{name}." for name in names), None)


def rebuild(definition, state):
    """Return the part of a definition. Nothing is read and nothing is downloaded.

    Parameters
    ----------
    definition, state : dict, dict of str to Tensor
        The same as :func:`describe` returns.

    Returns
    -------
    part : skorch.NeuralNet, FrozenNetwork or skorch.history.History
    """
    kind = definition["kind"]
    if kind == "history":
        return History(definition["epochs"])
    if kind == "frozen":
        return FrozenNetwork.rebuild(definition, state)
    if kind != "net" or definition["network"] not in _NETWORKS:
        raise ValueError("a network of another kind")
    params, place = definition["params"], definition["pretrained"]
    if "weights" in params:
        raise ValueError("weights that are not in the file")
    if place is not None:
        params["weights"] = held_weights(state, place)
    with seeded(0):  # which leaves the generators of torch as they are
        return rebuild_net(
            getattr(networks, definition["network"]),
            params,
            _CRITERIA[definition["criterion"]],
            state,
            definition["epochs"],
        )
