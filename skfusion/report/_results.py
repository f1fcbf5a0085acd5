"""Estimates, tests of differences and scores of the folds."""

from .._validation._columns import MODALITY
from ..metrics._measures import BINARY_MEASURES, MULTICLASS_MEASURES
from ..model_selection._comparison_blocks import (
    find_blocks,
    format_interval,
    format_number,
)
from ..model_selection._tables import ALL
from ..model_selection._target import parse_target
from ._figures import draw
from ._section import Section, Table, Text, two_lines

__all__ = ["estimate_cells", "results_section"]


def results_section(study):
    """Return the section of all measures.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section
    """
    comparison = study.comparison
    over = "groups" if "group" in comparison.predictions else "images"
    parts = [
        Text(
            "Estimates from the pooled predictions of all folds, and below them 95 % "
            f"intervals by resampling {over}. PPV and NPV are those at the prevalence "
            "of these images, which need not be that of a clinic. The AUC compares "
            "scores of one fold only, because each fold has its own model."
        ),
        *_summary_tables(comparison),
        draw(
            "Kappa of each model with its 95 % interval",
            lambda: comparison.plot("forest"),
        ),
        *_at_operating_point(study),
        *_test_tables(study),
        _fold_table(comparison),
        draw("Kappa of each fold", lambda: comparison.plot("folds")),
        *_curves(study),
    ]
    return Section("results", "Results", parts)


def estimate_cells(rows):
    """Return a cell for each estimate and its interval.

    Parameters
    ----------
    rows : iterable of (float, float, float)
        Estimate, lower and upper bound.

    Returns
    -------
    cells : list of Markup
    """
    return [
        two_lines(format_number(estimate), format_interval(*bounds))
        for estimate, *bounds in rows
    ]


def _at_operating_point(study):
    if study.at is None:
        return []
    comparison, target = study.comparison, parse_target(study.at, "at")
    text = Text(
        f"At {target}: the threshold of each fold is learnt in inner folds of its "
        "training part, which no group crosses, and that of an external data set from "
        "the cross-validation. The other tables have the classes of predict."
    )
    summary = comparison.summary(at=study.at)
    return [text, *_summary_tables(comparison, summary, f"At {target}, ")]


def _summary_tables(comparison, summary=None, start=""):
    is_binary = len(comparison.labels) == 2
    measures = tuple(BINARY_MEASURES if is_binary else MULTICLASS_MEASURES)
    return [
        Table(
            start + block.title,
            ["model", *block.measures],
            [
                [two_lines(name, note), *estimate_cells(values.values())]
                for name, note, values in block.rows
            ],
        )
        for block in find_blocks(comparison, measures, summary)
    ]


def _test_tables(study):
    """Paired tests of every pair of models, of kappa and of the AUC."""
    tables = []
    for data in study.data_sets:
        table = study.predictions_of(data)
        if table["model"].nunique() < 2:
            continue
        tables.append(_test_table(study, data, "kappa", "bootstrap"))
        if len(study.comparison.labels) == 2 and study.scored_models(data)[1:]:
            tables.append(_test_table(study, data, "AUC", "delong"))
    return tables


def _test_table(study, data, measure, method):
    tests = study.comparison.tests(measure, method, data=data)
    rows = [
        [
            f"{test.model} - {test.reference}",
            *estimate_cells([(test.difference, test.lower, test.upper)]),
            _format_p(test.p),
            _format_p(test.p_holm),
            str(test.n_groups),
        ]
        for test in tests.itertuples()
    ]
    name = {"bootstrap": "paired bootstrap", "delong": "DeLong's test"}[method]
    caption = f"Differences of {measure}, {data}: {name}"
    head = ["models", "difference", "p", "p (Holm)", "groups"]
    return Table(caption, head, rows)


def _format_p(p):
    if p != p:
        return "-"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _fold_table(comparison):
    folds = comparison.folds[comparison.folds[MODALITY] == ALL]
    scores = [name for name in folds if name.startswith("test_")]
    columns = ["kappa", "accuracy", *scores]
    rows = [
        [
            model,
            str(fold),
            f"{part['n'].iloc[0]:,}",
            *(format_number(part[name].iloc[0]) for name in columns),
        ]
        for (model, fold), part in folds.groupby(["model", "fold"], sort=False)
    ]
    head = ["model", "fold", "images", *(n.removeprefix("test_") for n in columns)]
    return Table("Scores of each fold", head, rows, is_folded=True)


def _curves(study):
    """ROC and precision-recall curves of each data set, confusion and training."""
    comparison, figures = study.comparison, []
    for data in study.data_sets:
        models = study.scored_models(data)
        if len(comparison.labels) == 2 and models:
            options = {"data": data, "models": models}
            figures += [
                draw(f"ROC curves, {data}", _plot(comparison, "roc", options)),
                draw(
                    f"Precision-recall curves, {data}",
                    _plot(comparison, "precision_recall", options),
                ),
            ]
        models = study.predictions_of(data)["model"].unique().tolist()
        options = {"data": data, "models": models}
        caption = f"Confusion matrices, {data}"
        figures.append(draw(caption, _plot(comparison, "confusion", options)))
    if len(comparison.training):
        caption = "Losses of the networks during training"
        models = comparison.training["model"].unique().tolist()
        figures.append(draw(caption, _plot(comparison, "training", {"models": models})))
    return figures


def _plot(comparison, kind, options):
    return lambda: comparison.plot(kind, **options)
