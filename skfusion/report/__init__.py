"""One page of HTML on a comparison.

:meth:`skfusion.model_selection.ModelComparison.to_html` writes it.
"""

from ._page import write_page

__all__ = ["write_page"]
