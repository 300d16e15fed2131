"""Graphs: an objective traced into one list of operations, and the exact rewrites that make it cheap."""

from explorer.graphs.rewrites.choice import Products, Rewrites
from explorer.graphs.rewrites.onednn import onednn_is_available
from explorer.graphs.rewrites.split_by_point import Remainder
from explorer.graphs.run.background_compiler import is_compiled
from explorer.graphs.run.block_graph import remainder_of, whole_of
from explorer.graphs.run.kernel import Program, batched, batched_kernel
from explorer.graphs.run.point_loop import Block, LoopedKernel, looped, looped_kernel
from explorer.graphs.untraceable import UntraceableError

__all__ = [
    "Block",
    "LoopedKernel",
    "Products",
    "Program",
    "Remainder",
    "Rewrites",
    "UntraceableError",
    "batched",
    "batched_kernel",
    "is_compiled",
    "looped",
    "looped_kernel",
    "onednn_is_available",
    "remainder_of",
    "whole_of",
]
