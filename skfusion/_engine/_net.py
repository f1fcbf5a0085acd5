"""The skorch net that trains every network."""

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, GradientNormClipping, LRScheduler
from skorch.helper import predefined_split
from skorch.history import History
from torch import nn
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from ._batches import TrainingBatches, ValidationBatches, n_batches
from ._device import autocast, trains_in_bfloat16

__all__ = [
    "TrainingSettings",
    "build_net",
    "rebuild_net",
    "release_training_state",
]

LABEL_SMOOTHING = 0.05
GRADIENT_NORM = 1.0
# On these devices, torch updates all weights in one pass.
_FUSED_DEVICES = ("cpu", "cuda")


class _AutocastNet(NeuralNetClassifier):
    """A skorch net that may compute in bfloat16 and in parts, channels last."""

    def __init__(self, *args, precision="float32", micro_batch_size=None, **kwargs):
        self.precision = precision
        self.micro_batch_size = micro_batch_size
        super().__init__(*args, **kwargs)

    def initialize_module(self):
        super().initialize_module()
        self.module_.to(memory_format=torch.channels_last)
        device = torch.device(self.device)
        self.use_bfloat16_ = trains_in_bfloat16(self.precision, device)
        return self

    def partial_fit(self, X, y=None, classes=None, **fit_params):
        """Train as skorch does, but raise the KeyboardInterrupt of Ctrl-C.

        skorch ends the training without raising it. Early stopping ends the training
        by the same exception; its count of misses distinguishes the two.
        """
        self.notify("on_train_begin", X=X, y=y)
        try:
            self.fit_loop(X, y, **fit_params)
        except BaseException as error:
            if not (isinstance(error, KeyboardInterrupt) and self._stopped_early()):
                self._end_callbacks(X=X, y=y)
                raise
        self.notify("on_train_end", X=X, y=y)
        return self

    def _stopped_early(self):
        stoppings = (c for _, c in self.callbacks_ if isinstance(c, EarlyStopping))
        return any(stopping.misses_ >= stopping.patience for stopping in stoppings)

    def _end_callbacks(self, **data):
        """Call the end of every callback, even where another one raises."""
        for _, callback in self.callbacks_:
            with suppress(Exception):
                callback.on_train_end(self, **data)

    def infer(self, x, **fit_params):
        with autocast(torch.device(self.device), self.use_bfloat16_):
            return super().infer(x, **fit_params).float()

    def train_step_single(self, batch, **fit_params):
        """Compute the gradients of a batch, or the sum of those of its parts."""
        if self.micro_batch_size is None:
            return super().train_step_single(batch, **fit_params)
        self._set_training(True)
        n_parts = n_batches(len(batch[1]), self.micro_batch_size)
        losses, scores = [], []
        for images, codes in zip(
            *(x.tensor_split(n_parts) for x in batch), strict=True
        ):
            y_pred = self.infer(images, **fit_params)
            scores.append(y_pred.detach())
            share = self._weight(codes) / self._weight(batch[1])
            if share:  # the loss of a part without weight is not a number
                loss = share * self.get_loss(y_pred, codes, X=images, training=True)
                loss.backward()
                losses.append(loss.detach())
        return {"loss": sum(losses), "y_pred": torch.cat(scores)}

    def _weight(self, codes):
        """Return the sum of the weights by which the loss divides."""
        weight = self.criterion_.weight
        return len(codes) if weight is None else weight[codes].sum()


class _EpochProgress(Callback):
    """A progress bar over the epochs."""

    def on_train_begin(self, net, **kwargs):
        self.bar_ = tqdm(total=net.max_epochs, desc="epochs", leave=False)

    def on_epoch_end(self, net, **kwargs):
        self.bar_.set_postfix(train_loss=f"{net.history[-1, 'train_loss']:.3f}")
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        self.bar_.close()
        del self.bar_


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training of a network, from the parameters of an estimator.

    Parameters
    ----------
    learning_rates : dict
        From a pattern of parameter names to the highest learning rate of these
        parameters; "*" matches all others and comes last.

    max_epochs, batch_size, micro_batch_size, weight_decay, n_iter_no_change, \
callbacks, precision, verbose
        The same as in the estimators.

    class_weight : Tensor of shape (n_classes,), default=None

    augment : callable, default=None
        Applied to the images of each training batch.

    device : str, default="cpu"
        Name of a torch device.

    criterion : type, default=CrossEntropyLoss
        Class of the loss, with the arguments `weight` and `label_smoothing`.
    """

    learning_rates: dict
    max_epochs: int
    batch_size: int
    micro_batch_size: int | None = None
    weight_decay: float = 0.01
    class_weight: torch.Tensor | None = None
    augment: Callable | None = None
    n_iter_no_change: int = 10
    callbacks: list | None = None
    device: str = "cpu"
    precision: str = "float32"
    verbose: int = 0
    criterion: type = nn.CrossEntropyLoss


def build_net(module, module_params, train, valid, settings):
    """Build a skorch net with the choices that all models share.

    AdamW with a one-cycle schedule, label smoothing, clipped gradients; with
    validation data, early stopping that goes back to the best epoch.

    Parameters
    ----------
    module : type
        Class of the network.

    module_params : dict
        Its arguments, ``n_classes`` among them.

    train, valid : ImageTensors
        Data of training, and of early stopping (may be None).

    settings : TrainingSettings

    Returns
    -------
    net : skorch.NeuralNetClassifier
        Not yet initialised.
    """
    return _AutocastNet(
        module,
        classes=list(range(module_params["n_classes"])),
        **{f"module__{name}": value for name, value in module_params.items()},
        criterion=settings.criterion,
        criterion__weight=settings.class_weight,
        criterion__label_smoothing=LABEL_SMOOTHING,
        **_optimizer(settings),
        max_epochs=settings.max_epochs,
        batch_size=settings.batch_size,
        iterator_train=TrainingBatches,
        iterator_train__augment=settings.augment,
        iterator_valid=ValidationBatches,
        iterator_valid__batch_size=settings.micro_batch_size or settings.batch_size,
        train_split=None if valid is None else predefined_split(valid),
        callbacks=[
            *_callbacks(settings, len(train)),
            *_stopping(settings, valid),
            *([("progress", _EpochProgress())] if settings.verbose else []),
            # Callbacks change while they run. Copies leave the parameters unchanged.
            *copy.deepcopy(settings.callbacks or []),
        ],
        device=settings.device,
        precision=settings.precision,
        micro_batch_size=settings.micro_batch_size,
        verbose=0,
    )


def _optimizer(settings):
    rates = settings.learning_rates.items()
    return {
        "optimizer": torch.optim.AdamW,
        "optimizer__weight_decay": settings.weight_decay,
        "optimizer__fused": torch.device(settings.device).type in _FUSED_DEVICES,
        "optimizer__param_groups": [
            (name, {"lr": rate}) for name, rate in rates if name != "*"
        ],
        "lr": settings.learning_rates["*"],
    }


def _callbacks(settings, n_samples):
    steps = settings.max_epochs * n_batches(n_samples, settings.batch_size)
    schedule = LRScheduler(
        torch.optim.lr_scheduler.OneCycleLR,
        step_every="batch",
        max_lr=list(settings.learning_rates.values()),
        total_steps=max(steps, 2),
    )
    clipping = GradientNormClipping(GRADIENT_NORM)
    return [("clipping", clipping), ("schedule", schedule)]


def _stopping(settings, valid):
    if valid is None:
        return []
    stopping = EarlyStopping(patience=settings.n_iter_no_change, load_best=True)
    return [("early_stopping", stopping)]


def release_training_state(net):
    """Remove from a fitted net all that neither prediction nor its history needs.

    The data, the optimiser (which holds a copy of the weights) and the device are
    removed, and the network is moved to the CPU, so that a pickle is small and loads
    on any machine.
    """
    net.module_.zero_grad(set_to_none=True)
    # The data loader of skorch accepts the arrays that a user of `net_` has.
    net.train_split, net.iterator_valid = None, DataLoader
    net.use_bfloat16_ = False
    net.optimizer_ = None
    dict(net.callbacks_)["schedule"].lr_scheduler_ = None
    net.module_.to("cpu").eval()
    net.criterion_.to("cpu")
    net.device = "cpu"
    return net


def rebuild_net(module, module_params, criterion, state, history):
    """Return a net that holds a trained network, as after :func:`build_net` and a fit.

    It predicts, and its training cannot go on.

    Parameters
    ----------
    module, module_params
        The same as in :func:`build_net`.

    criterion : type
        The same as in :class:`TrainingSettings`.

    state : dict of str to Tensor
        State dict of the network.

    history : list of dict
        The epochs.

    Returns
    -------
    net : skorch.NeuralNetClassifier
        On the CPU.

    Raises
    ------
    RuntimeError
        If the state is that of another network.
    """
    net = _AutocastNet(
        module,
        classes=list(range(module_params["n_classes"])),
        **{f"module__{name}": value for name, value in module_params.items()},
        criterion=criterion,
        train_split=None,
        verbose=0,
    )
    net.initialize()
    net.module_.load_state_dict(state)
    net.module_.eval()
    net.optimizer_ = None
    net.history_ = History(history)
    return net
