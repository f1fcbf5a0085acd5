"""Look at a data set before the first model is fitted."""

from ._audit import audit_dataset
from ._findings_display import FindingsDisplay
from ._probes_display import ProbesDisplay
from ._report import DatasetAudit

__all__ = ["DatasetAudit", "FindingsDisplay", "ProbesDisplay", "audit_dataset"]
