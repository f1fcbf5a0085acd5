"""Scorers based on kappa, and a summary of predictions with clustered intervals."""

from ._level_scorer import make_level_scorer
from ._scorers import kappa_scorer
from ._summary import classification_summary

__all__ = ["classification_summary", "kappa_scorer", "make_level_scorer"]
