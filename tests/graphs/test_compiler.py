"""Compiling: machine code takes over only when it is there, pays, and yields the same numbers; and its tanh."""

import mpmath
import pytest
import torch
from torch import fx

from explorer.graphs import Rewrites, UntraceableError
from explorer.graphs.run import background_compiler
from explorer.graphs.run.background_compiler import (
    Compiling,
    decompositions,
    has_compiler,
    in_background,
    wait_for_compilers,
)
from explorer.graphs.run.tanh import rational_tanh
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation.strategies import LADDER, LOOP, measure_by
from tests.support.cases import neuron
from tests.support.planes import random_plane
from tests.support.traced_cases import QUANTITIES, assert_same, measured, points

GIVEN = (torch.linspace(-1, 1, 5),)


def kernel(x):
    return {"loss": x.square().sum(), "gradient": 2 * x}


def whole():
    return fx.symbolic_trace(torch.nn.Identity())


KINDS = (((5,), torch.float32),)


@pytest.fixture
def at_once(monkeypatch):
    """Every kernel pays after its first call."""
    monkeypatch.setattr(background_compiler, "PAYS_AFTER", -1.0)
    monkeypatch.setattr(background_compiler, "_known", {})


class Compiler:
    """A compiler that is done when it is told so, with a result of the test's own."""

    made = staticmethod(kernel)
    begun = 0
    is_done = True

    def __init__(self, graph, kinds):
        assert kinds == KINDS
        type(self).begun += 1

    def result(self):
        return self.made


@pytest.fixture
def compiler(monkeypatch):
    fake = type("Fake", (Compiler,), {})
    monkeypatch.setattr(background_compiler, "Compiler", fake)
    return fake


def called(found, times=1):
    """Call a kernel; what it yields is right each time."""
    for _ in range(times):
        assert_same(found(*GIVEN), kernel(*GIVEN), roundings=0)


@pytest.mark.usefixtures("at_once")
def test_the_compiled_form_takes_over_when_it_is_done_and_agrees(compiler):
    calls = []
    compiler.made = staticmethod(lambda x: calls.append(x) or kernel(x))
    compiler.is_done = False
    found = Compiling(kernel, whole, KINDS)
    called(found, times=3)
    assert (compiler.begun, calls, found.compiled) == (1, [], None)
    compiler.is_done = True
    called(found)
    assert found.compiled is compiler.made
    calls.clear()
    called(found, times=2)
    assert len(calls) == 2
    assert compiler.begun == 1


def failing(x):
    raise RuntimeError("no such instruction")


WRONG = {
    "a value": lambda x: {**kernel(x), "loss": kernel(x)["loss"] * (1 + 1e-3)},
    "a gradient": lambda x: {**kernel(x), "gradient": -kernel(x)["gradient"]},
    "a missing name": lambda x: {"loss": kernel(x)["loss"]},
    "not a number": lambda x: {**kernel(x), "loss": torch.tensor(float("nan"))},
    "a shape": lambda x: {**kernel(x), "gradient": kernel(x)["gradient"][:2]},
    "a type": lambda x: {name: value.double() for name, value in kernel(x).items()},
    "nothing": lambda x: None,
    "an error": failing,
}


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_or_failing_form_is_never_used(name, compiler):
    compiler.made = staticmethod(WRONG[name])
    found = Compiling(kernel, whole, KINDS)
    called(found, times=3)
    assert found.compiled is None
    assert compiler.begun == 1


@pytest.mark.usefixtures("at_once")
def test_a_kernel_that_cannot_be_traced_for_the_compiler_goes_on(compiler):
    def refused():
        raise UntraceableError("no")

    found = Compiling(kernel, refused, KINDS)
    called(found, times=2)
    assert found.compiled is None
    assert compiler.begun == 0


@pytest.mark.usefixtures("at_once")
def test_a_compiler_that_fails_leaves_the_kernel_as_it_is(compiler):
    def result(self):
        raise RuntimeError("error: expected ';'")

    compiler.result = result
    found = Compiling(kernel, whole, KINDS)
    called(found, times=3)
    assert (found.compiled, compiler.begun) == (None, 1)


def test_nothing_is_compiled_before_it_pays(compiler, monkeypatch):
    compiler.is_done = False
    clock = iter([0.0, 12.0, 100.0, 107.9, 200.0, 200.2])
    monkeypatch.setattr(background_compiler.time, "perf_counter", lambda: next(clock))
    found = Compiling(kernel, whole, KINDS)
    assert background_compiler.PAYS_AFTER == 20.0
    for spent in (12.0, 19.9, 20.1):
        called(found)
        assert compiler.begun == (spent > 20.0)


@pytest.mark.usefixtures("at_once")
def test_kernels_of_one_key_are_one_and_few_are_kept():
    first = in_background("a", kernel, whole, KINDS)
    assert in_background("a", kernel, whole, KINDS) is first
    assert in_background("b", kernel, whole, KINDS) is not first
    for number in range(200):
        in_background(number, kernel, whole, KINDS)
    assert len(background_compiler._known) <= background_compiler._MOST_KNOWN


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(not has_compiler(torch.device("cpu")), reason="there is no C++ compiler")
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_real_compiler(dtype):
    objective = neuron(dtype).objective
    plane, coords = random_plane(objective), points(objective)
    strategy = LADDER[0].traced(Rewrites())
    measured(strategy, objective, plane, coords)
    wait_for_compilers()
    # The first call after it is done compares it, the next ones use it.
    measured(strategy, objective, plane, coords)
    assert [each.compiled is not None for each in background_compiler._known.values()] == [True]
    assert_same(measured(strategy, objective, plane, coords), measured(LOOP, objective, plane, coords))
    # Compiled at one number of points, for any.
    for number in (1, 2, 3, 17, 1009, 3000):
        many = torch.randn(number, 2, generator=torch.Generator().manual_seed(number), dtype=dtype)
        by_code = measure_by(strategy, objective, plane, read_quantities(QUANTITIES), size=len(coords))
        assert by_code.is_compiled
        assert_same(by_code(many), measured(LADDER[0], objective, plane, many))


def places():
    generator = torch.Generator().manual_seed(0)
    small = 10 ** torch.empty(300).uniform_(-30, 0.9, generator=generator)
    return torch.cat([torch.linspace(-10, 10, 401), small, -small])


def test_the_rational_tanh_is_as_close_as_it_says():
    x = places()
    found = rational_tanh(x)
    for place, value in zip(x.tolist(), found.tolist(), strict=True):
        exact = mpmath.tanh(mpmath.mpf(place))
        assert abs(value - exact) <= 5e-7 * abs(exact)


def test_the_rational_tanh_is_odd_bounded_and_monotone_up_to_rounding():
    x = torch.linspace(-12, 12, 100_001)
    found = rational_tanh(x)
    assert torch.equal(rational_tanh(-x), -found)
    assert found.abs().max() == 1.0
    # Two neighbors are each off by at most 5e-7 of themselves.
    assert (found.diff() >= -1e-6 * found[1:].abs()).all()


def test_the_rational_tanh_of_what_is_not_finite():
    found = rational_tanh(torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0, -0.0]))
    assert found[0].isnan()
    assert found[1:3].tolist() == [1.0, -1.0]
    assert found[3:].tolist() == [0.0, 0.0]


def test_only_float32_takes_the_rational_tanh():
    assert decompositions(torch.float32) == {torch.ops.aten.tanh.default: rational_tanh}
    assert decompositions(torch.float64) == {}


def test_there_is_no_compiler_for_a_gpu():
    assert not has_compiler(torch.device("cuda"))
