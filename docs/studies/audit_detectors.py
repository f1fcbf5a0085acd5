"""Measure the detectors of drawings of the audit on BUS-UCLM, and on other sets.

Run where BUS-UCLM, BUSI and BrEaST-Lesions-USG are::

    python docs/studies/audit_detectors.py FOLDER_OF_DATA

BUS-UCLM states for each image whether it has marks (calipers, frames) or Doppler. The
least number of pixels of each detector is chosen on one half of its patients, by the
greatest sensitivity minus false alarm rate, and reported on the other half, beside the
number that the audit uses. The results go to
``docs/studies/results/audit_detectors.csv``.
"""

import argparse

import numpy as np
import pandas as pd
from record import write_results

from skfusion.audit import _faults
from skfusion.audit._measure import measure_images
from skfusion.audit._overlays import OVERLAY_COLUMNS, count_overlays
from skfusion.datasets import load_breast_lesions_usg, load_bus_uclm, load_busi

DETECTORS = dict(zip(("colour", "marks"), OVERLAY_COLUMNS, strict=True))
TRUTH = {"colour": "Doppler", "marks": "Marks"}
CANDIDATES = range(1, 31)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", help="where the data sets are")
    folder = parser.parse_args().folder
    uclm = load_bus_uclm(folder, normal="benign")
    counts = count(uclm)
    rows = [row for kind in DETECTORS for row in measure(kind, uclm, counts)]
    for load in (load_busi, load_breast_lesions_usg):
        counts = count(load(folder))
        rows += [flagged(kind, counts, load.__name__) for kind in DETECTORS]
    table = pd.DataFrame(rows)
    write_results(
        "audit_detectors",
        table,
        title="Detectors of marks and of colour",
        command="python docs/studies/audit_detectors.py FOLDER_OF_DATA",
        note=(
            "BUS-UCLM: its columns Marks and Doppler are the truth; false alarms are "
            "counted among images with neither of them. The other sets have no such "
            "column: the number of images that are found, whose sheets were looked at."
        ),
    )
    print(table.to_string(index=False))


def count(data):
    """Return the pixels of each image, as the audit counts them."""
    _, measurements = measure_images(data.data)
    shapes = measurements[["height", "width"]].groupby(["height", "width"]).ngroup()
    counts, _ = count_overlays(measurements["cells"], shapes)
    return pd.DataFrame(counts, columns=OVERLAY_COLUMNS)


def measure(kind, uclm, counts):
    """Choose the least number on one half of the patients, and report the other."""
    pixels = counts[DETECTORS[kind]].to_numpy()
    truth = uclm.frame[TRUTH[kind]].to_numpy()
    clean = ~uclm.frame[["Doppler", "Marks"]].any(axis=1).to_numpy()
    patients = np.random.default_rng(0).permutation(np.unique(uclm.groups))
    is_chosen_on = np.isin(uclm.groups, patients[: len(patients) // 2])

    def gain(least):
        found = pixels >= least
        hits, alarms = (found[part & is_chosen_on].mean() for part in (truth, clean))
        return hits - alarms

    chosen = max(CANDIDATES, key=gain)
    for name, least in (("chosen", chosen), ("audit", _faults._LEAST_OVERLAY[kind])):
        found = pixels >= least
        hits, alarms = (found[part & ~is_chosen_on] for part in (truth, clean))
        yield {
            "detector": kind,
            "data": f"BUS-UCLM, other half ({name})",
            "least_pixels": least,
            "found": f"{hits.sum()} of {len(hits)}",
            "sensitivity": f"{hits.mean():.3f}",
            "false_alarms": f"{alarms.sum()} of {len(alarms)}",
        }


def flagged(kind, counts, name):
    least = _faults._LEAST_OVERLAY[kind]
    n_found = (counts[DETECTORS[kind]] >= least).sum()
    return {
        "detector": kind,
        "data": name.removeprefix("load_"),
        "least_pixels": least,
        "found": f"{n_found} of {len(counts)}",
        "sensitivity": "",
        "false_alarms": "",
    }


if __name__ == "__main__":
    main()
