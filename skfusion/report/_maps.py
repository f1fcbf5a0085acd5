"""Maps of what the models looked at, over the images of their mistakes."""

from ..exceptions import warn_user
from ..model_selection._tables import CROSS_VALIDATION
from ._figures import draw_photo
from ._mistakes import MOST_MISTAKES
from ._section import Figure, Section, Text

__all__ = ["maps_section"]


def maps_section(study):
    """Return the section of the maps, or None if none are wanted.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section or None

    Raises
    ------
    ValueError
        If no model has maps.
    """
    if study.saliency is None:
        return None
    table = study.predictions_of(CROSS_VALIDATION)
    is_wrong = table["y_true"] != table["y_pred"]
    parts = [_draw(study, model) for model in table["model"][is_wrong].unique()]
    if not parts:
        return None
    if not any(isinstance(part, Figure) for part in parts):
        reasons = " ".join(part.text for part in parts)
        raise ValueError(
            "Expected a saliency that returns maps of at least one model. Got an error "
            f"for each of them. {reasons}"
        )
    text = Text(
        "The most confident mistakes, with what raised the score of the class. A "
        "mistake is explained by the model of its fold, which was fitted again. A map "
        "shows where a score comes from, and not that a decision is right."
    )
    return Section("maps", "What the models looked at", [text, *parts])


def _draw(study, model):
    """Draw the maps of a model, or state why it has none."""
    options = {"n": MOST_MISTAKES, "saliency": study.saliency}
    try:
        return draw_photo(
            f"{model}: maps of the most confident mistakes",
            lambda: study.comparison.errors(model, **options),
        )
    except (TypeError, ValueError) as error:
        reason = study.hide(f"No maps of {model}: {error}")
        warn_user(reason, UserWarning)
        return Text(reason)
