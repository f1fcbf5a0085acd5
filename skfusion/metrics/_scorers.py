"""Scorers for model selection."""

from sklearn.metrics import cohen_kappa_score, make_scorer

__all__ = ["kappa_scorer"]

#: Cohen's kappa as a scorer, for ``scoring=`` of scikit-learn's model selection,
#: which has no name for it. The scorer can be pickled.
kappa_scorer = make_scorer(cohen_kappa_score)
