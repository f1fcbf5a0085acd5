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
    _identify = ()  # columns that are omitted only if they are constant
    _longest, _shortest = 20, 11  # characters of a name

    @property
    def _constructor(self):
        return pd.DataFrame

    def __reduce__(self):
        return pd.DataFrame, (pd.DataFrame(self),)

    def __repr__(self):
        table = pd.DataFrame(self)
        omitted, longest = [], self._longest
        text = self._print(table, longest)
        for column in self._find_less_needed(table):
            if _is_narrow(text):
                break
            omitted.append(column)
            text = self._print(table.drop(columns=omitted), longest)
        while not _is_narrow(text) and longest > self._shortest:
            longest -= 1
            text = self._print(table.drop(columns=omitted), longest)
        size = f"{table.shape[0]} rows x {table.shape[1]} columns"
        note = f"; not shown: {', '.join(omitted)}" if omitted else ""
        return f"{text}\n\n[{size}{note}]"

    def _find_less_needed(self, table):
        """Columns that may be omitted, the constant ones first."""
        columns = [c for c in (*self._less_needed, *self._identify) if c in table]
        constant = [c for c in columns if table[c].nunique(dropna=False) < 2]
        varying = [c for c in self._less_needed if c in table and c not in constant]
        return constant + varying

    def _print(self, table, longest):
        def shorten(name):
            return _shorten(name, longest)

        return table.to_string(
            index=False,
            formatters=dict.fromkeys(["model", "reference", "data"], shorten),
            float_format="{:.3f}".format,
            max_rows=pd.get_option("display.max_rows"),
            min_rows=pd.get_option("display.min_rows"),
        )


def _is_narrow(text):
    return max(map(len, text.splitlines())) <= _WIDTH


def _shorten(name, longest):
    """Shorten a long name in its middle, because names often begin alike."""
    half = (longest - 3) // 2
    return name if len(name) <= longest else f"{name[:half]}...{name[-half:]}"
