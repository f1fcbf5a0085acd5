"""A DataFrame that is printed in 80 columns."""

import pandas as pd

__all__ = ["PrintedTable"]

_WIDTH = 80  # characters of a line of a terminal


class PrintedTable(pd.DataFrame):
    """Table that is printed with three decimals and short names of models.

    What is made of it, such as some of its rows, a copy or a pickle, is a plain
    DataFrame. Where 80 characters are too few, some of its columns are not printed.

    Parameters
    ----------
    table : DataFrame

    Examples
    --------
    >>> from skfusion.model_selection._printed_table import PrintedTable
    >>> PrintedTable({"model": ["a"], "estimate": [2 / 3]})
    model  estimate
        a     0.667
    <BLANKLINE>
    [1 rows x 2 columns]
    """

    _less_needed = ("n_groups", "measure")  # in the order in which they are omitted
    _longest = 20  # characters of the name of a model

    @property
    def _constructor(self):
        return pd.DataFrame

    def __reduce__(self):
        return pd.DataFrame, (pd.DataFrame(self),)

    def __repr__(self):
        table = pd.DataFrame(self)
        omitted = []
        text = self._print(table)
        for column in self._less_needed:
            if max(map(len, text.splitlines())) <= _WIDTH:
                break
            omitted.append(column)
            text = self._print(table.drop(columns=omitted))
        size = f"{table.shape[0]} rows x {table.shape[1]} columns"
        note = f"; not shown: {', '.join(omitted)}" if omitted else ""
        return f"{text}\n\n[{size}{note}]"

    def _print(self, table):
        return table.to_string(
            index=False,
            formatters=dict.fromkeys(["model", "reference"], self._shorten),
            float_format="{:.3f}".format,
            max_rows=pd.get_option("display.max_rows"),
            min_rows=pd.get_option("display.min_rows"),
        )

    def _shorten(self, name):
        """Shorten a long name in its middle, because names often begin alike."""
        half = (self._longest - 3) // 2
        is_short = len(name) <= self._longest
        return name if is_short else f"{name[:half]}...{name[-half:]}"
