"""Graphs: an objective traced into one list of operations, and the exact rewrites that make it cheap."""

from explorer.graphs.compiling import is_compiled
from explorer.graphs.looping import Block, LoopedKernel, common_inputs, looped, looped_kernel
from explorer.graphs.onednn import onednn_is_available
from explorer.graphs.preparing import remainder_of, whole_of
from explorer.graphs.programs import Program, batched, batched_kernel
from explorer.graphs.refusals import UntraceableError
from explorer.graphs.rewrites import Products, Rewrites
from explorer.graphs.splitting import Remainder

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
    "common_inputs",
    "is_compiled",
    "looped",
    "looped_kernel",
    "onednn_is_available",
    "remainder_of",
    "whole_of",
]
