"""Comparison of models on identical, patient-grouped folds."""

from ._compare import compare_models
from ._comparison import ModelComparison
from ._fusion_gain import fusion_gain
from ._plot import (
    CalibrationDisplay,
    ConfusionDisplay,
    FoldsDisplay,
    ForestDisplay,
    PrecisionRecallDisplay,
    RocDisplay,
    TrainingDisplay,
)

__all__ = [
    "CalibrationDisplay",
    "ConfusionDisplay",
    "FoldsDisplay",
    "ForestDisplay",
    "ModelComparison",
    "PrecisionRecallDisplay",
    "RocDisplay",
    "TrainingDisplay",
    "compare_models",
    "fusion_gain",
]
