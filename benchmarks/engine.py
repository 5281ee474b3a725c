"""Ours against stock RapidOCR inside one process, stage by stage: `make bench-engine`."""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

# One thread everywhere, before numpy is loaded: the peak measured below is that of one core.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import onnx
from rapidocr_onnxruntime import RapidOCR

from benchmarks import images, machine
from ocr_server.decoder import Pixels, decode, read_header
from ocr_server.elastic import OneCore
from ocr_server.engine import _MODELS, Engine, Run
from ocr_server.options import Options
from ocr_server.serializer import indexed_dict, to_json
from ocr_server.settings import Settings
from ocr_server.stopwatch import Stopwatch
from ocr_server.text_line import TextLine

RESULTS = Path(__file__).parent / "results" / "engine.md"
ROUNDS = 3


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def serialize(lines: list[TextLine]) -> bytes:
    """Return an answer's body."""
    return to_json(indexed_dict(lines)).encode()


def stages(image: Pixels, stock: RapidOCR, engine: Engine) -> dict[str, tuple[float, float]]:
    """Return the seconds of each stage for a picture, stock's and ours, one after the other."""
    scaled, _, _ = stock.preprocess(image)
    scaled, _ = stock.maybe_add_letterbox(scaled, {})
    boxes, _ = stock.auto_text_det(scaled)
    crops = stock.get_crop_img_list(scaled, boxes) if boxes is not None else []
    run = Run(Options(), OneCore(), Stopwatch())
    found = {
        "detect": (
            timed(lambda: stock.auto_text_det(scaled)),
            timed(lambda: engine._detect(scaled, run)),
        )
    }

    def read(options: Options) -> None:
        engine._read_crops(crops, boxes, replace(run, options=options))

    if crops:
        found["classify"] = (
            timed(lambda: stock.text_cls(crops)),
            timed(lambda: read(Options(use_rec=False))),
        )
        found["recognize"] = (
            timed(lambda: stock.text_rec(crops)),
            timed(lambda: read(Options(use_cls=False))),
        )
    found["all of the engine"] = (
        timed(lambda: stock(image)),
        timed(lambda: engine.recognize(image, Options())),
    )
    return found


def measure(pictures: list[bytes], stock: RapidOCR, engine: Engine) -> str:
    """Return a Markdown table of the stages, summed over all pictures, best round of each."""
    rounds: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        sums: dict[str, list[float]] = {}
        for data in pictures:
            header = read_header(data, 10**8)
            image = decode(data, header)
            spent = {"decode": (0.0, timed(partial(decode, data, header)))}
            spent |= stages(image, stock, engine)
            lines = engine.recognize(image, Options())
            spent["serialize"] = (0.0, timed(partial(serialize, lines)))
            for stage, (theirs, ours) in spent.items():
                total = sums.setdefault(stage, [0.0, 0.0])
                total[0] += theirs
                total[1] += ours
        for stage, (theirs, ours) in sums.items():
            rounds.setdefault(stage, []).append((theirs, ours))
    rows = ["| stage | stock s | ours s | ours to stock |", "|---|---|---|---|"]
    for stage, pairs in rounds.items():
        theirs, ours = (min(column) for column in zip(*pairs, strict=True))
        ratio = f"{statistics.median(o / t for t, o in pairs):.2f}" if theirs else ""
        stock_seconds = f"{theirs:.2f}" if theirs else ""
        rows.append(f"| {stage} | {stock_seconds} | {ours:.2f} | {ratio} |")
    return "\n".join(rows) + "\n"


def operations(path: Path, shape: tuple[int, ...]) -> float:
    """Return the floating point operations of a model's convolutions and matrix products."""
    model = onnx.load(path)
    for dimension, size in zip(model.graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        dimension.dim_value = size
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in [*graph.value_info, *graph.input, *graph.output]
    }
    for node in graph.node:
        if node.op_type == "Constant":
            shapes[node.output[0]] = list(node.attribute[0].t.dims)
    total = 0.0
    for node in graph.node:
        made, weight = (
            shapes.get(node.output[0], [0]),
            shapes.get(node.input[1] if len(node.input) > 1 else ""),
        )
        if weight and node.op_type == "Conv":
            total += 2 * np.prod(made) * np.prod(weight[1:])
        elif weight and node.op_type == "ConvTranspose":
            total += 2 * np.prod(shapes[node.input[0]]) * np.prod(weight[1:])
        elif weight and node.op_type == "MatMul":
            total += 2 * np.prod(made) * weight[-2]
    return float(total)


def peak() -> float:
    """Return the floating point operations a second of one core in a large matrix product."""
    matrix = np.ones((2048, 2048), np.float32)
    return max(2 * 2048**3 / timed(lambda: matrix @ matrix) for _ in range(10))


def models(stock: RapidOCR, engine: Engine) -> str:
    """Return a Markdown table of detector and recognizer at one typical input, in turns."""
    rows = [
        "| model, input | stock ms | ours ms | ours to stock | share of one core's peak |",
        "|---|---|---|---|---|",
    ]
    top = peak()
    for name, file, shape, run, theirs in (
        ("detector", "det", (1, 3, 736, 992), engine._detector.run, stock.text_det.infer),
        ("recognizer", "rec", (1, 3, 48, 480), engine._recognizer.run, stock.text_rec.session),
    ):
        noise = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
        pairs = [(timed(partial(theirs, noise)), timed(partial(run, noise))) for _ in range(11)]
        stock_seconds = statistics.median(stock_time for stock_time, _ in pairs)
        our_seconds = statistics.median(our_time for _, our_time in pairs)
        share = operations(_MODELS / f"ch_PP-OCRv4_{file}_infer.onnx", shape) / our_seconds / top
        ratio = statistics.median(our_time / stock_time for stock_time, our_time in pairs)
        rows.append(
            f"| {name}, {shape[2]} x {shape[3]} | {stock_seconds * 1000:.0f} | "
            f"{our_seconds * 1000:.0f} | {ratio:.2f} | {share:.0%} |"
        )
    return "\n".join(rows) + f"\nOne core's peak: {top / 1e9:.0f} GFLOP/s in a matrix product.\n"


def main() -> None:
    """Measure in turns, print and save the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="a folder with more pictures")
    arguments = parser.parse_args()
    pictures = list(images.load(arguments.images).values())
    stock = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
    engine = Engine.loaded(Settings())
    head = f"{machine.describe()}; {len(pictures)} pictures, one thread, in turns\n\n"
    report = head + measure(pictures, stock, engine) + "\n" + models(stock, engine)
    print(report)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(report, "utf-8")


if __name__ == "__main__":
    main()
