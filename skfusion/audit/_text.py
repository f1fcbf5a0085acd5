"""An audit as text of 80 columns."""

import textwrap

import numpy as np

from ._finding import KINDS
from ._probes import LEAST_AREA

__all__ = [
    "ABOUT_PROBES",
    "SEVERITIES",
    "describe_families",
    "headline",
    "shown_probes",
    "text_of",
]

SEVERITIES = {"error": "errors", "warning": "warnings", "note": "notes"}
_WIDTH = 80
_MOST_PROBES = 20  # lines

#: What the numbers of the probes are.
ABOUT_PROBES = (
    "How well the label is predicted by what should not predict it: area under the ROC "
    "curve in grouped folds, with its interval (95 % for all probes together). An "
    "asterisk marks a flagged probe: the interval lies above 0.5, and the area is "
    f"{LEAST_AREA} or more."
)


def text_of(audit):
    """Return the findings and the probes of an audit.

    Parameters
    ----------
    audit : DatasetAudit

    Returns
    -------
    text : str
        Its lines have at most 80 characters.
    """
    lines = textwrap.wrap(headline(audit), _WIDTH)
    summary = audit.summary
    if len(audit.findings):
        lines += ["", f"{'images':>28}{'share':>7}"]
    for severity, title in SEVERITIES.items():
        rows = summary[summary["severity"] == severity]
        lines += [title] if len(rows) else []
        lines += [
            _line(*row) for row in rows[["kind", "n", "share"]].itertuples(index=False)
        ]
    families = describe_families(audit)
    lines += ["", *textwrap.wrap(families, _WIDTH)] if families else []
    if audit.probes is not None:
        lines += ["", *_probe_lines(audit.probes)]
    return "\n".join(line.rstrip() for line in lines)


def headline(audit):
    """Return the numbers of images and of kinds of findings, as one sentence."""
    severity = audit.summary["severity"]
    counts = [
        f"{title} of {(severity == name).sum()}" for name, title in SEVERITIES.items()
    ]
    noun = "kind" if counts[0].endswith(" 1") else "kinds"
    counts[0] += f" {noun}"
    found = ", ".join(counts) if len(audit.findings) else "nothing found"
    images = "image" if audit.n_images == 1 else "images"
    return f"Audit of {audit.n_images:,} {images}: {found}."


def describe_families(audit):
    """Return the number of families of duplicates, or an empty text."""
    sizes = np.bincount(audit.families)
    n_families, n_images = (sizes > 1).sum(), sizes[sizes > 1].sum()
    if not n_families:
        return ""
    noun = "family" if n_families == 1 else "families"
    return f"{n_families:,} {noun} of duplicates with {n_images:,} images."


def _line(kind, n, share):
    return f"  {kind:<18}{n:>8,}{share:>7.1%}".replace("%", " %") + f"  {KINDS[kind]}"


def shown_probes(probes):
    """Return the probes with a value, the highest first, and the number of all others.

    Parameters
    ----------
    probes : DataFrame

    Returns
    -------
    shown : DataFrame

    n_others : int
    """
    shown = probes[probes["auc"].notna()]
    shown = shown.sort_values("auc", ascending=False, kind="stable").head(_MOST_PROBES)
    return shown, len(probes) - len(shown)


def _probe_lines(probes):
    shown, n_others = shown_probes(probes)
    lines = textwrap.wrap(ABOUT_PROBES, _WIDTH)
    for probe in shown.itertuples():
        name = textwrap.shorten(probe.probe, 40, placeholder="...")
        mark = " *" if probe.flagged else ""
        numbers = f"{probe.auc:.2f} [{probe.low:.2f}, {probe.high:.2f}]{mark}"
        lines.append(f"  {name:<42}{numbers}")
    if n_others:
        lines.append(f"  Without a value, or not shown: {n_others} (see .probes).")
    return lines + _explain(shown[shown["flagged"].astype(bool)])


def _explain(flagged):
    """Return what the flagged probes mean; columns have one note together."""
    lines = [""] if len(flagged) else []
    for note, probes in flagged.groupby("note", sort=False)["probe"]:
        names = textwrap.shorten(", ".join(probes), 200, placeholder=" ...")
        lines += textwrap.wrap(f"* {names}: {note}", _WIDTH, subsequent_indent="  ")
    return lines
