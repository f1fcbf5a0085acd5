"""What is done if a patient or an image crosses a split."""

from ..exceptions import DataQualityWarning, LeakageError, warn_user

__all__ = ["ON_LEAKAGE", "report_leakage"]

ON_LEAKAGE = {"raise", "warn", "ignore"}


def report_leakage(message, on_leakage, report=None):
    """Raise an error or a warning, or do neither.

    Parameters
    ----------
    message : str
        Without a path or a name of a group.

    on_leakage : {"raise", "warn", "ignore"}

    report : DataFrame, default=None
        Attribute of the error.

    Raises
    ------
    LeakageError
        If `on_leakage` is "raise".
    """
    if on_leakage == "raise":
        error = LeakageError(message)
        error.report = report
        raise error
    if on_leakage == "warn":
        warn_user(message, DataQualityWarning)
