"""Machine code: a process of its own that compiles a graph. It needs PyTorch and a C++ compiler, and nothing else.

python compiler_process.py GRAPH PACKAGE
"""

import sys

import torch

# torch.export names it without importing it.
import torch._higher_order_ops.triton_kernel_wrap


def make_package(source: str, target: str) -> None:
    """Compile what is saved at `source` to `target`: a graph, shapes and types of its arguments, threads to run on. The
    first argument may have any number of rows, and that of the example is no other size in the graph."""
    graph, kinds, threads = torch.load(source, weights_only=False)
    examples = tuple(torch.zeros(shape, dtype=dtype) for shape, dtype in kinds)
    with torch.no_grad():
        rows = {0: torch.export.Dim("rows", min=2)}
        exported = torch.export.export(graph, examples, dynamic_shapes=(rows, *[None] * (len(examples) - 1)))
        # Products and sums in one rounding; without it they take twice as long.
        options = {"cpp.enable_floating_point_contract_flag": "fast", "cpp.threads": threads}
        torch._inductor.aoti_compile_and_package(exported, package_path=target, inductor_configs=options)


if __name__ == "__main__":
    make_package(*sys.argv[1:])
