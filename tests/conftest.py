"""For every test: one torch thread, so that small operations do not wait for a second one on a busy machine."""

import torch

torch.set_num_threads(1)
