"""All problems of a user's table, raised at once."""

__all__ = ["ROWS_COUNT", "Problems", "name_rows"]

ROWS_COUNT = "from 0, the header not counted"
_N_NAMED = 5


class Problems:
    """Problems of the rows of a table, which are raised together.

    Parameters
    ----------
    name : str
        Name of the table, for the error.
    """

    def __init__(self, name):
        self._name = name
        self._sentences = []

    def add(self, rows, problem, remedy):
        """Note a problem of some rows, if there are any.

        Parameters
        ----------
        rows : sequence of int
            Rows of the table.

        problem : str
            Noun of the problem, which "in row 3" completes.

        remedy : str
            Sentence.
        """
        if len(rows):
            self._sentences.append(f"{problem} in {name_rows(rows)}. {remedy}")

    def note(self, sentences):
        """Note a problem that is not one of single rows.

        Parameters
        ----------
        sentences : str
        """
        self._sentences.append(sentences)

    def raise_all(self):
        """Raise a ValueError that lists every problem that was noted."""
        if self._sentences:
            listed = "\n".join(f"- {sentence}" for sentence in self._sentences)
            raise ValueError(
                f"Expected a readable image, a label and a group in every row of "
                f"{self._name}. Got these problems instead (rows count {ROWS_COUNT}):\n"
                f"{listed}"
            )


def name_rows(rows):
    """Return the first of some rows as text, and the number of the others.

    Parameters
    ----------
    rows : sequence of int
        At least one.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skfusion.datasets._image_table_problems import name_rows
    >>> name_rows([3]), name_rows([3, 8])
    ('row 3', 'rows 3, 8')
    >>> name_rows(range(40))
    'rows 0, 1, 2, 3, 4 and 35 more'
    """
    named = ", ".join(str(row) for row in rows[:_N_NAMED])
    n_more = len(rows) - _N_NAMED
    more = f" and {n_more} more" if n_more > 0 else ""
    return f"row{'s' * (len(rows) > 1)} {named}{more}"
