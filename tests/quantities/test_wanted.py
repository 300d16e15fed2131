"""What is asked for, in which order it stands, and what of it is measured together."""

import pytest

from explorer.landscape import RESERVED
from explorer.quantities import BUILT_IN, Footprint, Summed, Whole, read_quantities
from explorer.quantities.values import Value
from tests.support.cases import neuron


def norm(theta):
    return theta.norm()


def size(theta):
    return theta.abs().sum()


def test_every_built_in_one_is_reserved_and_of_one_kind():
    assert set(BUILT_IN) <= set(RESERVED)
    for name, quantity in BUILT_IN.items():
        assert quantity.name == name
        assert sum(isinstance(quantity, kind) for kind in (Value, Summed, Whole)) == 1
        extra = quantity.dims(neuron().objective, ("w", "b"))
        assert set(extra) <= set(RESERVED)


def test_built_in_ones_come_first_in_their_own_order():
    assert read_quantities((size, "curvature", "loss", norm)).names == ("loss", "curvature", "size", "norm")


def test_values_share_a_pass_and_others_are_alone():
    wanted = read_quantities(("loss", norm, "curvature", "term_gradients", size, "gradient_norm"))
    families = [family.names for family in wanted.families]
    assert families == [("loss", "term_gradients", "gradient_norm"), ("curvature",), ("norm",), ("size",)]
    assert [family.over_blocks for family in wanted.families] == [True, True, False, False]
    assert read_quantities((norm,)).families == (read_quantities((norm,)),)


def test_the_same_quantities_are_equal_and_others_are_not():
    assert read_quantities(("loss", norm)) == read_quantities((norm, "loss"))
    assert len({read_quantities(("loss", norm)), read_quantities(("loss", norm)), read_quantities(("loss",))}) == 2
    assert read_quantities(("loss", norm)) != read_quantities(("loss", size))
    assert read_quantities(("loss",)) != ("loss",)

    def other():
        def norm(theta):
            return theta.norm()

        return norm

    assert read_quantities((other(),)) != read_quantities((norm,))


@pytest.mark.parametrize(
    ("quantities", "graphs"), [(("loss",), 1), (("loss", "curvature"), 7), (("curvature",), 7), ((norm,), 1)]
)
def test_memory_is_that_of_the_largest(quantities, graphs):
    # Forward over reverse keeps value and tangent of forward and backward, for each of two directions.
    assert read_quantities(quantities).bytes(Footprint(1000, 8, 2)) == graphs * 1000 + 4 * 8


def test_metrics_come_with_values_alone():
    objective = neuron().objective
    assert list(read_quantities((norm, "gradient_norm")).dims(objective, ("w", "b"))) == ["gradient_norm", "norm"]
