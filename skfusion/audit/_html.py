"""An audit as tables of HTML."""

from html import escape

from ._finding import KINDS
from ._text import (
    ABOUT_PROBES,
    SEVERITIES,
    describe_families,
    headline,
    shown_probes,
)

__all__ = ["html_of"]

_LEFT = 'style="text-align: left"'


def html_of(audit):
    """Return a table of the findings and a table of the probes.

    Colours are left to the page, so that they suit a light and a dark notebook.

    Parameters
    ----------
    audit : DatasetAudit

    Returns
    -------
    html : str
        All names are escaped.
    """
    parts = [f"<p><b>{escape(headline(audit))}</b></p>"]
    if len(audit.findings):
        parts.append(_table(["finding", "images", "share", ""], _finding_bodies(audit)))
    if families := describe_families(audit):
        parts.append(f"<p>{escape(families)}</p>")
    if audit.probes is not None:
        parts.append(_probes(audit.probes))
    return "".join(parts)


def _finding_bodies(audit):
    summary = audit.summary
    for severity, title in SEVERITIES.items():
        rows = summary[summary["severity"] == severity]
        if len(rows):
            head = f'<tr><th colspan="4" scope="rowgroup" {_LEFT}>{title}</th></tr>'
            yield head + "".join(
                _row([row.kind, f"{row.n:,}", f"{row.share:.1%}", KINDS[row.kind]])
                for row in rows.itertuples()
            )


def _probes(probes):
    shown, n_others = shown_probes(probes)
    rows = "".join(
        _row(
            [
                f"{probe.probe}{' *' if probe.flagged else ''}",
                f"{probe.auc:.2f}",
                f"{probe.low:.2f}, {probe.high:.2f}",
                probe.note if probe.flagged else "",
            ]
        )
        for probe in shown.itertuples()
    )
    table = _table(["probe", "AUC", "interval", ""], [rows])
    others = f"<p>Without a value, or not shown: {n_others}.</p>" if n_others else ""
    return f"<p>{escape(ABOUT_PROBES)}</p>{table}{others}"


def _table(names, bodies):
    head = "".join(f'<th scope="col" {_LEFT}>{name}</th>' for name in names)
    bodies = "".join(f"<tbody>{body}</tbody>" for body in bodies)
    return f'<table class="dataframe"><thead><tr>{head}</tr></thead>{bodies}</table>'


def _row(cells):
    return "<tr>" + "".join(f"<td {_LEFT}>{escape(c)}</td>" for c in cells) + "</tr>"
