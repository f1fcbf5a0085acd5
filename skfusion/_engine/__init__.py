"""Training and running of any network."""

from ._augmentation import augment_batch, augment_channels, augment_present
from ._batches import ImageTensors
from ._default_size import default_image_size
from ._device import autocast, on_device, resolve_device, seed_generators, seeded
from ._images import held_images
from ._inference import run_network
from ._net import (
    TrainingSettings,
    build_net,
    rebuild_net,
    release_training_state,
)
from ._restyling import restyle_batch
from ._threads import running, while_none_runs
from ._together import train_together

__all__ = [
    "ImageTensors",
    "TrainingSettings",
    "augment_batch",
    "augment_channels",
    "augment_present",
    "autocast",
    "build_net",
    "default_image_size",
    "held_images",
    "on_device",
    "rebuild_net",
    "release_training_state",
    "resolve_device",
    "restyle_batch",
    "run_network",
    "running",
    "seed_generators",
    "seeded",
    "train_together",
    "while_none_runs",
]
