"""Fits of a study: those whose results are known, and those that are missing."""

from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path

from sklearn.utils.parallel import delayed

from ..exceptions import CacheWarning, warn_user
from ._fit_fold import fit_fold
from ._study_keys import fold_keys
from ._study_store import StudyStore, fit_stored_fold

__all__ = ["StudyFits"]


class StudyFits:
    """Results of every model on every fold, as they become known.

    Parameters
    ----------
    estimators : list of (str, classifier)

    data : CheckedData

    options : dict
        Arguments of `fit_fold`: ``scorer`` and ``error_score``.

    folder : str, Path or None
        Folder of the :class:`StudyStore`; None to store nothing.

    Attributes
    ----------
    results : dict of (str, int) to dict
        By the name of the model and the number of the fold. At first, what is stored.

    store : StudyStore or None
    """

    def __init__(self, estimators, data, options, folder=None):
        self.data = data
        self.options = options
        self.models = dict(estimators)
        self.results = {}
        self.store = None
        self._has_warned = False
        if folder is not None:
            self.store = StudyStore(_check_folder(folder))
            self._keys = fold_keys(estimators, data, options["scorer"])
            self._find()

    def __len__(self):
        """Return the number of all fits."""
        return len(self.models) * len(self.data.splits)

    def _find(self):
        sizes = {
            key: len(self.data.splits[fold][1]) for (_, fold), key in self._keys.items()
        }
        try:
            found = self.store.find(sizes)
        except OSError as error:
            self._warn(error)
            return
        self.results = {
            run: found[key] for run, key in self._keys.items() if key in found
        }

    def missing(self):
        """Return (name, fold) of each fit whose result is missing."""
        runs = product(self.models, range(len(self.data.splits)))
        return [run for run in runs if run not in self.results]

    def job(self, name, fold, *, prepare=None, wait=False):
        """Return the job that fits a model on a fold.

        Parameters
        ----------
        name : str

        fold : int

        prepare : callable, default=None
            Called with the clone before it is fitted.

        wait : bool, default=False
            Whether to wait for another process that computes the same fit. Without it,
            the result is None.

        Returns
        -------
        job : tuple
            As by joblib's ``delayed``.
        """
        fit = (self.models[name], self.data, fold)
        options = {**self.options, "prepare": prepare}
        if self.store is None:
            return delayed(fit_fold)(*fit, **options)
        key = self._keys[name, fold]
        return delayed(fit_stored_fold)(self.store, key, wait, *fit, **options)

    def add(self, name, fold, result):
        """Add a result, unless it is None; warn once if it could not be stored."""
        if result is None:
            return
        result = dict(result)
        reason = result.pop("not_stored", None)
        if reason is not None:
            self._warn(reason)
        self.results[name, fold] = result

    def _warn(self, reason):
        if not self._has_warned:
            warn_user(
                f"Results of this study are not stored, but computed and kept in "
                f"memory: {reason}",
                CacheWarning,
            )
        self._has_warned = True

    def by_model(self):
        """Return a list of results for each model, one for each fold."""
        folds = range(len(self.data.splits))
        return {
            name: [self.results[name, fold] for fold in folds] for name in self.models
        }

    @contextmanager
    def noting_interrupts(self):
        """Add to a ``KeyboardInterrupt`` how much is stored."""
        try:
            yield
        except KeyboardInterrupt as error:
            if self.store is not None:
                with suppress(OSError):
                    n_stored = len(self.store.read(self._keys.values()))
                    error.add_note(
                        f"{n_stored} of {len(self)} fits are stored in "
                        f"{self.store.path.name!r}. The same call resumes the study."
                    )
            raise


def _check_folder(folder):
    if Path(folder).is_file():
        raise ValueError(
            f"Expected store to be a folder. Got the file {Path(folder).name!r}: pass "
            "another path. A folder that does not exist is made."
        )
    return folder
