"""The results of one study under several protocols."""

import pandas as pd

from ._comparison_blocks import format_interval, format_number
from ._protocol_tables import DIFFERENCE, protocol_table
from ._protocols import PROTOCOLS

__all__ = ["ProtocolComparison"]

_CLAIM = ["estimate", "lower", "upper"]
_NOTE = "optimism: difference of kappa from the split by patient; [95 % intervals]"


class ProtocolComparison:
    """What a study would have claimed under each protocol.

    :func:`optimism` returns it. Printed, it shows one row for each protocol. In a
    notebook it is a table of HTML.

    Attributes
    ----------
    summary : DataFrame
        One row for each ``model``, ``protocol`` and ``measure`` of
        :func:`~skfusion.metrics.classification_summary`. ``sound`` is False if the
        protocol lets a patient be on both sides of a split. ``estimate``, ``lower`` and
        ``upper`` (95 %) are what the protocol claims. ``optimism`` is its difference
        from the protocol "by patient", with ``optimism_lower`` and ``optimism_upper``
        (95 %, paired); NaN for "by patient" itself. ``n`` is the number of predictions
        and ``n_groups`` that of the patients.

    predictions : DataFrame
        One row for each ``model``, ``protocol``, ``fold`` and predicted ``row`` of X,
        with ``group`` (a number, not the name) and ``modality`` if it is known,
        ``y_true``, ``y_pred`` and ``y_score``, the score of the positive class. Under
        "balanced first" a row of X occurs once for each of its copies. It holds no
        path.

    labels : ndarray of shape (n_classes,)
        All classes, the positive one of two last.
    """

    def __init__(self, predictions, labels):
        self.predictions = predictions
        self.labels = labels
        self.summary = protocol_table(predictions, labels)

    def plot(self, measure="kappa", *, ax=None):
        """Draw what each protocol claims, with intervals.

        Parameters
        ----------
        measure : str, default="kappa"
            A measure of `summary`.

        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure.

        Returns
        -------
        display : :class:`OptimismDisplay`
        """
        from ._plot._optimism import OptimismDisplay

        return OptimismDisplay.from_comparison(self, measure=measure, ax=ax)

    def __repr__(self):
        return "\n".join(self._lines())

    def _lines(self):
        """Lines of at most 80 columns: a block for each model."""
        n_groups = self.predictions["group"].nunique()
        n_rows = self.predictions["row"].nunique()
        yield f"{n_rows:,} rows of {n_groups:,} patients (groups)"
        wide = self._table().set_index(["model", "protocol"])
        for model, table in wide.groupby("model", sort=False):
            yield f"{model}"
            yield _line("", *["kappa", "optimism", "AUC"])
            for sound in (False, True):
                part = table[table["sound"] == sound].droplevel("model")
                if len(part):
                    yield "sound" if sound else "unsound"
                for protocol, row in part.iterrows():
                    yield _line(f"  {protocol}", *row[["kappa", "optimism", "AUC"]])
        yield _NOTE

    def _repr_html_(self):
        table = self._table()
        table["sound"] = table["sound"].map({True: "yes", False: "no"})
        return f"{table.to_html(index=False)}<p>{_NOTE}</p>"

    def _table(self):
        """One row for each model and protocol; the numbers as text."""
        records = []
        for (model, protocol), part in self.summary.groupby(
            ["model", "protocol"], sort=False
        ):
            part = part.set_index("measure")
            has_area = "AUC" in part.index
            records.append(
                {
                    "model": model,
                    "protocol": protocol,
                    "sound": PROTOCOLS[protocol],
                    "kappa": _text(part.loc["kappa"], _CLAIM),
                    "optimism": _text(part.loc["kappa"], DIFFERENCE, sign="+"),
                    "AUC": _text(part.loc["AUC"], _CLAIM) if has_area else "-",
                }
            )
        return pd.DataFrame.from_records(records)


def _line(name, kappa, optimism, area):
    return f"{name:<16}  {kappa:<20}  {optimism:<20}  {area}".rstrip()


def _text(row, names, sign=""):
    """An estimate with its interval, or a dash where it is not defined."""
    estimate, *bounds = row[names]
    interval = format_interval(*bounds)
    return format_number(estimate, sign) + (f" [{interval}]" if interval else "")
