"""Kappa for searches, and a summary of predictions with clustered intervals."""

from ._scorers import kappa_scorer
from ._summary import classification_summary

__all__ = ["classification_summary", "kappa_scorer"]
