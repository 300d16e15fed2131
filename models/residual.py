"""Deep convolutional twins: a residual network, and the same network without its shortcuts."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

_STAGES = 3


class ResidualNetwork(nn.Module):
    """Images [D, channels, H, W] -> scores [D, classes], with BatchNorm after every convolution.

    The network of He, Zhang, Ren and Sun, Deep residual learning for image recognition (CVPR 2016), section 4.2, for
    small images: 3 x 3 convolutions, the first one to `width` channels, then three stages of n blocks of two; the
    second and the third stage halve the image and double the channels; the mean over the image; one linear layer. That
    makes 6 n + 2 layers with weights. Shortcuts have no parameters (their option A): where the shape changes, every
    other pixel is taken and the new channels are zero.

    So the switch `skip` changes no parameter: with one seed of torch's global generator both twins start from the same
    weights. Convolutions are drawn by He et al., Delving deep into rectifiers (ICCV 2015): normal, with variance
    2 / (outputs x 9).

    Args:
        depth: layers with weights, 6 n + 2.
        width: channels of the first stage (He et al.: 16).
        skip: whether a block adds its input to its output.
        channels, classes: of the images, of the scores.
        dtype: of the parameters; drawn in float32, so that another dtype means the same network up to rounding.

    Raises:
        ValueError: a depth that is not 6 n + 2 with n >= 1, or a width below 1.
    """

    def __init__(
        self,
        depth: int = 56,
        width: int = 8,
        skip: bool = True,
        channels: int = 1,
        classes: int = 10,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        blocks, rest = divmod(depth - 2, 2 * _STAGES)
        if rest or blocks < 1 or width < 1:
            raise ValueError(f"expected a depth of 6 n + 2 (8, 14, 20, ...) and a width; got {depth} and {width}")
        self.first = _convolution(channels, width)
        self.first_norm = nn.BatchNorm2d(width)
        widths = [width * 2**stage for stage in range(_STAGES) for _ in range(blocks)]
        inputs = [width, *widths]
        self.blocks = nn.Sequential(*(Block(*pair, skip=skip) for pair in zip(inputs, widths, strict=False)))
        self.last = nn.Linear(widths[-1], classes)
        self.to(dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores [D, classes] of images [D, channels, H, W]."""
        features = self.blocks(relu(self.first_norm(self.first(x))))
        scores: Tensor = self.last(features.mean(dim=(-2, -1)))
        return scores


class Block(nn.Module):
    """Two convolutions [D, C, H, W] -> [D, C', H', W'], and the shortcut past them if `skip`.

    C' = C keeps H and W; C' > C halves them.
    """

    def __init__(self, inputs: int, outputs: int, skip: bool) -> None:
        super().__init__()
        self.skip = skip
        self.stride, self.added = (1 if inputs == outputs else 2), outputs - inputs
        self.first, self.first_norm = _convolution(inputs, outputs, self.stride), nn.BatchNorm2d(outputs)
        self.second, self.second_norm = _convolution(outputs, outputs), nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's activations, never negative."""
        inner: Tensor = self.second_norm(self.second(relu(self.first_norm(self.first(x)))))
        return relu(inner + self._shortcut(x) if self.skip else inner)

    def _shortcut(self, x: Tensor) -> Tensor:
        return pad(x[..., :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    # BatchNorm subtracts the mean, so a bias would do nothing.
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    return convolution
