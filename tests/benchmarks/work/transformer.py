"""A small transformer as a user writes it: tokens -> classes."""

import torch
from torch import Tensor, nn


class Transformer(nn.Module):
    """Tokens [D, length] -> scores [D, classes]: embedding, position, two encoder layers of width 128, mean, linear.

    Vaswani et al., Attention is all you need (NIPS 2017), normalized after each part as there; without dropout.
    """

    def __init__(self, vocabulary: int = 256, length: int = 64, width: int = 128, classes: int = 10) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(torch.randn(length, width) / width**0.5)
        layer = nn.TransformerEncoderLayer(width, nhead=4, dim_feedforward=4 * width, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2)
        self.last = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores [D, classes]."""
        scores: Tensor = self.last(self.encoder(self.tokens(x) + self.position).mean(dim=1))
        return scores


def transformer() -> nn.Module:
    """Return one, always with the same weights."""
    torch.manual_seed(0)
    return Transformer()
