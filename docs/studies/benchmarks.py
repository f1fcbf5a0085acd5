"""Run the benchmarks and write their ratios.

On a machine that does nothing else::

    python docs/studies/benchmarks.py

It runs ``pytest -m benchmark tests/benchmarks`` and writes what each measured, met or
missed, to ``docs/studies/results/benchmarks.csv``.
"""

import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
from record import current_commit, write_results

ROOT = Path(__file__).parents[2]
COLUMNS = ["what", "median", "spread", "bound"]


def main():
    commit = current_commit()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        run_benchmarks(report)
        table = pd.DataFrame(read_rows(report), columns=[*COLUMNS, "met"])
    write_results(
        "benchmarks",
        table,
        title="Benchmarks: ratios of two things timed in turn in one run",
        command="python docs/studies/benchmarks.py",
        commit=commit,
        note=f"Median of five with the smallest and the largest. {date.today()}.",
    )
    print(table.to_string(index=False))


def run_benchmarks(report):
    """Run them all, whatever fails: a bound that is missed is written down, too."""
    options = ["-m", "benchmark", "-s", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *options, "tests/benchmarks"]
    subprocess.run(command, cwd=ROOT, check=False)


def read_rows(report):
    """One row a benchmark that measured something."""
    for case in ElementTree.parse(report).iter("testcase"):
        found = {p.get("name"): p.get("value") for p in case.iter("property")}
        if "median" in found:
            met = "no" if case.find("failure") is not None else "yes"
            yield [*(found[column] for column in COLUMNS), met]


if __name__ == "__main__":
    main()
