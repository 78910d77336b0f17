"""How the time of reading an export grows with its size, for each importer and shape.

Each file is read at four sizes; the slope of the logarithm of the time over that of the
size is the exponent: 1 is linear, 2 quadratic. Processor time, least
of three. What is refused is named; it costs what it takes to find out.
"""

from __future__ import annotations

import argparse
import math
import time
from statistics import linear_regression

from export_shapes import SHAPES, Shape

from ipse.errors import IpseError
from ipse.preferences import sources

_BOUND = 1.1


def _read(data: bytes, name: str) -> str:
    """`read`, or the code of the refusal."""
    try:
        sources.read(data, name=name)
    except IpseError as error:
        return error.code
    return "read"


def _seconds(data: bytes) -> tuple[float, str]:
    times = []
    outcome = ""
    for _ in range(3):
        start = time.process_time()
        outcome = _read(data, "export")
        times.append(time.process_time() - start)
    return min(times), outcome


def _row(shape: Shape, sizes: list[int]) -> tuple[float, float, float, str]:
    """The exponent, the megabytes and seconds of the largest, what came of it."""
    points = []
    data, seconds, outcome = b"", 0.0, ""
    for size in sizes:
        data = shape(size)
        seconds, outcome = _seconds(data)
        points.append((math.log(size), math.log(max(seconds, 1e-9))))
    slope = linear_regression(*zip(*points, strict=True)).slope
    return slope, len(data) / 1e6, seconds, outcome


def main() -> None:
    """Print a line for each shape, and the largest exponent."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("importers", nargs="*", choices=[*SHAPES, []], help="which; all without one")
    parser.add_argument("-n", type=int, default=32_000, metavar="SIZE", help="the largest size (32000)")
    options = parser.parse_args()
    sizes = [options.n // 8, options.n // 4, options.n // 2, options.n]
    largest = 0.0
    print(f"{'importer':11} {'shape':26} {'exponent':>8} {'MB':>7} {'seconds':>8}  outcome")
    for importer in options.importers or SHAPES:
        for name, shape in SHAPES[importer].items():
            slope, megabytes, seconds, outcome = _row(shape, sizes)
            largest = max(largest, slope)
            mark = "  <" if slope > _BOUND else ""
            print(
                f"{importer:11} {name:26} {slope:8.2f} {megabytes:7.2f} {seconds:8.3f}  {outcome}{mark}",
                flush=True,
            )
    print(f"largest exponent {largest:.2f} (at most {_BOUND})")


if __name__ == "__main__":
    main()
