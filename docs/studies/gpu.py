"""Run the tests and the benchmarks that need a GPU, and write what they found.

On a machine with an NVIDIA GPU that does nothing else::

    python docs/studies/gpu.py

It runs ``pytest -m "gpu and not benchmark"`` and ``pytest -m "gpu and benchmark"``, and
writes the number of tests that passed and the ratio of each benchmark, met or missed,
to ``docs/studies/results/gpu.csv``. It takes a few minutes and needs no network. In a
copy without the repository, ``--commit`` passes the commit.
"""

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import torch
from benchmarks import COLUMNS, outcome, read_rows, run_tests
from record import current_commit, write_results


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--commit", help="commit of a copy without the repository")
    commit = parser.parse_args().commit or current_commit()
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA device that torch can use.")
    with tempfile.TemporaryDirectory() as folder:
        tests, benchmarks = Path(folder, "tests.xml"), Path(folder, "benchmarks.xml")
        run_tests(tests, "gpu and not benchmark", "tests")
        run_tests(benchmarks, "gpu and benchmark", "tests/benchmarks")
        rows = [count_passed(tests), *read_rows(benchmarks)]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "met"])
    write_results(
        "gpu",
        table,
        title="On a GPU: tests, and ratios of two measurements that alternate",
        command="python docs/studies/gpu.py",
        commit=commit,
        note=f"Medians of n, with the smallest and the largest. {date.today()}.",
    )
    print(table.to_string(index=False))


def count_passed(report):
    """One row for all tests: how many passed, of how many."""
    outcomes = [outcome(case) for case in ElementTree.parse(report).iter("testcase")]
    n, n_passed = len(outcomes), outcomes.count("yes")
    what, bound = "Tests that pass on a GPU", f"= {n}"
    return [what, n_passed, "", n, bound, "yes" if n_passed == n else "no"]


if __name__ == "__main__":
    main()
