"""Stages of a network that keep only their inputs in training."""

from contextlib import contextmanager, nullcontext
from functools import partial

from torch.utils.checkpoint import checkpoint

__all__ = ["checkpointed", "run_checkpointed"]


@contextmanager
def checkpointed(stages):
    """Let stages of a network keep only their inputs, for one forward pass.

    The outputs of their layers, which gradients need, are computed again in the
    backward pass, stage by stage. The modules are not changed after the pass.

    Parameters
    ----------
    stages : list of torch.nn.Module
        None is inside another one.
    """
    for stage in stages:
        stage.forward = partial(run_checkpointed, stage, forward=stage.forward)
    try:
        yield
    finally:
        for stage in stages:
            del stage.forward


def run_checkpointed(stage, *inputs, forward=None, **options):
    """Return the output of a stage, which keeps only its inputs.

    Training gives the same weights, statistics and random numbers, to the bit on a CPU.

    Parameters
    ----------
    stage : torch.nn.Module

    *inputs : Tensor or object
        The first is the tensor that the stage before computed.

    forward : callable, default=None
        What computes the output; the stage itself if None.

    **options : object
        Further inputs of the stage, by their names.

    Returns
    -------
    output : Tensor
    """

    def contexts():
        return nullcontext(), _no_statistics(stage)

    settings = {"use_reentrant": False, "context_fn": contexts}
    return checkpoint(forward or stage, *inputs, **settings, **options)


@contextmanager
def _no_statistics(stage):
    """Let batch normalisation see a batch again without learning from it twice."""
    norms = [m for m in stage.modules() if hasattr(m, "running_mean")]
    kept = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, kept, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
