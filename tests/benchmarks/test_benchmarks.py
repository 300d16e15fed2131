"""The benchmarks run at toy sizes, so that they cannot rot; and bounds on speed and memory that always hold."""

import sys

import pytest

from experiments import STUDIES
from explorer import sweep
from explorer.dashboard import create_app
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation.strategies import LOOP, measure_by
from models.residual import ResidualNetwork
from tests.benchmarks import (
    bench_ablation,
    bench_cluster,
    bench_convolution,
    bench_gpu,
    bench_load,
    bench_models,
    bench_network,
    bench_neuron,
    bench_transformer,
)
from tests.benchmarks.harness import table
from tests.benchmarks.harness.interleaved import measure
from tests.benchmarks.work import gpu_work, network_work, switched_off
from tests.benchmarks.work.neuron_work import Size
from tests.support.page.served import served

TOY = {"apart": False, "patience": 0.0, "least_seconds": 1e-9}
"""In this process, without waiting for neighbours, one run a sample."""


def test_the_neurons_benchmark_runs_at_toy_size():
    size = Size(points=12, samples=8, looped=10, patience=0.0)
    lines = list(bench_neuron.lines(size, 1, peak=False, compile_patience=0.0, **TOY))
    assert any(line.startswith(bench_neuron.BASE) for line in lines)
    assert sum(" x naive loop" in line for line in lines) == 2


def test_the_networks_benchmark_runs_at_toy_size(monkeypatch):
    def tolerant(*given, tolerance=None, **how):
        return sweep(*given, **how)

    # A sweep that takes a tolerance, and needs none.
    monkeypatch.setattr(network_work, "sweep", tolerant)
    monkeypatch.setattr(bench_network, "SHAPES", ((8, 8, 8),))
    monkeypatch.setattr(bench_network, "FLOOR", ("matmul 8x8x8",))
    lines = list(bench_network.lines(images=40, points=5, fine=7, rounds=1, steps=3, looped=3, **TOY))
    assert sum(line.startswith("sweep / time of") for line in lines) == 2
    assert sum("of 49 points evaluated, time told per 25" in line for line in lines) == 2


def test_the_load_benchmark_runs_at_toy_size():
    with served(create_app(STUDIES)) as address:
        found = bench_load.loaded(int(address.rpartition(":")[2]), learners=2, seconds=0.5, has_descents=True)
    assert not found.errors
    # A page has its scripts, and each learner commits at least the first point.
    assert len(found.seconds["asset"]) > 50
    assert sum(line.startswith("point ") for line in bench_load.lines(found)) == 1


@pytest.mark.parametrize(
    "lines",
    [
        lambda: bench_convolution.lines(images=8, points=2, rounds=1, steps=1, looped=2, side=8, **TOY),
        lambda: bench_transformer.lines(sequences=4, points=2, rounds=1, steps=1, looped=2, **TOY),
    ],
    ids=["convolution", "transformer"],
)
def test_the_other_benchmarks_run_at_toy_size(lines, monkeypatch):
    monkeypatch.setattr(bench_convolution, "resnet20", lambda: ResidualNetwork(depth=8, width=4, channels=3))
    assert sum(line.startswith("sweep  ") for line in lines()) == 1


def test_the_benchmark_for_a_gpu_runs_at_toy_size_on_the_cpu(monkeypatch):
    monkeypatch.setattr(bench_gpu, "ROUNDS", 1)
    workloads = (
        lambda device: gpu_work.neuron(device, points=4, looped=3),
        lambda device: gpu_work.network(device, points=2, images=8),
    )
    lines = list(bench_gpu.lines("cpu", 16, workloads))
    told = [line for line in lines if line.startswith("sweep, float32")]
    assert len(told) == 2
    assert "%" in told[1]
    # 2 (784 x 128 + 128 x 128 + 128 x 10) operations an image.
    assert f"{2 * 118016 * 8 / 1e9:.3g} GFLOP a point" in "\n".join(lines)


def test_the_benchmark_of_workers_runs_at_toy_size():
    lines = list(bench_cluster.lines((1e-3,), seconds=0.05, rounds=1, processes=False, patience=0.0))
    assert sum("of what plain processes reach" in line for line in lines) == 1


def test_a_sweep_beats_the_naive_loop_by_far():
    size = Size(points=96, looped=300, patience=0.0)
    wanted = (bench_neuron.BASE, "sweep, loss and gradient")
    pair = [contender for contender in bench_neuron.contenders(size) if contender.name in wanted]
    loop, swept = measure(pair, rounds=3, **TOY)
    # Above a hundred is usual; a fifth of that leaves room for noise.
    assert table.ratio(swept, [loop]) > 20


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_a_sweep_is_bounded():
    # Results of 256 x 256 points take 1 MB; all at once, the graph of 64 data would take 32 MB and more.
    peak = bench_neuron.peak_megabytes(256, 64)
    assert 0 <= peak < 256


@pytest.mark.slow
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


def test_the_ablation_runs_at_toy_size(monkeypatch):
    few = [rewrite for rewrite in bench_ablation.INTERPRETED if rewrite.name not in NOT_OF_A_NEURON]
    monkeypatch.setattr(bench_ablation, "INTERPRETED", few)
    row, *_ = bench_ablation.rows(points=4)
    lines = list(bench_ablation.lines([row], (), 1, patience=0.0, least_seconds=1e-9))
    header, _, *table_lines = (line for line in lines if line.startswith("|"))
    assert header == "| without | neuron, loss |"
    ratios = dict(line.strip("| ").split(" | ") for line in table_lines)
    assert ratios.keys() == {rewrite.name for rewrite in few[1:]}
    assert all(float(ratio) > 0 for ratio in ratios.values())


NOT_OF_A_NEURON = {"channels last", "class-major"}


def test_what_is_switched_off_is_not_made():
    # A layer whose outputs are fewer than its weights is kept affine even so.
    row = bench_ablation.rows(images=1000)[2]()
    every = row.choices()
    assert all(any(words in note for note in notes(row, every[0])) for words in ("affine layer", "class-major"))
    for rewrite in switched_off.REWRITES:
        words = {"affine first layers": "affine layer", "class-major": "class-major"}.get(rewrite.name)
        if words:
            choice = next(each for each in every if rewrite.allows(each))
            with rewrite.off():
                assert not any(words in note for note in notes(row, choice))


def notes(row, choice):
    """Return what is rewritten in a row's graph."""
    wanted = read_quantities(row.quantities)
    return measure_by(LOOP.traced(choice), row.objective(), row.plane, wanted).notes
