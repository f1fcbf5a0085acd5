"""The base class of the classifiers that train a network."""

from abc import ABCMeta, abstractmethod
from functools import partial
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import compute_class_weight
from sklearn.utils.validation import check_is_fitted

from .._engine import (
    ImageTensors,
    TrainingSettings,
    build_net,
    held_images,
    on_device,
    resolve_device,
    restyle_batch,
    run_network,
    seed_generators,
    seeded,
)
from .._validation._fitting import all_or_nothing
from .._validation._groups import check_groups
from .._validation._images import check_images, check_labels
from .._validation._private import Interval, Options, StrOptions, _fit_context
from .._validation._scale import (
    is_beyond_unit_range,
    warn_of_other_scale,
    warn_of_scale,
)
from ..images import ImageCache
from ..images._crop import REGIONS
from ._inner_split import inner_split
from ._members import (
    copy_scale,
    joined_history,
    mean_probabilities,
    scale_layers,
    train_alone,
)
from ._training_source import TrainingSource

__all__ = ["SINGLE_INPUT_CONSTRAINTS", "BaseCNNClassifier"]

# Of the parameters that networks of several inputs lack.
SINGLE_INPUT_CONSTRAINTS = {
    "image_shape": ["array-like", None],
    "n_members": [Interval(Integral, 1, None, closed="left")],
    "dtype": [StrOptions({"uint8", "uint16"})],
    "micro_batch_size": [Interval(Integral, 2, None, closed="left"), None],
    "checkpointing": ["boolean"],
}


class BaseCNNClassifier(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Base class of the classifiers that train a network.

    Warning: this class should not be used directly. Use derived classes instead.
    """

    _parameter_constraints: dict = {
        "image_size": [Interval(Integral, 8, None, closed="left"), None],
        "resize": [StrOptions({"pad", "stretch"})],
        "region": [StrOptions(REGIONS)],
        "margin": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "augmentation": ["boolean", callable],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 0.5, closed="right")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "callbacks": [list, None],
        "device": [str],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "image_cache": [Options(bool, {True}), str, Path, ImageCache, None],
        "isolated": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    # Where they are no parameters.
    n_members = 1
    dtype = "uint8"
    micro_batch_size = None

    # With metadata routing, groups that are passed to a search reach its splitter
    # alone, unless set_fit_request requests them. In a mixed grid not every candidate
    # takes groups, and networks find them in the column "group" of X.
    __metadata_request__fit = {"groups": False}

    @abstractmethod
    def _plan(self, source):
        """Return the plan of the network for the images of a source."""

    @abstractmethod
    def _default_image_size(self):
        """Return the side of the images, in pixels, where `image_size` is None."""

    @_fit_context(prefer_skip_nested_validation=True)
    @all_or_nothing
    def fit(self, X, y, groups=None):
        """Train the network, or `n_members` networks one after the other.

        Fits in threads of one process take turns; those of several processes do not.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Paths of images, or a DataFrame with the column ``image``, or pixels of
            shape (n_samples, height, width), (n_samples, height, width, n_channels)
            or, flattened, (n_samples, n_pixels).

        y : array-like of shape (n_samples,)
            Class labels.

        groups : array-like of shape (n_samples,), default=None
            Group of each sample, such as the patient, which the inner split of early
            stopping keeps together. If None, the column ``group`` of X; without it,
            equal arrays and rows of one file stay together. (Augmented copies of an
            array differ from it: after an ImageOverSampler, use a DataFrame.) Metadata
            routing passes groups only after ``set_fit_request(groups=True)``.

        Returns
        -------
        self : object
            Fitted estimator.
        """
        X, codes = self._begin(X, y)
        device = resolve_device(self.device)
        groups = None if groups is None else check_groups(X, groups)
        source = self._source(X)
        with seeded(self.random_state, device) as seed:
            train, valid = self._split(X, codes, groups, seed)
            with self._held_images(source, device) as images:
                members = self._members(source, images, codes, train, valid, seed)
                nets = [train_alone(*member) for member in members]
        self._keep(nets)
        return self

    def _begin(self, X, y):
        """Check X and y, and keep what prediction needs; return X and class codes."""
        X, y = self._check(X, y, reset=True)
        self.classes_, codes = check_labels(y, type(self).__name__)
        self._in_unit_range = not is_beyond_unit_range(X)
        # Prediction uses the parameters of fit, which may change afterwards.
        self._size = self.image_size or self._default_image_size()
        self._resize = self.resize
        self._crop = {"region": self.region, "margin": self.margin}
        self._pixel_dtype = self.dtype
        self._mirrors = self.augmentation is True
        return X, codes

    def _check(self, X, *y, reset=False):
        return check_images(self, X, *y, image_shape=self.image_shape, reset=reset)

    def _split(self, X, codes, groups, seed):
        if not self.early_stopping:
            return None, None
        if groups is None:
            name = f"{type(self).__name__}(early_stopping=True)"
            groups = self._source(X).groups(name)
        return inner_split(codes, groups, self.validation_fraction, seed)

    def _source(self, X):
        return TrainingSource(
            X,
            image_size=self._size,
            resize=self._resize,
            image_cache=self.image_cache,
            isolated=self.isolated,
            dtype=self._pixel_dtype,
            **self._crop,
        )

    def _held_images(self, source, device):
        source = self._as_trained(source)
        return held_images(source, device, verbose=self.verbose)

    def _members(self, source, images, codes, train, valid, seed):
        """Yield a net of each member, ready to be trained, and the data to train with.

        When a net is yielded, torch's generators are in the state from which it is
        trained. All members have the same data, and the scale is learnt once.
        """
        plan, first = self._plan(source), None
        train_set = ImageTensors(images, codes, train)
        parts = (
            plan.module,
            {"n_classes": len(self.classes_), **plan.params},
            train_set,
            None if valid is None else ImageTensors(images, codes, valid),
            self._settings(plan, source, codes[train_set.rows], images.device),
        )
        for member in range(self.n_members):
            seed_generators(seed + member, images.device)
            net = build_net(*parts).initialize()
            if first is None:
                first = net
                self._learn_scale(net.module_, plan, source, train_set)
            else:
                copy_scale(first.module_, net.module_)
            yield net, train_set

    def _keep(self, nets):
        self.nets_ = nets
        self.net_ = self.nets_[0]
        self.history_ = joined_history(nets)
        self.n_iter_ = len(self.history_)

    def _settings(self, plan, source, codes, device):
        return TrainingSettings(
            learning_rates=plan.learning_rates,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            micro_batch_size=self.micro_batch_size,
            weight_decay=self.weight_decay,
            class_weight=self._class_weight(codes, device),
            augment=self._augmenter(plan, source),
            n_iter_no_change=self.n_iter_no_change,
            callbacks=self.callbacks,
            device=str(device),
            precision=self.precision,
            verbose=self.verbose,
            criterion=plan.criterion,
        )

    def _augmenter(self, plan, source):
        """Return the function that augments a batch, or None."""
        augment = source.augmenter(self.augmentation, plan.augmentation_strength)
        if plan.restyles and self.augmentation is True and self._in_unit_range:
            return partial(_restyle_augmented, augment)
        return augment

    def _as_trained(self, source):
        """Return a source of the images as training takes them.

        Training draws a fresh augmentation for every image. A copy that was augmented
        twice would differ from the images that were augmented once, and give away
        that it is of the rarer class.
        """
        return source if self.augmentation is False else source.unaugmented()

    def _learn_scale(self, module, plan, source, train_set):
        """Set the mean and deviation of each input, where they are not given."""
        if source.pixel_dtype == np.float32:  # whole numbers are scaled
            warn_of_scale(next(train_set.chunks()), self)
        if not plan.learns_scale:
            self._in_unit_range = True
            return
        layers, columns = scale_layers(module), source.by_column(train_set.chunks)
        for layer, (column, chunks) in zip(layers, columns, strict=True):
            if not layer.learn(chunks):
                raise ValueError(
                    "Expected images of each modality to learn from. Got none of "
                    f"{column!r} that is not black, after early stopping set samples "
                    "aside."
                )

    def _class_weight(self, codes, device):
        if self.class_weight is None:
            return None
        weights = compute_class_weight(
            self.class_weight, classes=self.classes_, y=self.classes_[codes]
        )
        return torch.tensor(weights, dtype=torch.float32, device=device)

    def predict(self, X):
        """Predict the class of each image.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Images in any form that ``fit`` accepts.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels of the same type as in ``fit``.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X):
        """Predict the probability of each class for each image.

        A network that was trained on mirrored images predicts for the images and for
        their mirror images, and the probabilities are averaged. The probabilities of
        several networks (`n_members`) are averaged, too.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Images in any form that ``fit`` accepts.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), dtype float64
            Columns in the order of ``classes_``; rows sum to 1.
        """
        check_is_fitted(self)
        X = self._check(X)
        warn = warn_of_scale if self._in_unit_range else warn_of_other_scale
        warn(X, self)
        device = resolve_device(self.device)
        modules = [on_device(net.module_.eval(), device) for net in self.nets_]
        scores = run_network(
            lambda batch: mean_probabilities(modules, batch, self._mirrors),
            self._source(X),
            batch_size=self.batch_size,
            device=device,
            use_bfloat16=self.precision == "bfloat16",
        ).astype(np.float64)
        return scores / scores.sum(axis=1, keepdims=True)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def _restyle_augmented(augment, images):
    return restyle_batch(augment(images))
