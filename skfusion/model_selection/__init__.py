"""Comparison of models on identical, patient-grouped folds."""

from ._compare import compare_models
from ._comparison import ModelComparison
from ._fusion_gain import fusion_gain

__all__ = ["ModelComparison", "compare_models", "fusion_gain"]
