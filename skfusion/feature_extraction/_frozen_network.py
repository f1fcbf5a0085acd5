"""A frozen network that turns images into features."""

from copy import copy
from pathlib import Path

import torch

from .._engine import on_device, running, seeded, while_none_runs
from .._store._keys import digest, versions_of
from ..exceptions import WeightsError
from ..networks import Backbone
from ..networks._backbones import (
    backbone_version,
    is_of_function,
    is_of_torchvision,
    rebuild_backbone,
    weights_digest,
)
from ..networks._random_weights import draw_weights
from ._layers import (
    PooledNetwork,
    UpToLayer,
    cut_network,
    fold_normalisation,
    pool_features,
)

__all__ = ["FrozenNetwork"]

# Raise it when our code computes other features: those in caches are not used then.
_COMPUTING = 2


class FrozenNetwork:
    """A backbone that does not learn, cut off after one of its layers.

    It is built when it is first needed, and a pickle holds no weights, unless the
    network was rebuilt from a model file. Threads may share it. The file of the weights
    may move after `fit`: methods that may build the network take its place again, and
    the weights must be the same.

    Parameters
    ----------
    backbone : str
        Name of the backbone as in :class:`CNNFeatureExtractor`.

    weights : str, Path or None
        Weights as in :class:`CNNFeatureExtractor`.

    layer : str or None
        Name of a layer; None for the penultimate one.

    pooling : {"avg", "max", "flatten"}
        How the height and width of the layer are pooled.

    seed : int
        Decides random weights.

    Raises
    ------
    ValueError
        If `layer` is None and `pooling` is not "avg".

    WeightsError
        If the weights do not exist.
    """

    _state = None  # of the backbone, where the weights came with a model file
    _random_seed = None  # of a copy that has lost what it learnt

    def __init__(self, backbone, weights, layer, pooling, seed):
        if layer is None and pooling != "avg":
            raise ValueError(
                f"pooling={pooling!r} needs a layer that has height and width. Got "
                f"layer=None, the penultimate layer of {backbone!r}, which is averaged "
                "already. Name one, such as layer='features'."
            )
        self._definition = (backbone, layer, pooling)
        self._seed = seed
        self._identity = self._identify(weights)
        self._is_pretrained = weights is not None
        self._module = None

    def on_device(self, weights, device):
        """Return the function that computes features on a device.

        Parameters
        ----------
        weights : str, Path or None
            Where the weights are now.

        device : torch.device

        Returns
        -------
        function : callable
            From images (n, n_channels, height, width) to features (n, n_features).
        """
        module = on_device(self._load(weights), device)
        return lambda batch: self._pool(module(batch))

    def differentiable(self, weights):
        """Return the function as a network for gradients, in which nothing is folded.

        Parameters
        ----------
        weights : str, Path or None
            Where the weights are now.

        Returns
        -------
        network : PooledNetwork
            In evaluation mode. Its features equal those of :meth:`on_device` up to
            rounding.
        """
        with seeded(self._seed):
            network = self._build(weights, fold=False)
        return PooledNetwork(network, self._pool).eval()

    def randomized(self, seed):
        """Return the same network with weights drawn anew.

        Parameters
        ----------
        seed : int

        Returns
        -------
        network : FrozenNetwork
            Its features have keys of their own in a cache.
        """
        network = copy(self)
        network._random_seed, network._module = seed, None
        return network

    def keys(self, source, device, use_bfloat16):
        """Return the digest of the inputs of the features of each image.

        Parameters
        ----------
        source : ImageSource

        device : torch.device

        use_bfloat16 : bool

        Returns
        -------
        keys : list of bytes
        """
        versions = versions_of("torch", "torchvision")
        versions += backbone_version(self._definition[0])
        drawn = () if self._random_seed is None else (self._random_seed,)
        settings = (_COMPUTING, self._identity, *drawn, device.type, use_bfloat16)
        return [digest(*settings, versions, image) for image in source.digests()]

    def count_features(self, weights, image_size):
        """Return the number of features of an image.

        Parameters
        ----------
        weights : str, Path or None

        image_size : int
            Side of the image in pixels.

        Returns
        -------
        n_features : int
        """
        module = self._load(weights)
        if self._definition[1] is None:
            return module.n_features
        with torch.inference_mode(), running():
            black = torch.zeros(1, 3, image_size, image_size)
            return self._pool(module(black)).shape[1]

    def definition(self):
        """Return all but the weights, as JSON can hold it."""
        backbone, layer, pooling = self._definition
        return {
            "backbone": backbone,
            "layer": layer,
            "pooling": pooling,
            "seed": self._seed,
            "random_seed": self._random_seed,
            "is_pretrained": self._is_pretrained,
            "identity": self._identity.hex(),
        }

    def state(self, weights):
        """Return the state dict of the backbone, before it is cut off.

        Parameters
        ----------
        weights : str, Path or None
            Where the weights are now.

        Returns
        -------
        state : dict of str to Tensor

        Raises
        ------
        WeightsError
            If the weights are not those of `fit`.
        """
        if self._state is not None:
            return self._state
        with seeded(self._seed):
            return self._backbone(weights).state_dict()

    @classmethod
    def rebuild(cls, definition, state):
        """Return a network that holds its weights and needs no file of them.

        Parameters
        ----------
        definition : dict
            As returned by :meth:`definition`.

        state : dict of str to Tensor
            As returned by :meth:`state`.

        Returns
        -------
        network : FrozenNetwork
        """
        network = cls.__new__(cls)
        parts = (definition[name] for name in ("backbone", "layer", "pooling"))
        network._definition = tuple(parts)
        network._seed = definition["seed"]
        network._random_seed = definition["random_seed"]
        network._is_pretrained = definition["is_pretrained"]
        network._identity = bytes.fromhex(definition["identity"])
        network._state, network._module = state, None
        network._load(None)  # wrong weights raise an error here, and not in predict
        return network

    def _pool(self, output):
        return pool_features(output, *self._definition)

    def _load(self, weights):
        """Return the network, built by the first of all threads that need it."""
        if self._module is None:
            with seeded(self._seed):
                if self._module is None:
                    self._module = self._build(weights)
        return self._module

    def _backbone(self, weights):
        """Return the backbone with its weights."""
        backbone, is_pretrained = self._definition[0], self._is_pretrained
        if self._state is not None:
            return rebuild_backbone(backbone, self._state, is_pretrained=is_pretrained)
        if self._identity != self._identify(weights):
            name = repr(weights if weights is None else Path(weights).name)
            raise WeightsError(
                f"The weights {name} are not those with which the extractor was "
                "fitted. Fit it again, or pass the place of those weights to "
                "set_params(weights=...)."
            )
        return Backbone(backbone, weights)

    def _build(self, weights, fold=True):
        backbone, layer, _ = self._definition
        network = self._backbone(weights)
        if self._random_seed is not None:
            draw_weights(network, self._random_seed)
        if is_of_torchvision(backbone):
            with while_none_runs():
                if layer is not None:
                    network.model = cut_network(network.model, backbone, layer)
                if fold:
                    network.model = fold_normalisation(network.model.eval())
        elif layer is not None:  # torch.fx cannot trace every network
            network.model = UpToLayer(network.model, backbone, layer)
        return network.eval().to(memory_format=torch.channels_last)

    def _identify(self, weights):
        """Return the digest of the network and of the layer that is taken from it."""
        backbone, layer, pooling = self._definition
        if is_of_function(backbone):  # which may draw weights, or load them
            with seeded(self._seed):
                known = weights_digest(backbone, weights)
        else:
            known = self._seed if weights is None else weights_digest(backbone, weights)
        return digest(backbone, known, layer, pooling)

    def __getstate__(self):
        return {**vars(self), "_module": None}
