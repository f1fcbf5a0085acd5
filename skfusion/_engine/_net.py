"""The skorch net that trains every network."""

import copy
from contextlib import suppress

import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, GradientNormClipping, LRScheduler
from skorch.helper import predefined_split
from torch import nn
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from ._batches import TrainingBatches, ValidationBatches, n_batches
from ._device import autocast, trains_in_bfloat16

__all__ = ["build_net", "release_training_state"]

LABEL_SMOOTHING = 0.05
GRADIENT_NORM = 1.0
# Where torch updates all weights in one pass.
_FUSED_DEVICES = ("cpu", "cuda")


class _AutocastNet(NeuralNetClassifier):
    """A skorch net that may compute in bfloat16, channels last."""

    def __init__(self, *args, precision="float32", **kwargs):
        self.precision = precision
        super().__init__(*args, **kwargs)

    def initialize_module(self):
        super().initialize_module()
        self.module_.to(memory_format=torch.channels_last)
        device = torch.device(self.device)
        self.use_bfloat16_ = trains_in_bfloat16(self.precision, device, self.module_)
        return self

    def partial_fit(self, X, y=None, classes=None, **fit_params):
        """Train, as skorch does, but raise what Ctrl-C raises.

        skorch takes it for the end of training. Its own early stopping ends the
        training by the same exception; its count of misses distinguishes the two.
        """
        self.notify("on_train_begin", X=X, y=y)
        try:
            self.fit_loop(X, y, **fit_params)
        except BaseException as error:
            if not (isinstance(error, KeyboardInterrupt) and self._stopped_early()):
                self._end_in_vain(X=X, y=y)
                raise
        self.notify("on_train_end", X=X, y=y)
        return self

    def _stopped_early(self):
        stoppings = (c for _, c in self.callbacks_ if isinstance(c, EarlyStopping))
        return any(stopping.misses_ >= stopping.patience for stopping in stoppings)

    def _end_in_vain(self, **data):
        """Let every callback end what it began, whatever the others raise."""
        for _, callback in self.callbacks_:
            with suppress(Exception):
                callback.on_train_end(self, **data)

    def infer(self, x, **fit_params):
        with autocast(torch.device(self.device), self.use_bfloat16_):
            return super().infer(x, **fit_params).float()


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


def build_net(
    module,
    *,
    module_params,
    train,
    valid,
    learning_rates,
    weight_decay,
    class_weight,
    max_epochs,
    batch_size,
    augment,
    n_iter_no_change,
    callbacks,
    device,
    precision,
    verbose,
    criterion=nn.CrossEntropyLoss,
):
    """Set up a skorch net with the habits that all models share.

    AdamW with a one-cycle schedule, label smoothing, clipped gradients; with
    validation data, early stopping that goes back to the best epoch.

    Parameters
    ----------
    module : type
        Class of the network.

    module_params : dict
        Its arguments, ``n_classes`` among them.

    train, valid : ImageTensors
        Data to learn from, and to stop by (may be None).

    learning_rates : dict
        From a pattern of parameter names to the highest learning rate of those;
        "*" stands for the rest and comes last.

    weight_decay, class_weight, max_epochs, batch_size, augment, n_iter_no_change, \
callbacks, device, precision, verbose
        As in the estimators; `class_weight` is a tensor or None, `augment` a
        callable or None.

    criterion : type, default=CrossEntropyLoss
        Class of the loss, with the arguments `weight` and `label_smoothing`.

    Returns
    -------
    net : skorch.NeuralNetClassifier
        Not yet initialised.
    """
    steps = max_epochs * n_batches(len(train), batch_size)
    return _AutocastNet(
        module,
        classes=list(range(module_params["n_classes"])),
        **{f"module__{name}": value for name, value in module_params.items()},
        criterion=criterion,
        criterion__weight=class_weight,
        criterion__label_smoothing=LABEL_SMOOTHING,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=weight_decay,
        optimizer__fused=torch.device(device).type in _FUSED_DEVICES,
        optimizer__param_groups=[
            (name, {"lr": rate}) for name, rate in learning_rates.items() if name != "*"
        ],
        lr=learning_rates["*"],
        max_epochs=max_epochs,
        batch_size=batch_size,
        iterator_train=TrainingBatches,
        iterator_train__augment=augment,
        iterator_valid=ValidationBatches,
        train_split=None if valid is None else predefined_split(valid),
        callbacks=[
            *_callbacks(list(learning_rates.values()), steps),
            *_stopping(valid, n_iter_no_change),
            *([("progress", _EpochProgress())] if verbose else []),
            # Copies: callbacks keep what they see, and parameters stay as they are.
            *copy.deepcopy(callbacks or []),
        ],
        device=device,
        precision=precision,
        verbose=0,
    )


def _callbacks(learning_rates, steps):
    schedule = LRScheduler(
        torch.optim.lr_scheduler.OneCycleLR,
        step_every="batch",
        max_lr=learning_rates,
        total_steps=max(steps, 2),
    )
    clipping = GradientNormClipping(GRADIENT_NORM)
    return [("clipping", clipping), ("schedule", schedule)]


def _stopping(valid, n_iter_no_change):
    if valid is None:
        return []
    stopping = EarlyStopping(patience=n_iter_no_change, load_best=True)
    return [("early_stopping", stopping)]


def release_training_state(net):
    """Leave in a fitted net only what prediction and its history need.

    The data, the optimiser (which holds the weights once more) and the device go; the
    network comes to the CPU, so that a pickle is small and loads anywhere.
    """
    net.module_.zero_grad(set_to_none=True)
    # The data loader of skorch takes the arrays that a user of `net_` has.
    net.train_split, net.iterator_valid = None, DataLoader
    net.use_bfloat16_ = False
    net.optimizer_ = None
    dict(net.callbacks_)["schedule"].lr_scheduler_ = None
    net.module_.to("cpu")
    net.criterion_.to("cpu")
    net.device = "cpu"
    return net
