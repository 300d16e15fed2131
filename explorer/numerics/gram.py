"""Inner products of long vectors in float64, block by block: no float64 copy of the vectors ever exists."""

from collections.abc import Iterator

import torch
from torch import Tensor

_ENTRIES = 1 << 20
"""Entries of the vectors that are held in float64 at once (8 MiB)."""


def column_blocks(rows: int, columns: int) -> Iterator[slice]:
    """Yield slices that cover all columns, each of about a million entries over that many rows."""
    width = max(1, _ENTRIES // max(rows, 1))
    for start in range(0, columns, width):
        yield slice(start, start + width)


def inner_products(left: Tensor, right: Tensor) -> Tensor:
    """Return left @ right^T [N, K] in float64, for left [N, P] and right [K, P] of any floating dtype."""
    total = torch.zeros(len(left), len(right), dtype=torch.float64, device=left.device)
    for block in column_blocks(len(left) + len(right), left.shape[1]):
        total += left[:, block].double() @ right[:, block].double().T
    return total


def lengths_and_cosines(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the lengths [K] of rows [K, P] and the cosines [K, K] between them, both in float64.

    A zero row has length 0 and cosines NaN; a row that is not finite has a length that is not.
    """
    # Divided by its largest entry, a row's squares neither overflow nor vanish.
    peaks = torch.linalg.vector_norm(rows.detach(), ord=torch.inf, dim=1).double()
    gram = torch.zeros(len(rows), len(rows), dtype=torch.float64, device=rows.device)
    for block in column_blocks(len(rows), rows.shape[1]):
        part = rows.detach()[:, block].double() / peaks[:, None]
        gram += part @ part.T
    scaled = gram.diagonal().sqrt()
    return torch.where(peaks > 0, peaks * scaled, peaks), gram / (scaled[:, None] * scaled)
