"""Layers that train faster on a CPU than those of torch, with the same weights."""

import torch
from torch import nn

__all__ = ["use_fast_layers"]


class _ClipToSix(torch.autograd.Function):
    """ReLU6 whose backward pass takes its output.

    torch keeps the input, which it has to copy where ReLU6 is computed in place.
    """

    @staticmethod
    def forward(ctx, x):
        output = x.clamp_(0, 6)
        ctx.mark_dirty(output)
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx, gradient):
        (output,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(gradient, output, 0.0, 6.0)


class _FastReLU6(nn.ReLU6):
    """ReLU6 in place, without a copy of its input."""

    def forward(self, x):
        on_cpu = x.device.type == "cpu"
        return _ClipToSix.apply(x) if on_cpu else super().forward(x)


class _Float32Conv2d(nn.Conv2d):
    """A convolution that a CPU computes in float32 while others use bfloat16."""

    def forward(self, x):
        if x.device.type != "cpu":
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.to(self.weight.dtype))


_FAST = {nn.ReLU6: _FastReLU6, nn.Conv2d: _Float32Conv2d}
_PLAIN = {fast: plain for plain, fast in _FAST.items()}


def use_fast_layers(model):
    """Replace the layers of a model that learn, and that torch trains slowly on a CPU.

    torch copies the input of a ReLU6 that is computed in place. The backward pass of a
    depthwise convolution takes much longer in bfloat16 than in float32, unless its
    kernel is 3 x 3 and its stride is 1.

    Layers keep their places, names and weights. In float32, the model computes the same
    numbers as before, to the bit. In evaluation mode, layers become those of torch
    again.

    Parameters
    ----------
    model : torch.nn.Module
        It is changed.
    """
    for layer in model.modules():
        plain = _PLAIN.get(type(layer), type(layer))
        if plain in _FAST:
            layer.__class__ = _FAST[plain] if _is_slow(layer) else plain


def _is_slow(layer):
    """Return whether torch trains a layer slowly."""
    if isinstance(layer, nn.ReLU6):
        return layer.training and layer.inplace
    is_depthwise = 1 < layer.groups == layer.in_channels
    is_usual = (layer.kernel_size, layer.stride) == ((3, 3), (1, 1))
    return layer.training and is_depthwise and not is_usual
