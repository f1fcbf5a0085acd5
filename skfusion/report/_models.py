"""What each model is."""

from ._parameters import list_parameters
from ._section import Section, Table, Text

__all__ = ["models_section"]


def models_section(study):
    """Return the section of the models and the versions of packages.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section
    """
    estimators = study.comparison._estimators
    if estimators:
        parts = [
            Text(
                "All parameters that can change a prediction. An asterisk marks the "
                "values that are not the defaults. Of paths only the name of a file is "
                "shown."
            )
        ]
        parts += [_table_of(study, *pair) for pair in estimators.items()]
    else:
        names = ", ".join(study.models)
        parts = [
            Text(
                f"Models: {names}. The comparison was pickled or copied, and does not "
                "hold their parameters any more."
            )
        ]
    versions = study.comparison._origin.get("versions", {})
    rows = [[name, version] for name, version in versions.items()]
    parts.append(Table("Versions of packages", ["package", "version"], rows, None))
    return Section("models", "Models", parts)


def _table_of(study, name, model):
    rows = [
        [
            each.step,
            each.name,
            study.hide(each.value) + " *" * each.is_changed,
        ]
        for each in list_parameters(model)
    ]
    caption = f"{name}: {type(model).__name__}"
    return Table(caption, ["step", "parameter", "value"], rows, None, True)
