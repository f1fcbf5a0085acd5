"""Comparison of models on identical, patient-grouped folds."""

from ._compare import compare_models
from ._comparison import ModelComparison
from ._fusion_gain import fusion_gain
from ._optimism import optimism
from ._plot._optimism import OptimismDisplay
from ._protocol_comparison import ProtocolComparison

__all__ = [
    "ModelComparison",
    "OptimismDisplay",
    "ProtocolComparison",
    "compare_models",
    "fusion_gain",
    "optimism",
]
