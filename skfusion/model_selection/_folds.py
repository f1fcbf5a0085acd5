"""Fits of several models on the same folds of checked data."""

import sys
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from sklearn.exceptions import FitFailedWarning
from sklearn.utils.parallel import Parallel
from tqdm.auto import tqdm

from ..exceptions import warn_user
from ._cluster import active_cluster, run_on_cluster
from ._cores import count_jobs
from ._fit_fold import free_memory
from ._study_cache import preparing
from ._study_fits import StudyFits

__all__ = ["CheckedData", "predict_folds"]


@dataclass(frozen=True)
class CheckedData:
    """Data whose parts agree with each other, and the folds to compare models on.

    Attributes
    ----------
    X : DataFrame, list or ndarray
        Images or samples, in any form.

    y : ndarray of shape (n_samples,)
        Class labels.

    groups : ndarray of shape (n_samples,) or None
        Group of each row; no group crosses a split.

    splits : list of (train, test)
        Rows of both sides of each fold.

    labels : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    is_ordered : bool, default=False
        Whether the user passed `labels`, so that the last one is the worst one.

    threads_per_fit : int, default=1
        Number of threads that compute each fit on these data.
    """

    X: Any
    y: np.ndarray
    groups: np.ndarray | None
    splits: list
    labels: np.ndarray
    is_ordered: bool = field(default=False, kw_only=True)
    threads_per_fit: int = field(default=1, kw_only=True)


def predict_folds(
    estimators,
    data,
    *,
    scorer=None,
    error_score="raise",
    n_jobs=None,
    verbose=0,
    store=None,
    prepare=None,
):
    """Fit a clone of every model on every fold, and predict the test sides.

    Parameters
    ----------
    estimators : list of (str, classifier)
        Models with distinct names.

    data : CheckedData

    scorer : callable, default=None
        Called with the fitted clone and the test side; returns a dict.

    error_score : "raise" or float, default="raise"
        With a number, a fold on which a model fails has a warning instead of
        predictions.

    n_jobs : int, default=None
        Number of fits that run at once, as of `count_jobs`.

    verbose : int, default=0
        Whether to show a progress bar.

    store : str or Path, default=None
        Folder of the :class:`StudyStore`, from which results are read and in which
        they are stored.

    prepare : dict of str to callable or None, default=None
        For each model, the function that gives caches to a clone. If None, caches are
        made for these folds.

    Returns
    -------
    results : dict of str to list of dict
        For each model, the results of :func:`fit_fold` on every fold.

    Raises
    ------
    ValueError
        If every fit fails.
    """
    if active_cluster() is None:  # which runs as many fits as its workers have threads
        n_jobs = count_jobs(n_jobs, data.threads_per_fit)
        _warn_of_shared_gpu(estimators, n_jobs)
    options = {"scorer": scorer, "error_score": error_score}
    fits = StudyFits(estimators, data, options, store)
    caches = nullcontext(prepare)
    if not prepare:
        caches = preparing(estimators, fits.store, data.threads_per_fit)
    with (
        fits.noting_interrupts(),
        caches as prepare,
        tqdm(total=len(fits), initial=len(fits.results), disable=not verbose) as bar,
    ):
        # At first without the folds that other processes are computing.
        for wait in (False, True):
            _run(fits, prepare, wait, n_jobs, bar)
    results = fits.by_model()
    _report_errors(results)
    return results


def _run(fits, prepare, wait, n_jobs, bar):
    """Run the fits that are missing, and add each result when it is known."""
    runs = fits.missing()
    jobs = [fits.job(*run, prepare=prepare[run[0]], wait=wait) for run in runs]
    if not jobs:
        return
    # Closed, which ends the workers, before their caches are removed.
    with closing(_results(fits, jobs, n_jobs, is_last=wait)) as results:
        for number, result in results:
            bar.set_description(runs[number][0])
            fits.add(*runs[number], result)
            bar.update(len(fits.results) - bar.n)
            free_memory()


def _results(fits, jobs, n_jobs, *, is_last):
    """Yield the number and the result of each job."""
    cluster = active_cluster()
    if cluster is not None:
        options = {"error_score": fits.options["error_score"], "alone": is_last}
        yield from run_on_cluster(cluster, jobs, fits.data, **options)
        return
    with closing(Parallel(n_jobs=n_jobs, return_as="generator")(jobs)) as results:
        yield from enumerate(results)


def _warn_of_shared_gpu(estimators, n_jobs):
    torch = sys.modules.get("torch")
    if torch is None or effective_n_jobs(n_jobs) == 1 or torch.cuda.device_count() != 1:
        return
    devices = [
        value
        for _, estimator in estimators
        for name, value in estimator.get_params().items()
        if name.rpartition("__")[2] == "device"
    ]
    if any(device == "auto" or str(device).startswith("cuda") for device in devices):
        warn_user(
            f"n_jobs={n_jobs!r} lets several processes share one CUDA device: they "
            "slow each other down, and may run out of its memory. Set n_jobs=1, or "
            "device='cpu'.",
            RuntimeWarning,
        )


def _report_errors(results):
    errors = [
        (name, fold, result["error"])
        for name, folds in results.items()
        for fold, result in enumerate(folds)
        if "error" in result
    ]
    if errors and len(errors) == sum(map(len, results.values())):
        raise ValueError(
            f"All {len(errors)} fits failed. Set error_score='raise' to debug. The "
            f"first error was:\n{errors[0][2]}"
        )
    for name, fold, error in errors:
        warn_user(
            f"The model {name!r} failed on fold {fold} and is not scored there. Set "
            f"error_score='raise' to debug. The error was:\n{error}",
            FitFailedWarning,
        )
