"""Look at a data set before the first model is fitted."""

from ._audit import audit_dataset
from ._report import DatasetAudit

__all__ = ["DatasetAudit", "audit_dataset"]
