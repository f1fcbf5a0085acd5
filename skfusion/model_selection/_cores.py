"""How many fits run at once on the cores that there are."""

from joblib import cpu_count, effective_n_jobs

from ..exceptions import warn_user

__all__ = ["count_jobs"]


def count_jobs(n_jobs, threads_per_fit):
    """Return the number of fits at once, as joblib takes it.

    Parameters
    ----------
    n_jobs : int or None
        A negative number counts cores back from all of them, as in joblib, and is
        divided by the threads of a fit. Another one is returned as it is.

    threads_per_fit : int

    Returns
    -------
    n_jobs : int or None

    Warns
    -----
    RuntimeWarning
        If the fits have more threads than there are cores.
    """
    if n_jobs is not None and n_jobs < 0:
        n_jobs = max(1, effective_n_jobs(n_jobs) // threads_per_fit)
    n_fits = effective_n_jobs(n_jobs)
    n_cores = max(cpu_count(), effective_n_jobs(-1))  # of a cluster, there are more
    if n_fits * threads_per_fit > n_cores:
        verb = "fits at once need" if n_fits > 1 else "fit needs"
        advice = "n_jobs=-1 for as many fits as there are cores"
        if threads_per_fit > n_cores:  # one fit alone has too many
            advice = f"threads_per_fit to {n_cores} or less"
        warn_user(
            f"With threads_per_fit={threads_per_fit}, {n_fits} {verb} "
            f"{n_fits * threads_per_fit} cores. Got {n_cores}, for which the threads "
            f"compete. Set {advice}.",
            RuntimeWarning,
        )
    return n_jobs
