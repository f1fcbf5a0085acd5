"""Keys of stored results."""

from functools import cache
from hashlib import blake2b
from importlib.metadata import version

__all__ = ["digest", "versions_of"]


def digest(*parts):
    """Return the digest of the inputs of a result.

    Parameters
    ----------
    *parts : bytes, str or object
        An object that is neither bytes nor text counts by its ``repr``.

    Returns
    -------
    digest : bytes of length 16
        Different for different parts: their types and lengths are digested, too.

    Examples
    --------
    >>> from skfusion._store._keys import digest
    >>> digest("ab", "c") == digest("a", "bc")
    False
    >>> digest("1") == digest(1)
    False
    """
    state = blake2b(digest_size=16)
    for part in parts:
        type_name, content = _encode(part)
        state.update(b"%s %d " % (type_name, len(content)))
        state.update(content)
    return state.digest()


def _encode(part):
    if isinstance(part, bytes):
        return b"bytes", part
    if isinstance(part, str):  # a path that is not UTF-8 holds surrogates
        return b"str", part.encode(errors="surrogatepass")
    return b"repr", repr(part).encode(errors="surrogatepass")


@cache
def versions_of(*packages):
    """Return the versions of packages, as a part of a key.

    Parameters
    ----------
    *packages : str
        Their names on the package index.

    Returns
    -------
    versions : str

    Examples
    --------
    >>> from skfusion._store._keys import versions_of
    >>> versions_of("numpy").startswith("numpy ")
    True
    """
    return " ".join(f"{name} {version(name)}" for name in packages)
