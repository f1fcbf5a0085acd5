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
    is_text = isinstance(classes[-1], str)
    if len(classes) != 2 or not is_text or classes[-1] == "malignant":
        return
    if advice is None:
        advice = (
            f"Pass labels={classes.tolist()!r} if it is, or "
            f"labels={classes[::-1].tolist()!r}."
        )
    warn_user(
        f"{name} treats {str(classes[-1])!r} as the positive class, because it is the "
        f"last in the alphabet. {advice}",
        DataQualityWarning,
    )
