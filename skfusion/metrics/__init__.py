"""Scorers, measures with clustered intervals, and paired tests."""

from ._calibration_summary import calibration_summary
from ._decision_curve import decision_curve
from ._delong import delong_test
from ._level_scorer import make_level_scorer
from ._operating_points import (
    partial_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from ._resampled_ttest import corrected_resampled_ttest
from ._scorers import kappa_scorer, make_operating_point_scorer
from ._summary import classification_summary

__all__ = [
    "calibration_summary",
    "classification_summary",
    "corrected_resampled_ttest",
    "decision_curve",
    "delong_test",
    "kappa_scorer",
    "make_level_scorer",
    "make_operating_point_scorer",
    "partial_auc",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
]
