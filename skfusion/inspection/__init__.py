"""Look at what a model sees."""

from ._display import SaliencyDisplay
from ._mass import mass_inside
from ._randomization import randomization_check, randomize_weights
from ._saliency import saliency

__all__ = [
    "SaliencyDisplay",
    "mass_inside",
    "randomization_check",
    "randomize_weights",
    "saliency",
]
