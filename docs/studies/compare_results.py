"""Compare the results tables with those of another revision, cell by cell.

Run in a clone of the repository::

    python docs/studies/compare_results.py REVISION

It prints, for each table of ``docs/studies/results``, the cells that differ by more
than one unit of their last digit, and the rows and columns that only one of the two
tables has. A row is known by its first cells, as many as make it unique.
"""

import argparse
import re
import subprocess
from io import StringIO

import pandas as pd
from record import FOLDER, RESULTS

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("revision", help="commit, branch or tag")
    revision = parser.parse_args().revision
    before, after = read_revision(revision), read_folder()
    for name in sorted(before.keys() | after.keys()):
        if name not in after or name not in before:
            where = "here" if name in after else f"at {revision}"
            print(f"{name}: only {where}")
            continue
        lines = compare(before[name], after[name])
        n_cells = after[name].size
        print(f"{name}: {len(lines)} differences in {n_cells} cells")
        for line in lines:
            print(f"  {line}")


def read_revision(revision):
    """Tables of a revision, by name; every cell is a text."""

    def git(*arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=FOLDER, capture_output=True, text=True, check=True
        )
        return done.stdout

    names = git("ls-tree", "--name-only", revision, "results/").split()
    return {
        name.removeprefix("results/").removesuffix(".csv"): read(
            StringIO(git("show", f"{revision}:./{name}"))
        )
        for name in names
        if name.endswith(".csv")
    }


def read_folder():
    """Tables of the working tree, by name."""
    return {path.stem: read(path) for path in RESULTS.glob("*.csv")}


def read(file):
    return pd.read_csv(file, dtype=str, keep_default_na=False)


def compare(before, after):
    """Yield a line for each cell, row and column that differs."""
    columns = [column for column in before if column in after]
    lines = [f"column {c!r} is gone" for c in before if c not in after]
    lines += [f"column {c!r} is new" for c in after if c not in before]
    key = find_key(before, after, columns)
    before, after = before.set_index(key), after.set_index(key)
    lines += [f"row {row} is gone" for row in before.index.difference(after.index)]
    lines += [f"row {row} is new" for row in after.index.difference(before.index)]
    for row in before.index.intersection(after.index, sort=False):
        for column in columns[len(key) :]:
            cells = before.loc[row, column], after.loc[row, column]
            if not is_alike(*cells):
                lines.append(f"{row} {column}: {cells[0]} -> {cells[1]}")
    return lines


def find_key(before, after, columns):
    """The first columns, as many as name each row of both tables once."""
    for n in range(1, len(columns) + 1):
        key = columns[:n]
        if not any(table.duplicated(key).any() for table in (before, after)):
            return key
    raise ValueError("Expected rows that differ. Got two that are the same.")


def is_alike(before, after):
    """Whether two texts are the same but for the last digit of their numbers."""
    if NUMBER.sub("#", before) != NUMBER.sub("#", after):
        return False
    return all(
        abs(float(old) - float(new)) <= 1.001 * max(unit(old), unit(new))
        for old, new in zip(NUMBER.findall(before), NUMBER.findall(after), strict=True)
    )


def unit(number):
    """One unit of the last digit; of a whole number, none."""
    decimals = len(number.partition(".")[2])
    return 10.0**-decimals if decimals else 0


if __name__ == "__main__":
    main()
