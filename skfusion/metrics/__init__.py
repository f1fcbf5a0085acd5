"""Scorers, a summary of predictions with clustered intervals, and paired tests."""

from ._delong import delong_test
from ._level_scorer import make_level_scorer
from ._resampled_ttest import corrected_resampled_ttest
from ._scorers import kappa_scorer
from ._summary import classification_summary

__all__ = [
    "classification_summary",
    "corrected_resampled_ttest",
    "delong_test",
    "kappa_scorer",
    "make_level_scorer",
]
