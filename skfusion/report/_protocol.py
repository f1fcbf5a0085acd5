"""How the numbers were computed, and the audit of the data."""

from markupsafe import Markup

from .._validation._columns import GROUP, MODALITY
from ..model_selection._comparison_blocks import describe_folds
from ..model_selection._tables import ALL
from ._parameters import list_seeds
from ._section import Html, Section, Table, Text
from ._study import name_classes

__all__ = ["audit_section", "protocol_section", "warnings_section"]


def protocol_section(study):
    """Return the section of the protocol.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section
    """
    comparison = study.comparison
    origin = comparison._origin
    folds = comparison.folds[comparison.folds[MODALITY] == ALL]
    seconds = folds[["fit_time", "score_time"]].sum()
    n_failed = int(folds["fit_time"].isna().sum())
    groups = "no groups were known: every row counts as a patient of its own"
    if GROUP in study.rows:
        groups = f"{study.rows[GROUP].nunique():,}; none is on both sides of a fold"
        if _count_crossing(study):
            groups = f"{study.rows[GROUP].nunique():,}, some on both sides of a fold"
    rows = [
        ["cross-validation", study.hide(origin.get("cv", "not known"))],
        ["folds", describe_folds(comparison)],
        ["groups, usually patients", groups],
        ["classes", ", ".join(name_classes(comparison.labels))],
        ["fits", f"{len(folds):,}, of which {n_failed:,} failed"],
        ["time of all fits", f"{seconds['fit_time']:,.1f} s"],
        ["time of all predictions", f"{seconds['score_time']:,.1f} s"],
        ["threads of a fit", str(int(comparison.folds["threads"].iloc[0]))],
        ["machine", origin.get("machine", "not known")],
        ["intervals", "95 %, score intervals with the variance of a group bootstrap"],
    ]
    table = Table("How the study was computed", ["what", "value"], rows, None)
    return Section("protocol", "Protocol", [table, *_seeds(study)])


def _count_crossing(study):
    rows = study.rows.set_index("row")[GROUP]
    sides = (
        [set(rows.reindex(side).dropna()) for side in split]
        for split in study.comparison.splits
    )
    return sum(len(train & test) for train, test in sides)


def _seeds(study):
    rows = [
        [model, name, study.hide(seed)]
        for model, estimator in study.comparison._estimators.items()
        for name, seed in list_seeds(estimator).items()
    ]
    if not rows:
        return []
    note = "A model that draws random numbers with a seed of None differs in every fit."
    head = ["model", "parameter", "seed"]
    return [Table("Seeds of the models", head, rows, None), Text(note)]


def audit_section(study):
    """Return the section of the audit, or None without one.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section or None
    """
    if study.audit is None:
        return None
    return Section("audit", "Audit", [Html(Markup(study.audit._repr_html_()))])


def warnings_section(study, texts):
    """Return the section of the warnings that the page gave, or None without any.

    Parameters
    ----------
    study : Study

    texts : list of str

    Returns
    -------
    section : Section or None
    """
    if not texts:
        return None
    parts = [Text(study.hide(text)) for text in dict.fromkeys(texts)]
    return Section("warnings", "Warnings", parts)
