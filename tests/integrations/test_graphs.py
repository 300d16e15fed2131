"""PyTorch Geometric: batches of graphs, which move in place, stay the user's."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer import Objective

pytestmark = [pytest.mark.integrations, pytest.mark.filterwarnings("default")]
pytest.importorskip("torch_geometric")


def test_graphs_are_means_over_graphs_or_nodes():
    from torch_geometric.data import Batch, Data
    from torch_geometric.nn import GCNConv, global_mean_pool

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.head = GCNConv(3, 4), nn.Linear(4, 1)

        def forward(self, batch):
            hidden = torch.tanh(self.conv(batch.x, batch.edge_index))
            return self.head(global_mean_pool(hidden, batch.batch))

    draws = torch.Generator().manual_seed(1)
    graphs = [
        Data(
            x=torch.randn(n, 3, generator=draws),
            edge_index=torch.tensor([[0, 1], [1, 0]]),
            y=torch.randn(1, 1, generator=draws),
        )
        for n in (2, 4, 3, 5, 2)
    ]
    batches = [Batch.from_data_list(graphs[:3]), Batch.from_data_list(graphs[3:])]

    def loss(model, batch):
        return F.mse_loss(model(batch), batch.y)

    model = Network()
    objective = Objective(model, batch_loss=loss, data=batches, count=lambda batch: batch.num_graphs)
    theta = objective.theta + 0.2
    fresh = copy.deepcopy(model)
    nn.utils.vector_to_parameters(theta, fresh.parameters())
    expected = loss(fresh, Batch.from_data_list(graphs))
    assert objective(theta).item() == pytest.approx(expected.item(), rel=1e-6)
    exact = objective.to(dtype=torch.float64)
    assert exact(theta.double()).item() == pytest.approx(expected.item(), rel=1e-6)
    assert batches[0].x.dtype == torch.float32
