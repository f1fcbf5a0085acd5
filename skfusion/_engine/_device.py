"""The device, the precision and the random numbers of a network."""

import copy
from contextlib import contextmanager

import torch
from sklearn.utils import check_random_state

from ._threads import seeding

__all__ = [
    "autocast",
    "on_device",
    "resolve_device",
    "seed_generators",
    "seeded",
    "trains_in_bfloat16",
]


def resolve_device(device):
    """Return the torch device of the parameter `device`.

    Parameters
    ----------
    device : str
        "auto" takes the first of CUDA, MPS and the CPU that torch can use. Otherwise,
        the name of a torch device.

    Returns
    -------
    device : torch.device

    Raises
    ------
    ValueError
        If torch cannot use the device.

    Examples
    --------
    >>> from skfusion._engine import resolve_device
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return torch.device(_best_device())
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            "The 'device' parameter must be 'auto' or a device of this machine, such "
            f"as 'cpu', 'cuda', 'cuda:1' or 'mps'. Got {device!r} instead, which torch "
            f"cannot use: {str(error).splitlines()[0]}"
        ) from error
    return resolved


def _best_device():
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def on_device(module, device):
    """Return a network on a device: a copy, unless that is the CPU.

    Threads that share an estimator share its network, which stays where it is.

    Parameters
    ----------
    module : torch.nn.Module
        On the CPU.

    device : torch.device

    Returns
    -------
    module : torch.nn.Module
    """
    return module if device.type == "cpu" else copy.deepcopy(module).to(device)


def trains_in_bfloat16(precision, device):
    """Return whether training uses bfloat16: as requested, or where it is faster.

    Parameters
    ----------
    precision : {"auto", "float32", "bfloat16"}
        "auto" is bfloat16 where the device computes it in hardware.

    device : torch.device

    Returns
    -------
    use_bfloat16 : bool
    """
    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # Where torch lacks this function, float32 is used, which is always right.
    is_supported = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device.type == "cpu" and is_supported()


def autocast(device, use_bfloat16):
    """Return a context in which a network computes in bfloat16, if it is used."""
    return torch.autocast(device.type, torch.bfloat16, enabled=use_bfloat16)


@contextmanager
def seeded(random_state, device=None):
    """Seed torch's generators in a context, and restore them afterwards.

    The generators belong to the whole process, so that threads take turns.

    Parameters
    ----------
    random_state : int, RandomState or None

    device : torch.device, default=None
        Its generator is seeded beside that of the CPU.

    Yields
    ------
    seed : int
        The seed that was set.
    """
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    on_cuda = device is not None and device.type == "cuda"
    with seeding(), torch.random.fork_rng([device] if on_cuda else []):
        seed_generators(seed, device)
        yield seed


def seed_generators(seed, device=None):
    """Seed torch's generators: that of the CPU, and that of a CUDA device.

    Use it inside :func:`seeded`, which restores them.
    """
    torch.default_generator.manual_seed(seed)
    if device is not None and device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
