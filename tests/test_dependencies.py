"""What skfusion needs of its dependencies; run with their lowest versions, too."""

import importlib
import pkgutil

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

import skfusion

MODULES = [
    module.name for module in pkgutil.walk_packages(skfusion.__path__, "skfusion.")
]


@pytest.mark.parametrize("module", MODULES)
def test_every_module_imports(module):
    importlib.import_module(module)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_malignant", [10, 30])
def test_shuffled_folds_of_groups_are_stratified(seed, n_malignant):
    # With scikit-learn 1.7.2 the shares of malignant differ by up to 0.5.
    is_malignant = np.random.default_rng(seed).permutation(100) < n_malignant
    y, groups = np.repeat(is_malignant, 4), np.repeat(np.arange(100), 4)
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
    shares = [y[test].mean() for _, test in splitter.split(y, y, groups)]
    assert max(shares) - min(shares) < 0.02
