"""Comparing models on identical, patient-grouped folds."""

from ._compare import compare_models

__all__ = ["compare_models"]
