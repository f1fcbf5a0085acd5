"""The plots of a comparison, each a Display as in scikit-learn."""

from ._forest import ForestDisplay

__all__ = ["DISPLAYS", "ForestDisplay"]

# Kinds of ModelComparison.plot.
DISPLAYS = {"forest": ForestDisplay}
