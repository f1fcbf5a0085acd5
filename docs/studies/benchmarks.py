"""Run the benchmarks and write their ratios.

On a machine that does nothing else::

    python docs/studies/benchmarks.py

It runs ``pytest -m benchmark tests/benchmarks`` and writes the ratio of each, met or
missed, to ``docs/studies/results/benchmarks.csv``. With ``--only EXPRESSION`` it runs
those that pytest's ``-k`` selects, and leaves the other rows as they are.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
from record import RESULTS, current_commit, write_results

ROOT = Path(__file__).parents[2]
COLUMNS = ["what", "median", "spread", "n", "bound"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", help="run some, and keep the rows of the others")
    only = parser.parse_args().only
    commit = current_commit()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        run_tests(report, "benchmark", "tests/benchmarks", only)
        table = pd.DataFrame(read_rows(report), columns=[*COLUMNS, "met"])
    if only:
        table, commit = add_others(table, commit)
    write_results(
        "benchmarks",
        table,
        title="Benchmarks: ratios of two measurements that alternate in one run",
        command="python docs/studies/benchmarks.py",
        commit=commit,
        note=f"Medians of n, with the smallest and the largest. {date.today()}.",
    )
    print(table.to_string(index=False))


def add_others(table, commit):
    """Put the rows of other benchmarks, and their commit, before those of these."""
    others = pd.read_csv(RESULTS / "benchmarks.csv", dtype=str, keep_default_na=False)
    others = others[~others["what"].isin(table["what"])]
    before = json.loads((RESULTS / "benchmarks.json").read_text())["commit"]
    commits = sorted({*before.split(" and "), commit})
    return pd.concat([others, table], ignore_index=True), " and ".join(commits)


def run_tests(report, marker, folder, only=None):
    """Run them, whatever fails: a bound that is missed is written down, too."""
    options = ["-m", marker, "-s", f"--junitxml={report}", "-o", "junit_family=xunit1"]
    options += ["-k", only] if only else []
    command = [sys.executable, "-m", "pytest", *options, folder]
    subprocess.run(command, cwd=ROOT, check=False)


def read_rows(report):
    """One row a benchmark, of those that a machine cannot run, too."""
    for case in ElementTree.parse(report).iter("testcase"):
        found = {p.get("name"): p.get("value") for p in case.iter("property")}
        row = {"what": case.get("name"), **dict.fromkeys(COLUMNS[1:], ""), **found}
        yield [*(row[column] for column in COLUMNS), outcome(case)]


def outcome(case):
    """Whether the bound of a benchmark was met."""
    if case.find("failure") is not None:
        return "no"
    is_missing = any(case.find(kind) is not None for kind in ("skipped", "error"))
    return "not measured" if is_missing else "yes"


if __name__ == "__main__":
    main()
