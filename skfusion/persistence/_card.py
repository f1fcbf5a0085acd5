"""The model card of a model file, in Markdown."""

from ._licences import terms_of_data, terms_of_weights

__all__ = ["write_card"]

_WHOSE = {
    True: "fits on the folds; this model is one more fit.",
    False: "**other models: the comparison does not contain this one.**",
    None: "the models of a comparison that was pickled, and may not contain this one.",
}
_LIMITS = (
    "It has not been evaluated for the care of patients.",
    "It was trained on images of some hospitals and devices. On others it is usually "
    "worse: evaluate it there before any use.",
    "Where the prevalence is another one, its probabilities and its predictive "
    "values do not hold.",
    "It gives an answer for any image, also for one that is no breast image.",
)
_CROSSING = {
    None: "Groups, such as patients, were not known.",
    False: "No group, such as a patient, is on both sides of a fold.",
    True: "**Groups, such as patients, are on both sides of folds: the results are too "
    "good.**",
}


def write_card(about):
    """Write the model card.

    Parameters
    ----------
    about : dict
        As :func:`about_model` returns it.

    Returns
    -------
    card : str
        Markdown.
    """
    sections = [
        f"# Model card: {about['estimator']}",
        "**Not for clinical use.** This is a model for research.",
        _section("Model", _model(about)),
        _section("Trained on", _data(about["data"])),
        _section("Split", _split(about)),
        _section("Results", _results(about)),
        _section("Limits", [f"- {limit}" for limit in _LIMITS]),
        _section("Licences", _licences(about)),
        _section("Versions", _versions(about)),
    ]
    return "\n\n".join(sections) + "\n"


def _section(title, lines):
    return "\n".join([f"## {title}", "", *lines])


def _model(about):
    lines = [f"Classes: {', '.join(map(str, about['classes'])) or 'none'}."]
    if about["threshold"] is not None:
        lines.append(f"Threshold of the positive class: {about['threshold']:.6g}.")
    for step in about["preprocessing"]:
        values = (f"{k}={v!r}" for k, v in step.items() if k != "estimator")
        lines.append(f"- {step['estimator']}: {', '.join(values)}")
    return [*lines, "", "```", about["parameters"], "```"]


def _data(data):
    if data is None:
        return ["Not stated: the model was saved without a comparison."]
    header = ["images", "groups", *map(str, data["classes"]), "prevalence"]
    rows = [
        [
            name,
            counts["images"],
            counts.get("groups", ""),
            *counts["by_class"],
            f"{counts['prevalence']:.3f}" if "prevalence" in counts else "",
        ]
        for name, counts in data["counts"].items()
    ]
    digest = data["digest"] or "not known, because the comparison was pickled"
    return [*_table(["modality", *header], rows), "", f"Digest of the data: {digest}."]


def _split(about):
    if about["split"] is None:
        return ["Not stated."]
    crossing = _CROSSING[about["groups_cross"]]
    whose = _WHOSE[about["in_comparison"]]
    return [f"{about['split']}. {crossing} The results are those of {whose}"]


def _results(about):
    if not about["results"]:
        return ["None: the model was saved without a comparison."]
    rows = [
        [
            *(row[k] for k in ("model", "data", "modality", "measure")),
            f"{_number(row['estimate'])} [{_number(row['lower'])}, "
            f"{_number(row['upper'])}]",
        ]
        for row in about["results"]
    ]
    header = ["model", "data", "modality", "measure", "estimate [95 % interval]"]
    return _table(header, rows)


def _licences(about):
    lines = []
    for name in (about["data"] or {}).get("datasets", []):
        lines.append(f"- Data {name}: {terms_of_data(name)}")
    for step in about["preprocessing"]:
        name = step.get("backbone", step.get("branch", "cnn17"))
        terms = terms_of_weights(name, step.get("weights"))
        lines.append(f"- Weights of {name}: {terms}")
    return list(dict.fromkeys(lines)) or ["Not stated."]


def _versions(about):
    versions = {"skfusion": about["skfusion"], **about["versions"]}
    return [", ".join(f"{name} {number}" for name, number in versions.items()) + "."]


def _number(value):
    return "-" if value is None else f"{value:.3f}"


def _table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(map(_cell, line)) + " |" for line in lines]


def _cell(value):
    return str(value).replace("|", "\\|").replace("\n", " ")
