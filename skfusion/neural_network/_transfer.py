"""A pretrained network with a new head, as an estimator."""

from numbers import Integral, Real
from pathlib import Path

from .._validation._private import Interval, StrOptions
from .._validation._scale import check_channels
from ..networks import TransferNetwork
from ..networks._backbones import backbone_image_size, check_backbone
from ._base import BaseCNNClassifier, NetworkPlan

__all__ = ["TransferCNNClassifier"]

# A pretrained backbone learns this much more slowly than its new head.
BACKBONE_LEARNING_RATE = 0.1


class TransferCNNClassifier(BaseCNNClassifier):
    """Classifier of images by a pretrained CNN with a new head.

    Trained with AdamW, a one-cycle learning rate (a tenth of it for the
    backbone), label smoothing of 0.05 and gradients clipped to norm 1. Images are
    standardised as the backbone's own weights ask for.

    Parameters
    ----------
    backbone : str, default="mobilenet_v2"
        Name of a torchvision classification model.

    weights : str, Path or None, default="DEFAULT"
        Name of torchvision weights, which are downloaded once; path of a state dict
        or safetensors file; or None for random ones.

    trainable : {"head", "all"} or int, default="all"
        What learns: the new head alone, everything, or the head and the last
        stages of the backbone, so many. Batch normalisation of stages that do not
        learn stays in evaluation mode.

    dropout : float, default=0.2
        Fraction of the features dropped before the head, in [0, 1).

    image_shape : tuple of (height, width[, n_channels]), default=None
        Shape of the images when X is a 2-D numeric array of flattened ones.

    image_size : int, default=None
        Side in pixels of the square to which images are resized. If None, that of
        the backbone's own weights.

    resize : {"pad", "stretch"}, default="pad"
        "pad" keeps the aspect ratio.

    max_epochs : int, default=20
        Passes over the training images.

    batch_size : int, default=32
        Images in a batch, in training (at most) and prediction.

    learning_rate : float, default=0.003
        Highest learning rate of the head in the one-cycle schedule.

    weight_decay : float, default=0.01
        Weight decay of AdamW.

    class_weight : {"balanced"} or dict, default=None
        Weight of each class in the loss.

    augmentation : bool or callable, default=True
        Random flips, rotations, scales, shifts, brightness and contrast, drawn for
        each image of a training batch (see :func:`skfusion.images.augment_image`);
        prediction then averages over the mirrored image. A callable takes and
        returns a batch of shape (n, n_channels, height, width).

    early_stopping : bool, default=False
        Stop when the loss on a part of the training data set aside no longer falls,
        and go back to the best epoch. That part is stratified, and no group is on
        both sides.

    validation_fraction : float, default=0.1
        Share of the training data set aside for early stopping, in (0, 0.5]. It
        is rounded to one fold of a whole number, and larger where a class has few
        groups: of four, one is set aside.

    n_iter_no_change : int, default=10
        Epochs without a better loss after which training stops.

    callbacks : list, default=None
        Callbacks of skorch.

    device : str, default="auto"
        "auto" (CUDA, MPS, CPU, whichever is there first), or "cpu", "cuda",
        "cuda:1", "mps".

    precision : {"auto", "float32", "bfloat16"}, default="auto"
        "auto" trains in bfloat16 where the hardware computes it (on a CPU, not
        networks with grouped convolutions, which gain little), and predicts in
        float32.

    image_cache : True, str, Path or None, default=None
        Where decoded and resized files are kept, in 8 bits, so that folds,
        candidates and later runs decode them once: the folder of a
        :class:`skfusion.images.ImageCache`, or True for the usual one.

    isolated : bool, default=False
        Whether files are decoded in worker processes, as by
        :func:`skfusion.images.read_image`. Use it for files of unknown origin.

    random_state : int, RandomState instance or None, default=None
        Decides initial weights, order, augmentation, dropout and the inner split.

    verbose : int, default=0
        0 is silent, 1 shows progress bars of the images read and of the epochs.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.

    net_ : skorch.NeuralNetClassifier
        The net that was trained; its network is ``net_.module_``.

    history_ : skorch.history.History
        Losses and times of each epoch.

    n_iter_ : int
        Number of epochs.

    image_shape_ : tuple or None
        Shape of each image in fit; None for paths.

    n_features_in_ : int
        Number of features in ``fit``: the length of the second axis of X.

    feature_names_in_ : ndarray of str
        Names of the columns of X, where they are strings; ``["image"]`` for paths.

    See Also
    --------
    CNN17Classifier : A network that is trained from scratch.
    skfusion.feature_extraction.CNNFeatureExtractor : Features of a frozen network.

    References
    ----------
    .. [1] Wang et al., "CNN-Based Cross-Modality Fusion for Enhanced Breast Cancer
       Detection Using Mammography and Ultrasound", Tomography 2024, 10(12):2038-2057,
       https://doi.org/10.3390/tomography10120145

    Examples
    --------
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.neural_network import TransferCNNClassifier
    >>> X, y = make_breast_images(20, image_size=32, random_state=0, return_X_y=True)
    >>> model = TransferCNNClassifier(
    ...     "squeezenet1_1", weights=None, trainable=2, image_size=32, max_epochs=1
    ... )
    >>> model.fit(X, y).predict_proba(X[:3]).shape
    (3, 2)
    """

    _parameter_constraints: dict = {
        "backbone": [str],
        "weights": [str, Path, None],
        "trainable": [
            StrOptions({"head", "all"}),
            Interval(Integral, 0, None, closed="left"),
        ],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        **BaseCNNClassifier._parameter_constraints,
    }

    def __init__(
        self,
        backbone="mobilenet_v2",
        *,
        weights="DEFAULT",
        trainable="all",
        dropout=0.2,
        image_shape=None,
        image_size=None,
        resize="pad",
        max_epochs=20,
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
        self.backbone = backbone
        self.weights = weights
        self.trainable = trainable
        self.dropout = dropout
        self.image_shape = image_shape
        self.image_size = image_size
        self.resize = resize
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

    def _plan(self, source):
        check_channels(source.n_channels, self)
        params = {
            "backbone": self.backbone,
            "weights": self.weights,
            "trainable": self.trainable,
            "dropout": self.dropout,
        }
        rates = {
            "backbone.*": BACKBONE_LEARNING_RATE * self.learning_rate,
            "*": self.learning_rate,
        }
        return NetworkPlan(TransferNetwork, params, rates)

    def _default_image_size(self):
        check_backbone(self.backbone)
        return backbone_image_size(self.backbone, self.weights)
