"""Where skfusion keeps what it may compute again."""

import os
from functools import cache
from importlib.metadata import version
from pathlib import Path


def home_folder(name):
    """Return a folder for what may be computed again.

    Parameters
    ----------
    name : str
        Name of the folder.

    Returns
    -------
    folder : Path
        In the folder that the environment variable ``SKFUSION_HOME`` names, or else
        in ``~/.cache/skfusion``. It may not exist yet.

    Examples
    --------
    >>> from skfusion._home import home_folder
    >>> home_folder("features").name
    'features'
    """
    home = os.environ.get("SKFUSION_HOME") or Path.home() / ".cache" / "skfusion"
    return Path(home).expanduser() / name


@cache
def versions_of(*packages):
    """Return what stands for the versions of packages in a key.

    Parameters
    ----------
    *packages : str
        Their names on the package index.

    Returns
    -------
    versions : bytes

    Examples
    --------
    >>> from skfusion._home import versions_of
    >>> versions_of("numpy").startswith(b"numpy")
    True
    """
    return " ".join(f"{name} {version(name)}" for name in packages).encode()
