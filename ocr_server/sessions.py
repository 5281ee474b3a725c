"""How onnxruntime's sessions are made and run; the one place that says how.

All sessions of a process share one memory arena in one piece: as fast as an arena for each session,
at half the memory of onnxruntime's defaults, and of a size that soon stays the same.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import onnxruntime

Tensor = npt.NDArray[np.float32]

onnxruntime.disable_telemetry_events()  # Nobody is told what is read here, or that it is.

# Address space, not memory: the system provides what is used. Grown in pieces, as onnxruntime does
# unless told otherwise, the arena fills with gaps that are too small for the next picture.
_ARENA_BYTES = 1024 * 1024 * 1024


class Model:
    """One ONNX model, to be run on one core or on several; any number of threads may run it."""

    def __init__(self, model: bytes, cores: Sequence[int] = (1,)) -> None:
        """Load a model for runs on each of these numbers of cores, which must hold 1."""
        _make_arena()
        self._sessions = {count: _session(model, count) for count in cores}
        self.core_counts = tuple(cores)
        self._input = self._sessions[1].get_inputs()[0].name
        self._output = self._sessions[1].get_outputs()[0].name

    def run(self, tensor: Tensor, cores: int = 1) -> Tensor:
        """Return the model's first output for its only input, using at most so many cores."""
        count = max(count for count in self._sessions if count <= cores)
        (output,) = self._sessions[count].run([self._output], {self._input: tensor})
        return np.asarray(output, np.float32)


def _session(model: bytes, cores: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    # A plan of memory for each input shape: as fast, but pictures have many shapes, and the
    # plans double the memory.
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.use_env_allocators", "1")
    # Spinning threads would take the core from whoever holds its slot next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@cache
def _make_arena() -> None:
    """Make the memory that all sessions of this process share."""
    place = onnxruntime.OrtMemoryInfo(
        "Cpu",
        onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR,
        0,
        onnxruntime.OrtMemType.DEFAULT,
    )
    arena = onnxruntime.OrtArenaCfg(0, -1, _ARENA_BYTES, -1)
    onnxruntime.create_and_register_allocator(place, arena)


def agree(one: bytes, other: bytes, shape: Sequence[int]) -> bool:
    """Return whether two models give the same, within 1e-4, for noise of an input shape."""
    noise = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    try:
        first, second = Model(one).run(noise), Model(other).run(noise)
        return first.shape == second.shape and bool(np.allclose(first, second, atol=1e-4))
    except Exception:  # onnxruntime's errors have no common base; any of them is a no
        return False
