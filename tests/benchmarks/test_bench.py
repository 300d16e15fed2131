import sys

import pytest
import torch

from tests.benchmarks import bench_models, bench_sweep


def test_the_benchmark_runs_at_toy_size():
    lines = bench_sweep.main(points=16, samples=8, rounds=1, looped=20, peak=False)
    assert any(line.startswith("naive loop") for line in lines)
    assert sum("naive / least" in line for line in lines) >= 3


def test_a_sweep_beats_the_naive_loop_by_far():
    objective, grid = bench_sweep.setting(96, 64, torch.float32)
    threads = torch.get_num_threads()
    # With one thread both sides suffer alike from a neighbour on the machine.
    torch.set_num_threads(1)
    least, _ = bench_sweep.seconds(bench_sweep.swept(objective, grid, ("loss", "gradient")), rounds=5)
    loop = bench_sweep.naive(96, 64, torch.float32, looped=300)
    torch.set_num_threads(threads)
    # Above a hundred is usual; a fifth of that leaves room for noise.
    assert loop / least > 20


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_a_sweep_is_bounded():
    # Results of 256 x 256 points take 1 MB; all at once, the graph of 64 data would take 32 MB and more.
    peak = bench_sweep.peak_megabytes(256, 64)
    assert 0 <= peak < 256


def test_bookkeeping_is_a_small_share_of_a_sweep_into_a_store():
    share, text = bench_models.bookkeeping(samples=300, points=15)
    assert "writes" in text
    # Under 1 % on a quiet machine; a busy disk may take several times as long.
    assert share < 0.1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("parameters", [11_000_000, 25_000_000])
def test_large_models_are_swept_in_bounded_memory(parameters):
    found = bench_models.large(parameters)
    assert found["points"] == 25
    assert found["megabytes"] < bench_models.allowed_megabytes(found["parameters"])
