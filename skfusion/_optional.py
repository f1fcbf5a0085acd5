"""Import of optional dependencies."""

import importlib

__all__ = ["import_optional"]


def import_optional(module, *, extra, purpose):
    """Import an optional module, or raise an error that explains how to install it.

    Parameters
    ----------
    module : str
        Dotted name of the module.

    extra : str
        Extra of skfusion that installs the module.

    purpose : str
        The task that needs the module. The error message begins with it.

    Returns
    -------
    module : module

    Raises
    ------
    ImportError
        If the module is not installed.

    Examples
    --------
    >>> from skfusion._optional import import_optional
    >>> import_optional("json", extra="none", purpose="Reading JSON").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs the package {module.partition('.')[0]!r}. "
            f'Install it with: pip install "skfusion[{extra}]"'
        ) from error
