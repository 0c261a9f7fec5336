"""The benchmark, in one command: `python tests/bench/run.py [--quick] [--json FILE]`.

Needs the emulator's dependencies and Node.js; measures the extra `fast` too where it is installed.
Everything that is compared is measured in turns in one run: on a busy machine trust the ratios.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench import cold, report, warm
from tests.bench.serve import FAST
from tests.bench.servers import Mode
from tests.bench.warm import Effort

FULL, QUICK = Effort(6, 1500, 6000), Effort(2, 200, 800)
SAMPLES = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few rounds: see that it runs")
    parser.add_argument("--only", choices=("warm", "cold"), help="measure just this part")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args()
    has_fast = all(importlib.util.find_spec(name) for name in FAST)
    modes: tuple[Mode, ...] = ("plain", "fast") if has_fast else ("plain",)
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    say([f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {load}"])
    figures: dict[str, object] = {}
    for mode in modes:
        if options.only != "cold":
            series = warm.measure(mode, QUICK if options.quick else FULL)
            figures[f"warm {mode}"] = {
                name: {"p50": each.p50s, "rate": each.rates, "cpu": each.server_cpu()}
                for name, each in series.items()
            }
            say(["", *report.warm_lines(mode, series)])
        if options.only != "warm":
            taken = cold.measure(mode, 1 if options.quick else SAMPLES)
            figures[f"cold {mode}"] = taken
            say(["", *report.cold_lines(mode, taken)])
    if not has_fast:
        say(["", f"The extra fast is not installed ({', '.join(FAST)}), so it was not measured."])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def say(lines: Iterable[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
