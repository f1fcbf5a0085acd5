"""Habits of training that were tried; those that did not gain are not in skfusion.

``docs/studies/training_habits.py`` measures them.
"""

import dataclasses

import torch
from skorch.callbacks import Callback, LRScheduler
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from skfusion._engine import restyle_batch
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.neural_network._base import BaseCNNClassifier


class Averaging(Callback):
    """Replace the weights by their moving average (decay) or their mean (None)."""

    def __init__(self, decay=None, begin=0.0):
        self.decay = decay
        self.begin = begin  # share of the epochs before the averaging

    def on_train_begin(self, net, **kwargs):
        rule = None if self.decay is None else get_ema_multi_avg_fn(self.decay)
        self.average_ = AveragedModel(net.module_, multi_avg_fn=rule, use_buffers=True)

    def on_batch_end(self, net, training=False, **kwargs):
        if training and len(net.history) > self.begin * net.max_epochs:
            self.average_.update_parameters(net.module_)

    def on_train_end(self, net, **kwargs):
        net.module_.load_state_dict(self.average_.module.state_dict())
        del self.average_


class Mixer:
    """Mix the images of a batch, and the loss of their classes."""

    def __init__(self, kind, alpha):
        self.kind, self.alpha = kind, alpha
        self.order = self.share = None

    def __call__(self, images):
        shape = torch.tensor(self.alpha)
        self.share = float(torch.distributions.Beta(shape, shape).sample())
        self.order = torch.randperm(len(images))
        others = images[self.order]
        if self.kind == "mixup":
            return self.share * images + (1 - self.share) * others
        height, width = images.shape[2:]
        cut = (1 - self.share) ** 0.5
        rows, columns = round(cut * height), round(cut * width)
        top = int(torch.randint(height - rows + 1, ()))
        left = int(torch.randint(width - columns + 1, ()))
        images = images.clone()
        place = (..., slice(top, top + rows), slice(left, left + columns))
        images[place] = others[place]
        self.share = 1 - rows * columns / (height * width)
        return images

    def criterion(self):
        mixer = self

        class MixedLoss(nn.CrossEntropyLoss):
            def forward(self, scores, codes):
                loss = super().forward
                first, second = loss(scores, codes), loss(scores, codes[mixer.order])
                return mixer.share * first + (1 - mixer.share) * second

        return MixedLoss


class FocalLoss(nn.Module):
    """Cross entropy that counts images less that are learned (Lin et al., 2017)."""

    def __init__(self, weight=None, label_smoothing=0.0, gamma=2.0):
        super().__init__()
        self.register_buffer("weight", weight)
        self.gamma = gamma

    def forward(self, scores, codes):
        loss = functional.cross_entropy(scores, codes, reduction="none")
        weight = torch.ones(2) if self.weight is None else self.weight
        weight = weight[codes]
        return (weight * (1 - (-loss).exp()) ** self.gamma * loss).sum() / weight.sum()


class _Habits(BaseCNNClassifier):
    """What a candidate of the study changes of an estimator."""

    habits = {}

    def _plan(self, source):
        plan = super()._plan(source)._replace(restyles=False)
        if "mix" in self.habits:
            self._mixer = Mixer(*self.habits["mix"])
            plan = plan._replace(criterion=self._mixer.criterion())
        if "focal" in self.habits:
            plan = plan._replace(criterion=FocalLoss)
        return plan

    def _settings(self, plan, source, codes, device):
        settings = super()._settings(plan, source, codes, device)
        steps = [settings.augment]
        if "style" in self.habits:
            steps.append(restyle_batch)
        if "mix" in self.habits:
            steps.append(self._mixer)

        def augment(images):
            for step in steps:
                images = step(images)
            return images.contiguous(memory_format=torch.channels_last)

        return dataclasses.replace(settings, augment=augment)

    def _members(self, *arguments):
        for net, train_set in super()._members(*arguments):
            if "cycles" in self.habits:
                steps = self.max_epochs * -(-len(train_set) // self.batch_size)
                cycle = LRScheduler(
                    torch.optim.lr_scheduler.CosineAnnealingWarmRestarts,
                    step_every="batch",
                    T_0=-(-steps // self.habits["cycles"]),
                )
                net.set_params(callbacks__schedule=cycle.initialize())
            yield net, train_set


class HabitCNN17(_Habits, CNN17Classifier):
    """The 17-layer CNN with habits."""


class HabitTransfer(_Habits, TransferCNNClassifier):
    """Transfer learning with habits."""


def use_batch_statistics(model, X):
    """Let batch normalisation use the statistics of the images of X."""
    module = model.net_.module_
    layers = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)]
    module.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
        layer.train()
    source = model._source(X)
    with torch.no_grad():
        for start in range(0, len(source), 64):
            images = source[range(start, min(start + 64, len(source)))]
            module(torch.from_numpy(images).movedim(3, 1))
    module.eval()
