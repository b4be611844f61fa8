"""Fuzz one target: ``python tests/fuzz/run.py TARGET [--seconds N]``; ends with a status other than 0 at a crash or hang.

With atheris (coverage-guided, where it is installed), else with hypothesis. A hang is an input that takes more than
:data:`HANG` seconds of processor time, which on a busy machine is not that of the clock. What broke is printed, and with atheris kept as ``build/crash-…`` or ``build/timeout-…``; ``--replay FILE`` runs it
again.
"""

from __future__ import annotations

import argparse
import importlib.util
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent))

HANG: Final = 20  # seconds of processor time
STUCK: Final = 600  # seconds by the clock, for what does not listen to signals
LONGEST: Final = 4_096  # bytes of an input
NAMES: Final = ("readers", "normalizer", "numbers", "configuration", "gold", "patterns")


class Hang(BaseException):
    """An input takes too long; no ``except Exception`` of the code under test catches it."""


def main() -> int:
    """Run one target."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("target", choices=NAMES)
    arguments.add_argument("--seconds", type=int, default=1800)
    arguments.add_argument("--replay", type=Path)
    chosen = arguments.parse_args()
    if chosen.replay:
        _timed(_target(chosen.target))(chosen.replay.read_bytes())
        return 0
    # Coverage says nothing about regular expressions, so they are fed at random.
    if chosen.target != "patterns" and importlib.util.find_spec("atheris"):
        return _with_atheris(chosen.target, chosen.seconds)
    return _with_hypothesis(chosen.target, chosen.seconds)


def _target(name: str) -> Callable[[bytes], None]:
    if name == "patterns":
        from fuzz.patterns import check

        return check
    from fuzz.targets import TARGETS

    return TARGETS[name]


def _timed(target: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """The target, ended by Hang when its time is up."""

    def alarm(*_: object) -> None:
        raise Hang(f"more than {HANG} s of processor time")

    signal.signal(signal.SIGPROF, alarm)

    def timed(data: bytes) -> None:
        signal.setitimer(signal.ITIMER_PROF, HANG)
        try:
            target(data)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    return timed


def _with_atheris(name: str, limit: int) -> int:
    import atheris

    # Only the package itself is instrumented: its libraries are not what is looked for, and cost speed.
    with atheris.instrument_imports(include=["pipeline"]):
        target = _timed(_target(name))
    Path("build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        options = [
            f"-max_total_time={limit}",
            f"-timeout={STUCK}",
            "-artifact_prefix=build/",
            f"-max_len={LONGEST}",
            "-len_control=0",
            "-rss_limit_mb=4096",
        ]
        atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", corpus], target)
        atheris.Fuzz()
    return 0


def _with_hypothesis(name: str, limit: int) -> int:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    target, began, count = _timed(_target(name)), time.monotonic(), 0

    @settings(max_examples=1_000, deadline=None, database=None, phases=(Phase.generate, Phase.shrink),
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.binary(max_size=LONGEST))
    def look(data: bytes) -> None:
        target(data)

    while time.monotonic() - began < limit:
        look()
        count += 1
    sys.stdout.write(f"{name}: {count} thousand inputs, no crash\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
