"""Comparison of models on identical, patient-grouped folds."""

from ._check_split import check_split
from ._compare import compare_models
from ._comparison import ModelComparison
from ._fusion_gain import fusion_gain
from ._optimism import optimism
from ._plot import (
    CalibrationDisplay,
    ConfusionDisplay,
    DecisionCurveDisplay,
    FoldsDisplay,
    ForestDisplay,
    OptimismDisplay,
    PrecisionRecallDisplay,
    RocDisplay,
    TrainingDisplay,
)
from ._protocol_comparison import ProtocolComparison
from ._recalibrate import RecalibratedClassifier, recalibrate
from ._target_threshold import TargetThresholdClassifier

__all__ = [
    "CalibrationDisplay",
    "ConfusionDisplay",
    "DecisionCurveDisplay",
    "FoldsDisplay",
    "ForestDisplay",
    "ModelComparison",
    "OptimismDisplay",
    "PrecisionRecallDisplay",
    "ProtocolComparison",
    "RecalibratedClassifier",
    "RocDisplay",
    "TargetThresholdClassifier",
    "TrainingDisplay",
    "check_split",
    "compare_models",
    "fusion_gain",
    "optimism",
    "recalibrate",
]
