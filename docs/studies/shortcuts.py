"""How well the label is predicted by what should not predict it, on real data.

Run where the data sets are::

    python docs/studies/shortcuts.py DATA

It writes ``docs/studies/results/shortcuts.csv``, which
``docs/figures/draw_shortcuts.py`` draws.
"""

import argparse
from pathlib import Path

import pandas as pd
from record import write_results

from skfusion.audit._measure import measure_images
from skfusion.audit._overlays import OVERLAY_COLUMNS, count_overlays
from skfusion.audit._probes import LEAST_AREA, probe_shortcuts
from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_bus_uclm,
    load_busi,
    load_rsna,
)

NOTE = (
    "Area under the ROC curve out of fold, in five folds that no patient or family of "
    "near-duplicates crosses. All intervals of one data set together have a confidence "
    "of 95 % (Bonferroni). A probe is flagged if its interval is above 0.5 and its "
    f"area is {LEAST_AREA} or more, in three draws of the folds, of which the weakest "
    "is shown. 'with normals': normal images belong to the "
    "negative class. The pooled sets are BUSI, BrEaST and BUS-UCLM. Columns and probes "
    "that were left out: "
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    arguments = parser.parse_args()
    tables, left_out = [], []
    sets = load_all(arguments.data)
    images = measure_once([bunch.data for bunch, _ in sets.values()])
    for name, (bunch, frame) in sets.items():
        measurements = add_overlays(images.loc[bunch.data["image"]])
        probes = probe_shortcuts(measurements, frame, bunch.target, bunch.groups)
        is_used = probes["auc"].notna()
        tables.append(describe(probes[is_used], name))
        if not name.endswith("normals") and not is_used.all():
            left_out.append(f"{name}: {describe_left_out(probes[~is_used])}")
        print(tables[-1].to_string(index=False), flush=True)
    write_results(
        "shortcuts",
        pd.concat(tables),
        title="What predicts the label without the lesion",
        command="python docs/studies/shortcuts.py DATA",
        note=NOTE + "; ".join(left_out) + ".",
    )


def load_all(folder):
    """Load each data set, and the columns that are probed."""
    sets = {"RSNA": load_rsna(folder)}
    for end, normal in (("", "drop"), (" with normals", "benign")):
        busi = sets["BUSI" + end] = load_busi(folder, normal=normal)
        breast = load_breast_lesions_usg(folder, normal=normal)
        uclm = sets["BUS-UCLM" + end] = load_bus_uclm(folder, normal=normal)
        if normal == "drop":  # it has four normal images
            sets["BrEaST"] = breast
        sets["pooled ultrasound" + end] = concat_datasets(busi, breast, uclm)
    columns = {name: bunch.frame for name, bunch in sets.items()}
    for name, frame in columns.items():
        if name.startswith("pooled"):  # other columns are of one data set
            columns[name] = frame[["dataset"]]
    return {name: (sets[name], columns[name]) for name in sets}


def measure_once(tables):
    """Measure all images, with their paths as the index."""
    images = pd.concat(tables).drop_duplicates("image")
    measurements = measure_images(images["image"])[1]
    return measurements.set_index(images["image"]).assign(
        dataset=images["dataset"].to_numpy()
    )


def add_overlays(measurements):
    """Count drawings, except those that images of one set and size share."""
    kinds = measurements[["dataset", "height", "width"]]
    strata = kinds.groupby(list(kinds), dropna=False).ngroup()
    counts = count_overlays(measurements["cells"].to_numpy(), strata)[0]
    counts = pd.DataFrame(counts, columns=OVERLAY_COLUMNS, index=measurements.index)
    return pd.concat([measurements.drop(columns="cells"), counts], axis=1)


def describe(probes, name):
    """The table of one data set."""
    interval = [
        f"{row.auc:.3f} ({row.low:.3f} to {row.high:.3f})"
        for row in probes.itertuples()
    ]
    return pd.DataFrame(
        {
            "data set": name,
            "probe": probes["probe"],
            "AUC": interval,
            "images": probes["n"],
            "groups": probes["n_groups"],
            "flagged": probes["flagged"].map({True: "yes", False: ""}),
        }
    )


def describe_left_out(probes):
    """Columns that were left out, by reason."""
    names = probes["probe"].str.removeprefix("column ")
    reasons = probes["note"].str.replace("Left out: |No value: ", "", regex=True)
    reasons = reasons.str.removesuffix(".")
    parts = names.groupby(reasons).agg(", ".join)
    return ", ".join(f"{reason} ({columns})" for reason, columns in parts.items())


if __name__ == "__main__":
    main()
