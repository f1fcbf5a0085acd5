"""Small networks of one architecture that are trained at once.

A small network does not keep a GPU busy: most of the time of a step goes into starting
its computations. Here the weights of several networks are stacked, so that each
computation is started once for all of them.
"""

import copy
from contextlib import contextmanager

import numpy as np
import torch
from torch.func import functional_call, stack_module_state, vmap
from torch.optim.lr_scheduler import OneCycleLR

from ..networks._layers import Standardize
from ._device import autocast
from ._net import GRADIENT_NORM

__all__ = ["train_together"]


def train_together(nets, train_sets, states):
    """Train nets as each would be trained by itself, but in the same passes.

    Nets with the same number of batches are trained together. Images of a step pass
    through the networks together where the batches have one size, which differs between
    folds by a few images at most. Each network draws the order of its images and their
    augmentation from its own random numbers, so that it learns from the same batches as
    alone. On a CPU this does not hold with dropout, which draws numbers between two
    batches if a network is trained alone.

    Parameters
    ----------
    nets : list of skorch.NeuralNetClassifier
        As :func:`build_net` returns them, initialised. They have the same settings and
        neither validation data nor callbacks of their own.

    train_sets : list of ImageTensors
        Training data of each net.

    states : list of Tensor
        State of torch's generator from which each net would be trained alone. What is
        drawn for all networks at once, such as dropout, uses the generator as it is.
    """
    iterators = [
        net.get_iterator(images, training=True)
        for net, images in zip(nets, train_sets, strict=True)
    ]
    lengths = [len(iterator) for iterator in iterators]
    for length in sorted(set(lengths)):
        chosen = [place for place, each in enumerate(lengths) if each == length]
        parts = [[whole[place] for place in chosen] for whole in (nets, states)]
        _train(*parts, [iterators[place] for place in chosen])


def _train(nets, states, iterators):
    """Train nets that have the same number of batches."""
    stack, states = _Stack(nets), list(states)
    for _ in range(nets[0].max_epochs):
        for net in nets:
            net.notify("on_epoch_begin", dataset_train=None, dataset_valid=None)
        own = [_own_batches(iter(it), states, k) for k, it in enumerate(iterators)]
        steps = [
            (stack.step(batches), [len(codes) for _, codes in batches])
            for batches in zip(*own, strict=True)
        ]
        losses, sizes = zip(*steps, strict=True)
        _record(nets, torch.stack(losses, dim=1).tolist(), np.transpose(sizes).tolist())
    stack.load_into(nets)


def _own_batches(iterator, states, place):
    while True:
        with _drawn_from(states, place):
            batch = next(iterator, None)
        if batch is None:
            return
        yield batch


@contextmanager
def _drawn_from(states, place):
    """Draw from the state of one net, and leave torch's generator as it was."""
    before = torch.get_rng_state()
    torch.set_rng_state(states[place])
    try:
        yield
    finally:
        states[place] = torch.get_rng_state()
        torch.set_rng_state(before)


def _record(nets, losses, sizes):
    """Write an epoch into the history of each net, as skorch does."""
    for net, own_losses, own_sizes in zip(nets, losses, sizes, strict=True):
        for loss, size in zip(own_losses, own_sizes, strict=True):
            net.history.new_batch()
            net.history.record_batch("train_loss", loss)
            net.history.record_batch("train_batch_size", size)
        net.history.record("train_batch_count", len(own_losses))
        net.notify("on_epoch_end", dataset_train=None, dataset_valid=None)


class _Stack:
    """The stacked weights of several nets, with one optimiser.

    AdamW changes each weight by itself, so that one optimiser of all weights makes the
    steps of one optimiser for each net.
    """

    def __init__(self, nets):
        self.nets = nets
        modules = [net.module_.train() for net in nets]
        self.weights, self.buffers = stack_module_state(modules)
        self.module = _without_weights(modules[0])
        groups, options = nets[0].get_params_for_optimizer(
            "optimizer", self.weights.items()
        )
        self.optimizer = nets[0].optimizer(*groups, **options)
        schedule = dict(nets[0].callbacks_)["schedule"]
        self.schedule = OneCycleLR(self.optimizer, **schedule.kwargs)

    def step(self, batches):
        """Make a step of each net with its batch; return the losses."""
        scores = self._scores([images for images, _ in batches])
        losses = torch.stack(
            [
                net.get_loss(own, codes, training=True)
                for net, own, (_, codes) in zip(self.nets, scores, batches, strict=True)
            ]
        )
        self.optimizer.zero_grad()
        losses.sum().backward()
        self._clip()
        self.optimizer.step()
        self.schedule.step()
        return losses.detach()

    def _scores(self, images):
        """Return the scores of each batch: one pass for all batches of one size."""
        sizes = list(map(len, images))
        scores = [None] * len(images)
        for size in sorted(set(sizes)):
            places = [place for place, each in enumerate(sizes) if each == size]
            found = self._pass(places, torch.stack([images[place] for place in places]))
            for place, own in zip(places, found, strict=True):
                scores[place] = own
        return scores

    def _pass(self, places, images):
        if len(places) == len(self.nets):
            return self._run(self.weights, self.buffers, images)
        rows = torch.tensor(places, device=images.device)
        weights, buffers = (
            {name: whole.index_select(0, rows) for name, whole in part.items()}
            for part in (self.weights, self.buffers)
        )
        scores = self._run(weights, buffers, images)
        for name, own in buffers.items():  # batch normalisation has changed them
            self.buffers[name][rows] = own
        return scores

    def _run(self, weights, buffers, images):
        run = vmap(self._run_one, randomness="different")
        with autocast(images.device, self.nets[0].use_bfloat16_):
            return run(weights, buffers, images).float()

    def _run_one(self, weights, buffers, images):
        return functional_call(self.module, (weights, buffers), (images,))

    def _clip(self):
        """Clip the gradients of each net to a norm, as skorch's callback does."""
        gradients = [weight.grad for weight in self.weights.values()]
        norms = torch.cat([grad.flatten(1) for grad in gradients], dim=1).norm(dim=1)
        factors = (GRADIENT_NORM / (norms + 1e-6)).clamp(max=1)
        for gradient in gradients:
            gradient.mul_(factors.reshape(-1, *[1] * (gradient.ndim - 1)))

    def load_into(self, nets):
        """Give each net its weights and buffers."""
        state = {**self.weights, **self.buffers}
        for place, net in enumerate(nets):
            net.module_.load_state_dict(
                {name: own[place] for name, own in state.items()}
            )


def _without_weights(module):
    """Return a copy of a module without weights, which vmap can run."""
    module = copy.deepcopy(module).to("meta")
    for layer in module.modules():
        if isinstance(layer, Standardize):  # vmap has no channels-last
            layer.memory_format = torch.contiguous_format
    return module
