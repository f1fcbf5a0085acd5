"""Whether the probabilities are frequencies, and what they are worth."""

from functools import partial

from ..metrics import calibration_summary
from ..model_selection._plot._curves import group_codes
from ..model_selection._plot._probabilities import predicted_probabilities
from ..model_selection._tables import ALL
from ._figures import draw
from ._results import estimate_cells
from ._section import Section, Table, Text

__all__ = ["calibration_section"]


def calibration_section(study):
    """Return the section of the calibration, or None without probabilities.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section or None
    """
    comparison = study.comparison
    if len(comparison.labels) != 2:
        return None
    parts = []
    for data in study.data_sets:
        known = comparison._has_probabilities
        models = [name for name in study.scored_models(data) if known[name]]
        if models:
            options = {"data": data, "models": models}
            parts += [
                _table(comparison, options),
                *_draw(comparison, options),
            ]
    if not parts:
        return None
    text = Text(
        "The share of positive images among those with a similar predicted "
        "probability. Probabilities of a model that was fitted on balanced classes are "
        "too high where the positive class is rare: their intercept is below 0. A "
        "slope below 1 belongs to probabilities that are too extreme. Decision curves "
        "show the net benefit of acting at a threshold probability: a model is useful "
        "where it is above both acting always and acting never."
    )
    return Section("calibration", "Calibration", [text, *parts])


def _table(comparison, options):
    tables = predicted_probabilities(
        comparison, **options, modality=ALL, what="calibration"
    )
    summaries = {
        model: calibration_summary(
            table["is_positive"], table["y_score"], groups=group_codes(table)
        )
        for model, table in tables.items()
    }
    rows = [
        [model, *estimate_cells(summary.to_numpy())]
        for model, summary in summaries.items()
    ]
    measures = next(iter(summaries.values())).index
    return Table(f"Calibration, {options['data']}", ["model", *measures], rows)


def _draw(comparison, options):
    """Draw the reliability and the decision curves."""
    kinds = {"calibration": "Reliability", "decision_curve": "Decision"}
    return [
        draw(
            f"{name} curves, {options['data']}",
            partial(comparison.plot, kind, **options),
        )
        for kind, name in kinds.items()
    ]
