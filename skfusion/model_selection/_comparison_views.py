"""How a comparison is printed, drawn and written."""

from importlib import import_module
from pathlib import Path

from .._validation._private import validate_params
from ._comparison_html import html_of
from ._comparison_text import text_of
from ._plot import DISPLAYS
from ._plot._select import check_choice

__all__ = ["ComparisonViews"]


class ComparisonViews:
    """Methods of a comparison that show it."""

    def plot(self, kind="forest", *, ax=None, **kwargs):
        """Draw the comparison.

        Read more in the :ref:`User Guide <plots>`.

        Parameters
        ----------
        kind : str, default="forest"
            - "forest": estimates with intervals, :class:`ForestDisplay`;
            - "folds": scores of the folds, :class:`FoldsDisplay`;
            - "roc": ROC curves, :class:`RocDisplay`;
            - "precision_recall": its curves, :class:`PrecisionRecallDisplay`;
            - "calibration": reliability curves, :class:`CalibrationDisplay`;
            - "decision_curve": net benefit, :class:`DecisionCurveDisplay`;
            - "confusion": confusion matrices, :class:`ConfusionDisplay`;
            - "training": losses of the networks, :class:`TrainingDisplay`.

        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, as many as the plot has panels. None makes a new figure.

        **kwargs
            Passed to ``from_comparison`` of the Display.

        Returns
        -------
        display : Display
            With the attributes ``figure_`` and ``ax_``.

        Raises
        ------
        ValueError
            If the kind is unknown, or the comparison lacks what the plot needs.
        """
        check_choice("kind", kind, sorted(DISPLAYS))
        return DISPLAYS[kind].from_comparison(self, ax=ax, **kwargs)

    @validate_params(
        {
            "path": [str, Path],
            "images": ["boolean"],
            "audit": [object],
            "excluded": [dict, None],
            "subgroups": [list, tuple],
            "saliency": [callable, None],
            "at": [str, None],
        },
        prefer_skip_nested_validation=True,
    )
    def to_html(
        self,
        path,
        *,
        images=False,
        audit=None,
        excluded=None,
        subgroups=(),
        saliency=None,
        at=None,
    ):
        """Write the comparison as one page of HTML.

        The page holds the flow of the data, the splits, the models with their
        parameters and the versions of packages, all measures with their intervals,
        tests and plots, the mistakes, the protocol, and the items of TRIPOD+AI [1]_ and
        CLAIM 2024 [2]_ that it answers. It needs no other file, no script and no
        network. It names no patient, no group and no path: parameters that are paths
        are shown without their folders, and caches not at all.

        Read more in the :ref:`User Guide <report>`.

        Parameters
        ----------
        path : str or Path
            File to write. A file that exists is replaced.

        images : bool, default=False
            Whether to show the images of the most confident mistakes. They are
            patients' images, and names that are burned into them are shown, too.

        audit : :class:`~skfusion.audit.DatasetAudit`, default=None
            Audit of the data, for a section of its own.

        excluded : dict of str to int, default=None
            Number of images that were left out before the study, by the reason, such as
            ``{"no biopsy": 12}``, in the order of the flow.

        subgroups : list of str or Series, default=()
            Parts of the images with measures of their own, each one as `by` of
            ``summary``, besides those of the columns ``dataset``, ``view`` and
            ``laterality`` of X.

        saliency : callable, default=None
            Function of a model and X, such as :func:`skfusion.inspection.saliency`,
            whose maps are drawn over the mistakes, as in ``errors``. It needs
            ``images=True``. Models of the folds are fitted again for it.

        at : str, default=None
            Operating point, such as "specificity=0.9", for tables of their own, as in
            ``summary``. It takes five more fits for each fold and model.

        Returns
        -------
        path : Path
            The file.

        Raises
        ------
        ValueError
            If `excluded` does not hold numbers, a subgroup would show patients, or
            `images` is True and the comparison holds no images, or was pickled or
            copied. Also if `saliency` is passed without ``images=True`` or has maps of
            no model, or the operating point is none of ``summary``.

        TypeError
            If `audit` is no audit.

        FileNotFoundError
            If the folder of `path` does not exist.

        Warns
        -----
        UserWarning
            If `saliency` raises an error for some of the models, which have no maps.

        Notes
        -----
        The page of a comparison is the same each time, if all models that are fitted
        again for it have seeds. Warnings of the data that its
        computations give stand on the page. Of a comparison that was pickled or copied
        the parameters of the models are missing.

        References
        ----------
        .. [1] Collins, G. S., et al. (2024). TRIPOD+AI statement: updated guidance for
           reporting clinical prediction models that use regression or machine learning
           methods. BMJ, 385, e078378. doi:10.1136/bmj-2023-078378

        .. [2] Tejani, A. S., et al. (2024). Checklist for Artificial Intelligence in
           Medical Imaging (CLAIM): 2024 update. Radiology: Artificial Intelligence,
           6(4), e240300. doi:10.1148/ryai.240300

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from sklearn.dummy import DummyClassifier
        >>> from skfusion.model_selection import compare_models
        >>> X, y = np.arange(80.0).reshape(40, 2), np.tile([0, 1], 20)
        >>> models = [("prior", DummyClassifier())]
        >>> study = compare_models(models, X, y, groups=np.arange(40) // 2, cv=2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = study.to_html(Path(folder) / "study.html")
        ...     text = page.read_text(encoding="utf-8")
        >>> "Comparison of 1 model on 2 folds" in text
        True
        """
        # The report lies on a floor above, and is imported when it is first used.
        report = import_module("skfusion.report")
        return report.write_page(
            self,
            path,
            images=images,
            audit=audit,
            excluded=excluded,
            subgroups=subgroups,
            saliency=saliency,
            at=at,
        )

    def __repr__(self):
        return text_of(self)

    def _repr_html_(self):
        return html_of(self)
