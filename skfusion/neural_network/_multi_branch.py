"""The network with one branch for each modality, as an estimator."""

from numbers import Integral, Real
from pathlib import Path

from .._engine import default_image_size
from .._validation._images import check_target, no_samples
from .._validation._private import Interval
from .._validation._samples import check_samples
from .._validation._unreadable import names_unreadable_images
from ..networks import MultiBranchLoss, MultiBranchNetwork
from ._base import BaseCNNClassifier
from ._cnn17 import IMAGE_SIZE, STRENGTH
from ._network_plan import NetworkPlan
from ._sample_source import SampleSource, check_each_modality
from ._transfer import BACKBONE_LEARNING_RATE

__all__ = ["MultiBranchCNNClassifier"]


class MultiBranchCNNClassifier(BaseCNNClassifier):
    """Classifier that trains one network with a branch for each modality.

    One head takes the features of all branches, 0 where an image is missing, and which
    images are present. In training, each branch also has its own head, whose loss
    counts half, and modalities are left out at random [1]_. Images may be missing, in
    ``fit`` and in ``predict``; a file that is black everywhere counts as missing.

    Parameters
    ----------
    columns : list of str or list of int
        Columns of paths, one for each modality, given by name or by position. If all
        columns given by position hold numbers, each number is an image of 1 x 1 pixel,
        and NaN is a missing one; numbers in a column given by name raise an error.

    branch : str, default="cnn17"
        "cnn17", the 17-layer CNN that is trained from scratch, or a backbone: the name
        of a torchvision classification model, "timm/NAME" or "package.module:function"
        (:ref:`User Guide <any_backbone>`).

    weights : str, Path or None, default="DEFAULT"
        Name of weights, which are downloaded once; path of a state dict or safetensors
        file; or None for random weights. A 17-layer branch has none.

    width : int, default=24
        Number of filters of the first convolution of a 17-layer branch.

    dropout : float, default=0.2
        Fraction of the features dropped before a head, in [0, 1).

    modality_dropout : float, default=0.2
        Probability with which a modality is left out of a training sample that has
        another one, in [0, 1).

    image_size : int, default=None
        Side in pixels of the square to which images are resized. If None, 64 for a
        17-layer branch, or the side for which the backbone's weights were trained.

    resize : {"pad", "stretch"}, default="pad"
        "pad" keeps the aspect ratio and fills with 0; "stretch" does not.

    region : {"image", "breast", "lesion"}, default="image"
        What the network reads of each image, in full resolution: the whole image; the
        box of the breast in a mammogram, which is found in the image; or the square
        around the lesion, whose box is in a column such as ``ultrasound_region`` (whole
        without it). A box in a new image means that somebody has found the lesion.

    margin : float, default=0.3
        Width of the margin on each side of the lesion, as a fraction of the longer side
        of its box. It has an effect with ``region="lesion"`` alone.

    max_epochs : int, default=40
        Number of passes over the training images.

    batch_size : int, default=32
        Number of images in a batch; in training, the largest number.

    learning_rate : float, default=0.003
        Highest learning rate of the one-cycle schedule; other branches than "cnn17"
        learn with a tenth of it.

    weight_decay : float, default=0.01
        Weight decay of AdamW.

    class_weight : {"balanced"} or dict, default=None
        Weight of each class in the loss.

    augmentation : bool or callable, default=True
        Whether random changes are drawn for each image of a training sample. A callable
        takes and returns a batch of shape (n, n_columns, height, width).

    early_stopping : bool, default=False
        Whether training stops when the loss on a part of the training data, which is
        set aside, no longer falls. The best epoch is kept. The part is stratified, and
        no group is on both sides.

    validation_fraction : float, default=0.1
        Fraction of the training data that is set aside for early stopping, in (0, 0.5].
        It is rounded to one of a whole number of folds. It is larger where a class has
        few groups: of four groups, one is set aside.

    n_iter_no_change : int, default=10
        Number of epochs without a better loss after which training stops.

    callbacks : list, default=None
        Callbacks of skorch.

    device : str, default="auto"
        "auto" takes the first of CUDA, MPS and the CPU that torch can use. Otherwise,
        the name of a torch device: "cpu", "cuda", "cuda:1" or "mps".

    precision : {"auto", "float32", "bfloat16"}, default="auto"
        "auto" trains in bfloat16 where the hardware computes it, and predicts in
        float32.

    image_cache : True, str, Path, ImageCache or None, default=None
        An :class:`~skfusion.images.ImageCache` or its folder, which stores decoded and
        resized files in 8 bits, so that folds, candidates and later runs decode them
        once. True is the default folder. Training images that do not fit in memory are
        streamed from it, or from a temporary folder if it is None
        (:ref:`User Guide <out_of_core>`).

    isolated : bool, default=False
        Whether files are decoded in worker processes, as by
        ``read_image(isolated=True)``. Use it for files of unknown origin.

    random_state : int, RandomState instance or None, default=None
        Controls the initial weights, the order of the images, augmentation, dropout and
        the inner split.

    verbose : int, default=0
        0 is silent; 1 shows progress bars of the images read and of the epochs.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.

    net_ : skorch.NeuralNetClassifier
        The trained net, on the CPU. Its network is ``net_.module_``.

    history_ : skorch.history.History
        Losses and durations of the epochs.

    n_iter_ : int
        Number of epochs.

    n_features_in_ : int
        Number of columns in ``columns``, or of X where they are given by position.

    feature_names_in_ : ndarray of str
        The columns in ``columns``, or those of X where they are given by position and X
        has names.

    See Also
    --------
    skfusion.fusion.make_feature_fusion : Fusion of the features of frozen networks.
    skfusion.fusion.DecisionFusionClassifier : Fusion of decisions.

    References
    ----------
    .. [1] Neverova et al., "ModDrop: Adaptive Multi-Modal Gesture Recognition", TPAMI
       38(8), 2016.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.datasets import make_breast_pairs
    >>> from skfusion.fusion import MultiBranchCNNClassifier
    >>> pairs = make_breast_pairs(8, image_size=16, folder=tempfile.mkdtemp())
    >>> model = MultiBranchCNNClassifier(
    ...     ["mammogram", "ultrasound"], width=2, image_size=16, max_epochs=1
    ... )
    >>> model.fit(pairs.data, pairs.target).predict_proba(pairs.data).shape
    (8, 2)
    """

    _parameter_constraints: dict = {
        "columns": [list],
        "branch": [str],
        "weights": [str, Path, None],
        "width": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "modality_dropout": [Interval(Real, 0, 1, closed="left")],
        **BaseCNNClassifier._parameter_constraints,
    }

    image_shape_ = None

    def __init__(
        self,
        columns,
        *,
        branch="cnn17",
        weights="DEFAULT",
        width=24,
        dropout=0.2,
        modality_dropout=0.2,
        image_size=None,
        resize="pad",
        region="image",
        margin=0.3,
        max_epochs=40,
        batch_size=32,
        learning_rate=0.003,
        weight_decay=0.01,
        class_weight=None,
        augmentation=True,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        callbacks=None,
        device="auto",
        precision="auto",
        image_cache=None,
        isolated=False,
        random_state=None,
        verbose=0,
    ):
        self.columns = columns
        self.branch = branch
        self.weights = weights
        self.width = width
        self.dropout = dropout
        self.modality_dropout = modality_dropout
        self.image_size = image_size
        self.resize = resize
        self.region = region
        self.margin = margin
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.class_weight = class_weight
        self.augmentation = augmentation
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.callbacks = callbacks
        self.device = device
        self.precision = precision
        self.image_cache = image_cache
        self.isolated = isolated
        self.random_state = random_state
        self.verbose = verbose

    @names_unreadable_images
    def fit(self, X, y, groups=None):
        """Train the network.

        Fits in threads of one process take turns; those of several processes do not.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            It has a column of paths for each modality; None or NaN where the image is
            missing. It is a DataFrame where columns are given by name.

        y : array-like of shape (n_samples,)
            Class labels.

        groups : array-like of shape (n_samples,), default=None
            Group of each sample, such as the patient, which the inner split of early
            stopping keeps together. If None, the column ``group`` of X; without it,
            samples that share a file stay together. Metadata routing passes groups
            only after ``set_fit_request(groups=True)``.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        return super().fit(X, y, groups=groups)

    @names_unreadable_images
    def predict_proba(self, X):
        """Predict the probability of each class for each sample.

        A network that was trained on mirrored images predicts for the images and for
        their mirror images, and the probabilities are averaged.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            The same columns as in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), dtype float64
            Columns in the order of ``classes_``; rows sum to 1.
        """
        return super().predict_proba(X)

    def _check(self, X, *y, reset=False):
        if reset:
            self._columns = list(self.columns)
        samples = check_samples(self, X, self._columns, reset=reset)
        X = samples.table
        if not len(X):
            raise no_samples(self)
        if reset:
            check_each_modality(self._columns, samples.present)
            self._of_numbers = all(samples.of_values)
        return (X, check_target(X, y[0])) if y else X

    def _source(self, X):
        return SampleSource(
            X,
            self._table_columns,
            of_numbers=self._of_numbers,
            image_size=self._size,
            resize=self._resize,
            image_cache=self.image_cache,
            isolated=self.isolated,
            **self._crop,
        )

    def _plan(self, source):
        is_cnn17 = self.branch == "cnn17"
        params = {
            "n_branches": source.n_channels,
            "missing": source.missing,
            "branch": self.branch,
            "weights": None if is_cnn17 else self.weights,
            "width": self.width,
            "dropout": self.dropout,
            "modality_dropout": self.modality_dropout,
        }
        rates = {"*": self.learning_rate}
        if not is_cnn17:
            rates = {"branches.*": BACKBONE_LEARNING_RATE * self.learning_rate, **rates}
        return NetworkPlan(
            MultiBranchNetwork,
            params,
            rates,
            learns_scale=is_cnn17,
            augmentation_strength=STRENGTH if is_cnn17 else 1.0,
            criterion=MultiBranchLoss,
        )

    def _default_image_size(self):
        if self.branch == "cnn17":
            return IMAGE_SIZE
        return default_image_size(self.branch, self.weights)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = False
        tags.input_tags.allow_nan = True
        return tags
