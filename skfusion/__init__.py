"""Classification of breast images of two modalities with the interface of scikit-learn.

Importing ``skfusion`` imports neither torch nor pydicom. Each sub-module is imported
when it is first used.
"""

import importlib

__version__ = "0.1.0.dev0"

__all__ = [
    "__version__",
    "audit",
    "datasets",
    "exceptions",
    "feature_extraction",
    "fusion",
    "images",
    "inspection",
    "metrics",
    "model_selection",
    "networks",
    "neural_network",
    "over_sampling",
    "persistence",
    "preprocessing",
]

_SUBMODULES = frozenset(__all__) - {"__version__"}


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
