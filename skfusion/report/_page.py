"""A comparison as one page of HTML that needs nothing else."""

import warnings
from numbers import Integral
from pathlib import Path

import jinja2

from .._validation._columns import DATASET
from ..exceptions import DataQualityWarning, warn_user
from ..model_selection._comparison_blocks import caption_of
from ._calibration import calibration_section
from ._checklists import checklists_section
from ._flow import flow_section
from ._maps import maps_section
from ._mistakes import mistakes_section
from ._models import models_section
from ._protocol import audit_section, protocol_section, warnings_section
from ._results import results_section
from ._splits import splits_section
from ._study import Study
from ._subgroups import subgroups_section

__all__ = ["write_page"]

# A function of the study, which returns a section or None, for each section in order.
_SECTIONS = [
    flow_section,
    splits_section,
    models_section,
    results_section,
    calibration_section,
    subgroups_section,
    mistakes_section,
    maps_section,
    audit_section,
    protocol_section,
]


def write_page(comparison, path, *, images, audit, excluded, subgroups, saliency, at):
    """Write a comparison as one page of HTML.

    Parameters
    ----------
    comparison : ModelComparison

    path : str or Path
        File to write.

    images : bool
        Whether images of patients are shown.

    audit : DatasetAudit or None

    excluded : dict of str to int or None
        Number of images that were left out before the study, by the reason.

    subgroups : list of str, Series or array-like
        Parts of the rows, as of ``comparison.summary(by=...)``.

    saliency : callable or None
        Function of a model and X, whose maps are drawn over the mistakes.

    at : str or None
        Operating point, as of ``comparison.summary(at=...)``.

    Returns
    -------
    path : Path
    """
    excluded = _check_excluded(excluded)
    _check_audit(audit)
    _check_saliency(saliency, images)
    path = _check_folder(Path(path))
    study = Study(comparison, images, audit, excluded, list(subgroups), saliency, at)
    sections = _make_sections(study)
    html = (
        _environment()
        .get_template("page.html")
        .render(title=caption_of(comparison), models=study.models, sections=sections)
    )
    path.write_text(html, encoding="utf-8", newline="\n")
    return path


def _make_sections(study):
    """Return all sections; warnings of the data stand on the page."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sections = [make(study) for make in _SECTIONS]
    is_of_data = [issubclass(w.category, DataQualityWarning) for w in caught]
    for warning, is_shown in zip(caught, is_of_data, strict=True):
        if not is_shown:
            warn_user(str(warning.message), warning.category)
    texts = [
        str(w.message) for w, shown in zip(caught, is_of_data, strict=True) if shown
    ]
    sections = [each for each in [*sections, warnings_section(study, texts)] if each]
    return [*sections, checklists_section(_name_answers(study, sections))]


def _name_answers(study, sections):
    """Return the section that answers an item, by what the item asks for."""
    by_name = {section.anchor: section for section in sections}
    if study.comparison.externals:
        by_name |= {"external": by_name["results"], "external_flow": by_name["flow"]}
    if study.at is not None:
        by_name["operating_point"] = by_name["results"]
    rows = study.rows
    if DATASET in study.parts_of(rows) and rows[DATASET].nunique() > 1:
        by_name["clusters"] = by_name["subgroups"]
    return by_name


def _environment():
    return jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _check_folder(path):
    """Raise an error before the page is computed, rather than after it."""
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"Expected the folder of path to exist. Got {str(path)!r}: make it first."
        )
    return path


def _check_excluded(excluded):
    if excluded is None:
        return {}
    is_count = isinstance(excluded, dict) and all(
        isinstance(why, str)
        and isinstance(n, Integral)
        and not isinstance(n, bool)
        and n >= 0
        for why, n in excluded.items()
    )
    if not is_count:
        raise ValueError(
            "Expected excluded to be a dict from a reason to the number of images that "
            f"were left out for it, such as {{'no label': 12}}. Got {excluded!r}."
        )
    return excluded


def _check_saliency(saliency, images):
    if saliency is not None and not images:
        raise ValueError(
            "Expected images=True, since maps are drawn over the images. Got "
            "images=False and a saliency: images of patients are shown only if they "
            "are wanted."
        )


def _check_audit(audit):
    if audit is None:
        return
    from ..audit import DatasetAudit

    if not isinstance(audit, DatasetAudit):
        raise TypeError(
            "Expected audit to be what audit_dataset returns, a DatasetAudit. Got "
            f"{type(audit).__name__}."
        )
