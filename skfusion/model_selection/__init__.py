"""Comparison of models on identical, patient-grouped folds."""

from ._compare import compare_models
from ._comparison import ModelComparison
from ._fusion_gain import fusion_gain
from ._plot import (
    ForestDisplay,
)

__all__ = [
    "ForestDisplay",
    "ModelComparison",
    "compare_models",
    "fusion_gain",
]
