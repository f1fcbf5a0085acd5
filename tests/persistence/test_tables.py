"""Tables of pandas that an estimator has learnt."""

import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.preprocessing import StandardScaler

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.persistence import load_model, save_model

from .test_files import forge_schema, refuse, text

NAN = float("nan")
TABLES = [
    pd.DataFrame({"low": [0.1, -np.inf], "high": [np.nan, 1e-300]}, ["size", "aspect"]),
    pd.DataFrame({"n": [1, 2], "is": [True, False], "who": ["a", None]}),
    pd.DataFrame({0: np.float32([0.1])}, pd.Index([7], name="row")),
    pd.DataFrame([[1, "b", 2.5]], columns=["same", "same", "other"]),
    pd.DataFrame(index=["a", "b"]),
    pd.DataFrame({"mixed": [1, "b", None, 0.5]}),
    pd.Series([0.1, NAN], ["a", "b"], name="share"),
    pd.Series([], dtype="int16"),
]


def holder(value):
    model = StandardScaler().fit([[0.0]])
    model.extra_ = value
    return model


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_equal(table, tmp_path):
    again = load_model(save_model(holder([table]), tmp_path / "model.skfusion"))
    is_frame = isinstance(table, pd.DataFrame)
    same = assert_frame_equal if is_frame else assert_series_equal
    same(again.extra_[0], table, check_exact=True, check_freq=False)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": [{}]}),
        pd.Series([StandardScaler()]),
        pd.Series(["a"], dtype="category"),
        pd.Series([1.0], pd.MultiIndex.from_tuples([("a", 1)])),
        pd.Series([1.0], name=("a", 1)),
    ],
)
def test_a_table_of_anything_else_is_an_error(table, tmp_path):
    file = tmp_path / "model.skfusion"
    with pytest.raises(TypeError, match="which a model file cannot hold"):
        save_model(holder(table), file)
    assert not file.exists()


def test_a_table_holds_no_path(tmp_path):
    secret = tmp_path / "Doe_Jane"
    table = pd.DataFrame({"image": [str(secret)]}, index=[str(secret)])
    file = save_model(holder(table), tmp_path / "model.skfusion")
    with zipfile.ZipFile(file) as archive:
        content = b"".join(map(archive.read, archive.namelist()))
    assert b"Doe_Jane" not in content


def test_a_table_of_a_file_holds_no_estimator(tmp_path):
    table = pd.Series(["a", None, 2], name="x", dtype=object)
    extractor = CNNFeatureExtractor("os:getcwd")
    file = save_model(holder([table, extractor]), tmp_path / "model.skfusion")

    def plant(schema):
        places = schema["content"]["content"]["extra_"]["content"]
        values = places[0]["content"]["content"][2]["content"][0]["content"][1]
        values["content"][0] = places[1]
        places[1] = text(None)

    refuse(forge_schema(file, tmp_path / "forged", plant), match=re.escape("value of"))
