"""Claims of processes on the rows that they are computing."""

import os
import time
from functools import cache

__all__ = ["CREATE_CLAIMS", "end_claims", "living_claims", "make_claims"]

CREATE_CLAIMS = (
    "CREATE TABLE claims "
    "(key BLOB PRIMARY KEY, process INTEGER, token BLOB, since REAL)"
)
# A batch takes seconds: a process with an older claim has ended, or hangs.
_LIFETIME = 300.0


def living_claims(connection):
    """Return the keys that a living process has claimed.

    Parameters
    ----------
    connection : sqlite3.Connection

    Returns
    -------
    keys : set of bytes
    """
    claims = connection.execute("SELECT key, process, token, since FROM claims")
    now = time.time()
    return {
        key
        for key, process, token, since in claims
        if isinstance(since, float)  # and not NULL or text, in a damaged row
        and now - _LIFETIME < since <= now
        and _lives(process, token)
    }


def make_claims(connection, keys):
    """Claim keys for this process."""
    process = os.getpid()
    claim = (process, _token(process), time.time())
    connection.executemany(
        "REPLACE INTO claims VALUES (?, ?, ?, ?)", [(key, *claim) for key in keys]
    )


def end_claims(connection, keys):
    """End the claims on keys."""
    connection.executemany("DELETE FROM claims WHERE key = ?", [(key,) for key in keys])


@cache
def _token(process):
    """Return bytes that differ from those of an earlier process of the same number."""
    return os.urandom(8)


def _lives(process, token):
    if not isinstance(process, int) or process <= 0:
        return False
    if process == os.getpid():
        return token == _token(process)
    if os.name == "nt":  # where signal 0 would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # a process of another user
        pass
    return True
