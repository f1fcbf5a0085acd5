"""The result of a fold as text, without pickle."""

import json
import re
from numbers import Integral, Real

import numpy as np

__all__ = ["from_record", "to_record"]

_PREDICTIONS = {"y_pred", "y_score", "has_probabilities"}
_KEYS = _PREDICTIONS | {"fit_time", "score_time", "scores", "history"}
_EPOCH_KEYS = {"member", "epoch", "train_loss", "valid_loss"}
_KINDS = "biufU"
_DTYPE = re.compile(rf"[<>|=][{_KINDS}]\d{{1,5}}|O")


def to_record(result):
    """Convert the result of a fold to JSON, with every number exact.

    Parameters
    ----------
    result : dict
        As `fit_fold` returns it, without an error.

    Returns
    -------
    record : bytes

    Raises
    ------
    TypeError
        If labels or scores are neither numbers nor text.
    """
    y_pred = result["y_pred"]
    record = {
        **result,
        "y_pred": {"dtype": _dtype_name(y_pred), "values": y_pred.tolist()},
        "y_score": result["y_score"].tolist(),
        "scores": {str(name): _number(n) for name, n in result["scores"].items()},
        "history": [
            {name: _number(value) for name, value in epoch.items()}
            for epoch in result["history"]
        ],
    }
    return json.dumps(record).encode()


def _dtype_name(y_pred):
    is_text = y_pred.dtype.kind == "U"
    if is_text or (y_pred.dtype.kind in _KINDS and y_pred.dtype.itemsize <= 8):
        return y_pred.dtype.str
    if all(type(label) in (str, int, bool, float) for label in y_pred.tolist()):
        return "O"
    raise TypeError(f"labels of dtype {y_pred.dtype} are neither numbers nor text")


def _number(value):
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"a score is {type(value).__name__}, not a number")


def from_record(record, n_rows):
    """Convert JSON to the result of a fold.

    Parameters
    ----------
    record : bytes

    n_rows : int
        Number of predicted rows.

    Returns
    -------
    result : dict

    Raises
    ------
    ValueError
        If it is not what `to_record` wrote for a fold of `n_rows` rows.
    """
    try:
        return _checked(json.loads(record), n_rows)
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError) as e:
        raise ValueError(f"{type(e).__name__}: {e}") from e


def _checked(result, n_rows):
    _check(isinstance(result, dict) and set(result) == _KEYS)
    result["y_pred"] = _labels(result["y_pred"], n_rows)
    result["y_score"] = _scores(result["y_score"], n_rows)
    _check(type(result["has_probabilities"]) is bool)
    _check(all(type(result[key]) is float for key in ("fit_time", "score_time")))
    _check(isinstance(result["scores"], dict) and isinstance(result["history"], list))
    _check(all(map(_is_number, result["scores"].values())))
    for epoch in result["history"]:
        _check(set(epoch) == _EPOCH_KEYS and all(map(_is_number, epoch.values())))
    return result


def _labels(record, n_rows):
    _check(set(record) == {"dtype", "values"} and _DTYPE.fullmatch(record["dtype"]))
    dtype, values = np.dtype(record["dtype"]), record["values"]
    _check(isinstance(values, list) and len(values) == n_rows)
    if dtype.kind == "O":
        _check(all(type(value) in (str, int, bool, float) for value in values))
        labels = np.empty(n_rows, dtype=object)
        labels[:] = values
        return labels
    labels = np.array(values, dtype=dtype)
    _check(labels.shape == (n_rows,) and _same(labels.tolist(), values))
    return labels


def _same(labels, values):
    """Return whether an array holds the values, of their types, that it was given."""
    return all(
        type(label) is type(value) and (label == value or label != label)
        for label, value in zip(labels, values, strict=True)
    )


def _scores(values, n_rows):
    _check(isinstance(values, list) and len(values) == n_rows)
    _check(all(type(value) is float for value in values))
    return np.array(values, dtype=np.float64)


def _is_number(value):
    return type(value) in (int, float)


def _check(holds):
    if not holds:
        raise ValueError("it has another form")
