"""Which of two classes is the positive one."""

from ..exceptions import DataQualityWarning, warn_user

__all__ = ["warn_of_positive_class"]


def warn_of_positive_class(classes, name, advice=None):
    """Warn where the alphabet alone decides which of two classes is positive.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted labels.

    name : str
        Name of the function or estimator that treats the last class as positive.

    advice : str, default=None
        What the user can do. If None, the advice is to pass `labels`.
    """
    if len(classes) != 2 or not isinstance(classes[-1], str):
        return
    negative, positive = map(str, classes)
    if positive.lower() == "malignant":
        return
    if advice is None:
        advice = (
            f"Pass labels={[negative, positive]!r} to confirm this, or "
            f"labels={[positive, negative]!r} to make {negative!r} the positive class."
        )
    warn_user(
        f"{name} treats {positive!r} as the positive class, because it comes after "
        f"{negative!r} where the labels are sorted. {advice}",
        DataQualityWarning,
    )
