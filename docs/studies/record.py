"""Write the results of a study with their command, commit and machine."""

import json
import os
import platform
import subprocess
from pathlib import Path

import pandas as pd
import torch

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
RUNS = FOLDER / "runs"


def write_results(name, table, *, title, command, note="", commit=None):
    """Write a table and its origin, for the page that shows it."""
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / f"{name}.csv", index=False)
    origin = {
        "title": title,
        "command": command,
        "commit": commit or current_commit(),
        "machine": describe_machine(),
        "note": note,
    }
    text = json.dumps(origin, indent=2) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")


def read_runs(name):
    """Return all runs of a study in one table, and their commits."""
    paths = sorted(RUNS.glob(f"{name}_*.csv"))
    table = pd.concat(
        [pd.read_csv(path, dtype={"commit": str}) for path in paths], ignore_index=True
    )
    return table.drop(columns="commit"), " and ".join(sorted(set(table["commit"])))


def current_commit():
    """Return the short hash of the commit, and whether code differs from it."""

    def git(*arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=FOLDER, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "../../skfusion", "*.py")
    return git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")


def describe_machine():
    """Return processor, cores and versions, but no name of the machine."""
    devices = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return ", ".join(
        [
            f"{os.cpu_count()} {platform.machine()} cores",
            *devices,
            f"Python {platform.python_version()}",
            f"torch {torch.__version__}",
        ]
    )
