"""A pretrained network with a new head, as an estimator."""

from numbers import Integral, Real
from pathlib import Path

from .._engine import default_image_size
from .._validation._private import Interval, StrOptions
from .._validation._scale import check_channels
from ..networks import TransferNetwork
from ._base import SINGLE_INPUT_CONSTRAINTS, BaseCNNClassifier
from ._network_plan import NetworkPlan

__all__ = ["TransferCNNClassifier"]

# A pretrained backbone learns this much more slowly than its new head.
BACKBONE_LEARNING_RATE = 0.1


class TransferCNNClassifier(BaseCNNClassifier):
    """Classifier that trains a pretrained CNN with a new head.

    It is trained with AdamW, a one-cycle learning rate (a tenth of it for the
    backbone), label smoothing of 0.05 and gradients clipped to norm 1. Images are
    standardised as the backbone's weights require.

    Parameters
    ----------
    backbone : str, default="squeezenet1_1"
        Name of a torchvision classification model; "timm/NAME", a model of timm;
        "cnn17", the 17-layer CNN; or "package.module:function", a function that returns
        a network of your own (:ref:`User Guide <any_backbone>`).

    weights : str, Path or None, default="DEFAULT"
        Name of weights, which are downloaded once; path of a state dict or safetensors
        file; or None for random weights.

    trainable : {"head", "all"} or int, default="all"
        Part of the network that learns: the new head alone, the whole network, or the
        head and this number of the last stages of the backbone. Batch normalisation of
        stages that do not learn stays in evaluation mode. Of a MobileNetV2, 8 to 12
        stages are recommended, which train faster than "all"
        (:ref:`User Guide <transfer_learning>`).

    dropout : float, default=0.2
        Fraction of the features dropped before the head, in [0, 1).

    image_shape : tuple of (height, width[, n_channels]), default=None
        Shape of each image where X is a 2-D numeric array of flattened images.

    image_size : int, default=None
        Side in pixels of the square to which images are resized. If None, the side for
        which the backbone's weights were trained.

    resize : {"pad", "stretch"}, default="pad"
        "pad" keeps the aspect ratio and fills with 0; "stretch" does not.

    region : {"image", "breast", "lesion"}, default="image"
        What the network reads of each image, in full resolution: the whole image; the
        box of the breast in a mammogram, which is found in the image; or the square
        around the lesion, whose box is in the column ``region`` of X. A box in a new
        image means that somebody has found the lesion.

    margin : float, default=0.3
        Width of the margin on each side of the lesion, as a fraction of the longer side
        of its box. It has an effect with ``region="lesion"`` alone.

    max_epochs : int, default=15
        Number of passes over the training images.

    batch_size : int, default=32
        Number of images in a batch; in training, the largest number.

    micro_batch_size : int, default=None
        Largest number of images that are in the network at once in training. A batch
        is computed in parts, whose gradients are added up, so that a smaller number
        needs less memory. The weights are updated once for each batch. Batch
        normalisation uses the statistics of each part. No part has a single image, so
        that with 2 a part may have three. If None, a batch has one part.

    checkpointing : bool, default=False
        Whether each stage of the network keeps only its input in training, and is
        computed again in the backward pass. It takes less memory and more time. On a
        CPU, the trained network is the same to the bit.

    learning_rate : float, default=0.003
        Highest learning rate of the head in the one-cycle schedule.

    weight_decay : float, default=0.01
        Weight decay of AdamW.

    class_weight : {"balanced"} or dict, default=None
        Weight of each class in the loss.

    augmentation : bool or callable, default=True
        Whether random flips, rotations, scales, shifts, brightness and contrast are
        drawn for each image of a training batch, with the limits of
        :func:`skfusion.images.augment_image`. For pixels in [0, 1], gamma, depth gain,
        sharpness and grain are drawn, too, so that the network depends less on the look
        of one scanner. Prediction averages over the image and its mirror image. A
        callable takes and returns a batch of shape (n,
        n_channels, height, width).

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

    n_members : int, default=1
        Number of networks, which differ in their seeds alone. They are trained one
        after the other on the same images, and with early stopping on the same part of
        them. The probabilities of their predictions are averaged.

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
        resized files in the depth of `dtype`, so that folds, candidates and later runs
        decode them once. True is the default folder. Training images that do not fit in
        memory are streamed from it, or from a temporary folder if it is None
        (:ref:`User Guide <out_of_core>`).

    dtype : {"uint8", "uint16"}, default="uint8"
        Depth in which images are kept for training, and stored in an image cache.
        "uint16" takes twice the room, and keeps the 12 to 16 bits of a mammogram. It
        has no effect on X of floats. Without an image cache, prediction uses all bits.

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
        The trained net, on the CPU. Its network is ``net_.module_``. It is the first of
        ``nets_``, and the same whatever `n_members` is.

    nets_ : list of skorch.NeuralNetClassifier
        The trained nets of all members.

    history_ : skorch.history.History
        Losses and durations of the epochs, of one member after the other. The key
        ``member`` of an epoch is the place of its net in ``nets_``.

    n_iter_ : int
        Number of epochs, of all members together.

    image_shape_ : tuple or None
        Shape of each image in ``fit``; None for paths.

    n_features_in_ : int
        Number of features in ``fit``: the length of the second axis of X.

    feature_names_in_ : ndarray of str
        Names of the columns of X, where they are strings; ``["image"]`` for paths.

    See Also
    --------
    CNN17Classifier : A small network with weights trained on synthetic images.
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
        **SINGLE_INPUT_CONSTRAINTS,
    }

    def __init__(
        self,
        backbone="squeezenet1_1",
        *,
        weights="DEFAULT",
        trainable="all",
        dropout=0.2,
        image_shape=None,
        image_size=None,
        resize="pad",
        region="image",
        margin=0.3,
        max_epochs=15,
        batch_size=32,
        micro_batch_size=None,
        checkpointing=False,
        learning_rate=0.003,
        weight_decay=0.01,
        class_weight=None,
        augmentation=True,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        n_members=1,
        callbacks=None,
        device="auto",
        precision="auto",
        image_cache=None,
        dtype="uint8",
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
        self.region = region
        self.margin = margin
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.micro_batch_size = micro_batch_size
        self.checkpointing = checkpointing
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.class_weight = class_weight
        self.augmentation = augmentation
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.n_members = n_members
        self.callbacks = callbacks
        self.device = device
        self.precision = precision
        self.image_cache = image_cache
        self.dtype = dtype
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
            "checkpointing": self.checkpointing,
        }
        rates = {
            "backbone.*": BACKBONE_LEARNING_RATE * self.learning_rate,
            "*": self.learning_rate,
        }
        return NetworkPlan(TransferNetwork, params, rates, restyles=True)

    def _default_image_size(self):
        return default_image_size(self.backbone, self.weights)
