"""The extractor of features, as a transformer."""

from numbers import Integral, Real
from pathlib import Path

from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from tqdm.auto import tqdm

from .._engine import default_image_size, resolve_device, run_network
from .._store._compute_once import compute_once
from .._validation._fitting import all_or_nothing
from .._validation._images import check_images
from .._validation._private import Interval, Options, StrOptions, _fit_context
from .._validation._scale import check_channels, warn_of_scale
from ..images import ImageCache, ImageSource
from ..images._crop import REGIONS
from ..networks._backbones import check_backbone
from ._cache import FeatureCache
from ._frozen_network import FrozenNetwork

__all__ = ["CNNFeatureExtractor"]


class CNNFeatureExtractor(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Transformer that computes features of images by a pretrained network.

    The network runs in evaluation mode, without gradients, in batches of one fixed
    shape. It learns nothing from X. Later steps, such as scaling, learn in the fold.

    Parameters
    ----------
    backbone : str, default="mobilenet_v2"
        Name of a torchvision classification model; "timm/NAME", a model of timm;
        "cnn17", the 17-layer CNN; or "package.module:function", a function that returns
        a network of your own (:ref:`User Guide <any_backbone>`).

    weights : str, Path or None, default="DEFAULT"
        Name of weights, which are downloaded once; path of a state dict or safetensors
        file; or None for random weights, which `random_state` controls.

    layer : str, default=None
        Layer of the network whose output is taken: the name of a node in torchvision's
        feature extraction, or, of other backbones, the name of a module. If None, the
        penultimate layer: the inputs of the last layer with weights, averaged over the
        image.

    pooling : {"avg", "max", "flatten"}, default="avg"
        How the height and width of `layer` are pooled. The penultimate layer has
        neither: without a `layer`, "avg" is the only choice.

    image_shape : tuple of (height, width[, n_channels]), default=None
        Shape of each image where X is a 2-D numeric array of flattened images.

    image_size : int, default=None
        Side in pixels of the square to which images are resized. If None, the side for
        which the backbone's weights were trained. The centre is not cropped.

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

    batch_size : int, default=32
        Number of images in a batch.

    device : str, default="auto"
        "auto" takes the first of CUDA, MPS and the CPU that torch can use. Otherwise,
        the name of a torch device: "cpu", "cuda", "cuda:1" or "mps".

    precision : {"auto", "float32", "bfloat16"}, default="auto"
        "auto" is float32.

    cache : True, str, Path, FeatureCache or None, default=None
        A :class:`FeatureCache` or its folder, which stores the features of each image,
        so that folds, candidates, processes and later runs compute them once. True is
        the default folder. This cannot leak: nothing is learnt from X.

    image_cache : True, str, Path, ImageCache or None, default=None
        An :class:`~skfusion.images.ImageCache` or its folder, which stores decoded and
        resized files in 8 bits, so that folds, candidates and later runs decode them
        once. True is the default folder.

    isolated : bool, default=False
        Whether files are decoded in worker processes, as by
        ``read_image(isolated=True)``. Use it for files of unknown origin.

    random_state : int, RandomState instance or None, default=None
        Controls random weights.

    verbose : int, default=0
        0 is silent; 1 shows a progress bar of the images whose features are computed.

    Attributes
    ----------
    image_shape_ : tuple or None
        Shape of each image in ``fit``; None for paths.

    n_features_in_ : int
        Number of features in ``fit``: the length of the second axis of X.

    feature_names_in_ : ndarray of str
        Names of the columns of X, where they are strings; ``["image"]`` for paths.

    See Also
    --------
    make_feature_classifier : The two pipelines of the paper on these features.
    skfusion.neural_network.TransferCNNClassifier : Training of the same network.

    References
    ----------
    .. [1] Razavian et al., "CNN Features off-the-shelf: an Astounding Baseline for
       Recognition", CVPR Workshops 2014.

    Examples
    --------
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.feature_extraction import CNNFeatureExtractor
    >>> X, y = make_breast_images(4, random_state=0, return_X_y=True)
    >>> features = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=64)
    >>> features.fit_transform(X).shape
    (4, 512)
    """

    _parameter_constraints: dict = {
        "backbone": [str],
        "weights": [str, Path, None],
        "layer": [str, None],
        "pooling": [StrOptions({"avg", "max", "flatten"})],
        "image_shape": ["array-like", None],
        "image_size": [Interval(Integral, 8, None, closed="left"), None],
        "resize": [StrOptions({"pad", "stretch"})],
        "region": [StrOptions(REGIONS)],
        "margin": [Interval(Real, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "cache": [Options(bool, {True}), str, Path, FeatureCache, None],
        "image_cache": [Options(bool, {True}), str, Path, ImageCache, None],
        "isolated": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        backbone="mobilenet_v2",
        *,
        weights="DEFAULT",
        layer=None,
        pooling="avg",
        image_shape=None,
        image_size=None,
        resize="pad",
        region="image",
        margin=0.3,
        batch_size=32,
        device="auto",
        precision="auto",
        cache=None,
        image_cache=None,
        isolated=False,
        random_state=None,
        verbose=0,
    ):
        self.backbone = backbone
        self.weights = weights
        self.layer = layer
        self.pooling = pooling
        self.image_shape = image_shape
        self.image_size = image_size
        self.resize = resize
        self.region = region
        self.margin = margin
        self.batch_size = batch_size
        self.device = device
        self.precision = precision
        self.cache = cache
        self.image_cache = image_cache
        self.isolated = isolated
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    @all_or_nothing
    def fit(self, X, y=None):
        """Check X and load the network; nothing is learnt from the images.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Paths of images, or a DataFrame with the column ``image``, or pixels of
            shape (n_samples, height, width), (n_samples, height, width, n_channels)
            or, flattened, (n_samples, n_pixels).

        y : None
            Ignored.

        Returns
        -------
        self : object
            Fitted extractor.
        """
        check_backbone(self.backbone)
        X = check_images(self, X, image_shape=self.image_shape, reset=True)
        # transform uses the parameters of fit, which may change afterwards.
        self._size = self.image_size or default_image_size(self.backbone, self.weights)
        self._resize = self.resize
        self._crop = {"region": self.region, "margin": self.margin}
        source = self._source(X)
        check_channels(source.n_channels, self)
        warn_of_scale(X, self)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self._network = FrozenNetwork(
            self.backbone, self.weights, self.layer, self.pooling, seed
        )
        self._n_features_out = self._count_features(X)
        return self

    def transform(self, X):
        """Compute the features of each image.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Images in any form that ``fit`` accepts.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features), dtype float32
        """
        check_is_fitted(self)
        X = check_images(self, X, image_shape=self.image_shape)
        warn_of_scale(X, self)
        source, device = self._source(X), resolve_device(self.device)
        total, disable = len(source), not self.verbose
        with tqdm(desc="images", total=total, leave=False, disable=disable) as bar:
            return self._look_up(source, device, bar)

    def _look_up(self, source, device, bar):
        """Return features from the cache, if one is used, and compute the others."""
        network = None  # it is not built where all features are in the cache

        def compute(rows=None):
            nonlocal network
            if network is None:
                network = self._network.on_device(self.weights, device)
            return self._compute(network, source, device, bar, rows)

        if self.cache is None:
            return compute()
        keys, n_features = self._keys(source, device), self._n_features_out
        batch_size = self.batch_size
        return compute_once(self._store, keys, compute, batch_size, n_features)

    @property
    def _store(self):
        is_store = isinstance(self.cache, FeatureCache)
        return self.cache if is_store else FeatureCache(self.cache)

    def _compute(self, network, source, device, bar, rows):
        return run_network(
            network,
            source,
            rows,
            batch_size=self.batch_size,
            device=device,
            use_bfloat16=self.precision == "bfloat16",
            bar=bar,
        )

    def _keys(self, source, device):
        return self._network.keys(source, device, self.precision == "bfloat16")

    def _source(self, X):
        return ImageSource(
            X,
            image_size=self._size,
            resize=self._resize,
            image_cache=self.image_cache,
            isolated=self.isolated,
            **self._crop,
        )

    def _count_features(self, X):
        cached = self._read_first(X)
        if cached:
            return len(cached[0])
        return self._network.count_features(self.weights, self._size)

    def _read_first(self, X):
        """Read the features of the first image, so that no network need be built."""
        if self.cache is None:
            return []
        keys = self._keys(self._source(X[:1]), resolve_device(self.device))
        try:
            return list(self._store.read(keys).values())
        except OSError:  # transform will warn of it
            return []

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_n_features_out")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags
