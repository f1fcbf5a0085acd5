"""Look at a data set before the first model is fitted, and at images after the last."""

from ._audit import audit_dataset
from ._findings_display import FindingsDisplay
from ._probes_display import ProbesDisplay
from ._report import DatasetAudit
from ._scope import ScopeDetector

__all__ = [
    "DatasetAudit",
    "FindingsDisplay",
    "ProbesDisplay",
    "ScopeDetector",
    "audit_dataset",
]
