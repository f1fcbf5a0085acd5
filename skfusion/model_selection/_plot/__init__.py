"""The plots of a comparison, each a Display as in scikit-learn."""

from ._calibration import CalibrationDisplay
from ._confusion import ConfusionDisplay
from ._decision_curve import DecisionCurveDisplay
from ._folds import FoldsDisplay
from ._forest import ForestDisplay
from ._optimism import OptimismDisplay
from ._precision_recall import PrecisionRecallDisplay
from ._roc import RocDisplay
from ._training import TrainingDisplay

__all__ = [
    "DISPLAYS",
    "CalibrationDisplay",
    "ConfusionDisplay",
    "DecisionCurveDisplay",
    "FoldsDisplay",
    "ForestDisplay",
    "OptimismDisplay",
    "PrecisionRecallDisplay",
    "RocDisplay",
    "TrainingDisplay",
]

# Kinds of ModelComparison.plot.
DISPLAYS = {
    "forest": ForestDisplay,
    "folds": FoldsDisplay,
    "roc": RocDisplay,
    "precision_recall": PrecisionRecallDisplay,
    "calibration": CalibrationDisplay,
    "decision_curve": DecisionCurveDisplay,
    "confusion": ConfusionDisplay,
    "training": TrainingDisplay,
}
