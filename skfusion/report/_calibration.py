"""Whether the probabilities are frequencies."""

from ._figures import draw
from ._section import Section, Text

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
    figures = []
    for data in study.data_sets:
        known = comparison._has_probabilities
        models = [name for name in study.scored_models(data) if known[name]]
        if models:
            options = {"data": data, "models": models}
            # A table of calibration and decision curves join here, for each data set.
            figures.append(draw(f"Reliability curves, {data}", _plot(study, options)))
    if not figures:
        return None
    text = Text(
        "The share of positive images among those with a similar predicted "
        "probability. Probabilities of a model that was fitted on balanced classes are "
        "too high where the positive class is rare."
    )
    return Section("calibration", "Calibration", [text, *figures])


def _plot(study, options):
    return lambda: study.comparison.plot("calibration", **options)
