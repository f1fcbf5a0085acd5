"""The page of a real study of ultrasound images, with frozen features."""

import re
from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.audit import audit_dataset
from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_bus_uclm,
    load_busi,
)
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import compare_models

MOST_BYTES = 5_000_000


@pytest.mark.slow
def test_the_page_of_a_real_study(data_folder, weights_folder, tmp_path):
    data = concat_datasets(load_busi(data_folder), load_breast_lesions_usg(data_folder))
    weights = next(weights_folder.glob("squeezenet1_1*.pth"))
    features = CNNFeatureExtractor("squeezenet1_1", weights=weights, image_size=128)
    linear = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    models = [
        ("frozen + SVM", make_pipeline(features, StandardScaler(), SVC())),
        ("frozen + linear", make_pipeline(features, StandardScaler(), linear)),
    ]
    study = compare_models(models, data.data, data.target)
    other = load_bus_uclm(data_folder)
    rows = slice(0, 150)
    groups = pd.Series(other.groups[rows]).map("BUS-UCLM {}".format)
    study.external("BUS-UCLM", other.data[rows], other.target[rows], groups=groups)
    audit = audit_dataset(data, probes=False)
    page = study.to_html(tmp_path / "study.html", images=True, audit=audit)
    assert page.stat().st_size < MOST_BYTES
    html = page.read_text(encoding="utf-8")
    text = re.sub(r'"data:image/[^"]*"', "", html)
    assert html.count("data:image/jpeg") == len(models)
    assert f"{len(data.data)} images of {pd.Series(data.groups).nunique()}" in text
    assert "dataset: busi<" in text
    names = {Path(path).name for path in data.data["image"]} | {*data.groups}
    names = {str(name) for name in names if not str(name).isdigit()}
    assert [name for name in names if re.search(rf"\b{re.escape(name)}\b", text)] == []
    for folder in (data_folder, weights_folder, tmp_path):
        assert str(folder) not in text
