"""Everything private that skfusion takes from scikit-learn and imbalanced-learn.

No other module of skfusion imports a private name of theirs. The comment above each
import gives the reason. `tests/validation/test_private.py` fails when a name moves.
"""

# A sampler returns X in the form in which X came, as in imbalanced-learn.
from imblearn.utils._validation import ArraysTransformer

# The developer's guide of scikit-learn recommends this decorator for `fit`.
from sklearn.base import _fit_context

# `compare_models` passes groups to any search over parameters.
from sklearn.model_selection._search import BaseSearchCV

# Rows of a list, an array or a DataFrame are taken in the same way.
from sklearn.utils import _safe_indexing

# Parameters are declared and checked as those of scikit-learn's own estimators are.
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)

# `fit` of a composite estimator passes metadata on.
from sklearn.utils.metadata_routing import _raise_for_params, _routing_enabled

# Nested parameters of a list of named estimators can be set.
from sklearn.utils.metaestimators import _BaseComposition

# Rows of any form of X are counted, and arguments of `fit` are cut to some rows.
# Names of features that are passed to a transformer are compared with those of `fit`.
from sklearn.utils.validation import (
    _check_feature_names_in,
    _check_method_params,
    _num_samples,
)

__all__ = [
    "ArraysTransformer",
    "BaseSearchCV",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "_BaseComposition",
    "_check_feature_names_in",
    "_check_method_params",
    "_fit_context",
    "_num_samples",
    "_raise_for_params",
    "_routing_enabled",
    "_safe_indexing",
    "fitted_gamma",
    "validate_parameter_constraints",
    "validate_params",
    "visual_block",
]


def visual_block(kind, estimators, names, **options):
    """Return the HTML representation of an estimator that holds several others.

    Parameters
    ----------
    kind : {"serial", "parallel"}

    estimators : sequence of estimator

    names : sequence of str

    **options
        As of scikit-learn's ``_VisualBlock``.

    Returns
    -------
    block : _VisualBlock
    """
    # Imported here, so that a move costs this representation alone.
    from sklearn.utils._repr_html.estimator import _VisualBlock

    return _VisualBlock(kind, estimators, names=names, **options)


def fitted_gamma(svm):
    """Return the width of the kernel of a fitted SVC, a number.

    Parameters
    ----------
    svm : SVC
        Fitted. Its parameter `gamma` may be "scale" or "auto".

    Returns
    -------
    gamma : float
    """
    return svm._gamma  # no public attribute holds it
