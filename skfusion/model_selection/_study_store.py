"""Results of the fits of a study, stored on disk the moment that they end."""

from contextlib import ExitStack, contextmanager, suppress

import numpy as np
from filelock import FileLock, Timeout

from .._store._home import make_folder
from .._store._row_store import RowStore
from ..exceptions import CacheWarning, warn_user
from ._fit_fold import fit_fold
from ._fold_record import from_record, to_record

__all__ = ["StudyStore", "fit_stored_fold"]


class StudyStore(RowStore):
    """Store of the results of folds, in an SQLite file that processes share.

    A row is the JSON of one result. Its key is a digest of everything that it depends
    on. The file holds no path, no patient and no pickle. A process that computes a fold
    locks a file of its own beside it. The operating system ends the lock with the
    process, however it ends.

    Parameters
    ----------
    folder : str or Path
        Folder of the file.
    """

    _name = "study"
    _dtype = "u1"

    def find(self, sizes):
        """Read the results that are stored.

        Parameters
        ----------
        sizes : dict of bytes to int
            Keys of results, and the number of rows that each predicts.

        Returns
        -------
        results : dict of bytes to dict

        Raises
        ------
        OSError
            If the file cannot be used although it is not damaged.

        Warns
        -----
        CacheWarning
            If a result has another form. It is deleted.
        """
        results, broken = {}, []
        for key, row in self.read(sizes).items():
            try:
                results[key] = from_record(row.tobytes(), sizes[key])
            except ValueError:
                broken.append(key)
        if broken:
            self._delete(broken)
        return results

    def _delete(self, keys):
        warn_user(
            f"{len(keys)} results in {self.path.name!r} have another form than those "
            "that this version writes. They are computed again.",
            CacheWarning,
        )

        def work(connection):
            rows = [(key,) for key in keys]
            connection.executemany("DELETE FROM rows WHERE key = ?", rows)

        self._file.run(work)

    def keep(self, key, result):
        """Store a result.

        Parameters
        ----------
        key : bytes

        result : dict
            As `fit_fold` returns it. An error is not stored, but computed again.

        Returns
        -------
        result : dict
            As it will be read. It has the key ``not_stored``, the reason, if it could
            not be stored.
        """
        if "error" in result:
            return result
        try:
            record = to_record(result)
            self.write([key], [np.frombuffer(record, self._dtype)])
        except (OSError, TypeError) as error:
            return {**result, "not_stored": str(error)}
        # What is stored needs no lock any more: a process that has opened the file of
        # the lock will find the result.
        with suppress(OSError):
            self._lock_path(key).unlink(missing_ok=True)
        return from_record(record, len(result["y_pred"]))

    @contextmanager
    def lock(self, key, *, wait):
        """Hold a fold, so that no other process computes it.

        Parameters
        ----------
        key : bytes

        wait : bool
            Whether to wait for a process that holds it.

        Raises
        ------
        filelock.Timeout
            If another process holds it, without `wait`.

        OSError
            If the file of the lock cannot be made. The message shows no folder.
        """
        path = self._lock_path(key)
        lock = FileLock(path, timeout=-1 if wait else 0, mode=0o600)
        try:
            make_folder(path.parent)
            lock.acquire(poll_interval=0.1)
        except Timeout:
            raise
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise OSError(f"a fold of the study cannot be locked: {reason}") from None
        try:
            yield
        finally:
            lock.release()

    def _lock_path(self, key):
        return self.folder / "running" / f"{key.hex()}.lock"


def fit_stored_fold(store, key, wait, estimator, data, fold, **options):
    """Fit and predict one fold, unless its result is stored, and store the result.

    Parameters
    ----------
    store : StudyStore

    key : bytes
        Key of the fold.

    wait : bool
        Whether to wait for a process that is computing the fold.

    estimator, data, fold, **options
        As of `fit_fold`.

    Returns
    -------
    result : dict or None
        As that of `StudyStore.keep`. None if another process is computing the fold.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(store.lock(key, wait=wait))
            found = store.find({key: len(data.splits[fold][1])}).get(key)
        except Timeout:
            return None
        except OSError:  # of which `keep` gives the reason, if it cannot store either
            found = None
        if found is not None:
            return found
        return store.keep(key, fit_fold(estimator, data, fold, **options))
