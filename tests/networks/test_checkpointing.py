import copy

import pytest
import torch

from skfusion.networks import TransferNetwork
from skfusion.networks._checkpointing import checkpointed

# One of each family whose stages differ in their kind.
BACKBONES = [
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "mnasnet0_5",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "shufflenet_v2_x0_5",
    "swin_t",
]


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("trainable", ["all", 2])
def test_weights_and_statistics_are_the_same_to_the_bit(backbone, trainable):
    torch.manual_seed(0)
    network = TransferNetwork(backbone, trainable=trainable).train()
    again = copy.deepcopy(network)
    again.checkpointing = True
    x = torch.rand(2, 1, 96, 96)
    for each in (network, again):
        for _ in range(2):
            torch.manual_seed(1)
            each(x).square().sum().backward()
    for value, expected in zip(
        again.state_dict().values(), network.state_dict().values(), strict=True
    ):
        assert torch.equal(value, expected)
    for weight, expected in zip(again.parameters(), network.parameters(), strict=True):
        assert (weight.grad is None) == (expected.grad is None)
        assert weight.grad is None or torch.equal(weight.grad, expected.grad)


def test_a_stage_is_as_before_after_an_error():
    stage = torch.nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match="shapes"), checkpointed([stage]):
        stage(torch.zeros(1, 3))
    assert "forward" not in vars(stage)
