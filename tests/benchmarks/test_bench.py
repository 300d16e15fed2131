import numpy as np
import torch

from tests.benchmarks import bench_sweep


def test_the_benchmark_runs_at_toy_size():
    lines = bench_sweep.main(points=16, samples=8, rounds=1, looped=20, peak=False)
    assert any(line.startswith("naive loop") for line in lines)
    assert sum("naive / least" in line for line in lines) >= 3


def test_a_sweep_beats_the_naive_loop_by_far():
    objective, grid = bench_sweep.setting(96, 64, torch.float32)
    least, _ = bench_sweep.seconds(bench_sweep.swept(objective, grid, ("loss", "gradient")), rounds=5)
    loop = bench_sweep.naive(96, 64, torch.float32, looped=300)
    # Hundreds are usual on an idle machine; a tenth of that leaves room for a busy one.
    assert loop / least > 20


def test_the_memory_of_a_sweep_is_bounded():
    # Results of 256 x 256 points take 1 MB; all at once, the graph of 64 data would take 32 MB and more.
    assert np.isfinite(peak := bench_sweep.peak_megabytes(256, 64))
    assert peak < 256
