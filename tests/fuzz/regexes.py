"""Find regular expressions that a hostile text makes slow.

Every pattern that the package compiles, in its code and out of its data files, is taken apart. Each repetition in it is
fed with what it repeats, after what the pattern wants before it and before what it does not want after it; from that
come strings on which a pattern backtracks as much as it can. A pattern must finish with each of them in
:data:`LIMIT` seconds of processor time.

Run as a program it prints the slow ones and ends with status 1 if there are any.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import random
import re
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final, NamedTuple

LENGTH: Final = 1_000  # code points of a hostile string; tokenize.max_sentence_bytes cuts sentences soon after
BOUNDED: Final = 400  # the same for a pattern that is only ever given a window of a text
LIMIT: Final = 0.25
_MANY: Final = 8  # a repetition that may go on longer than this is fed
_TEXT: Final = "トヨタは4日、売上高が6.7兆円だと発表した。「最高だ」と社長は述べた。もう終わりだ!"
_ANCHORED: Final = frozenset({"match", "fullmatch"})


class Compiled(NamedTuple):
    """A pattern with the module that compiled it."""

    pattern: re.Pattern[str]
    module: str


class Slow(NamedTuple):
    """A pattern, the string it is slow on, and the seconds it took (the limit if it was stopped)."""

    compiled: Compiled
    text: str
    seconds: float


def collect() -> list[Compiled]:
    """Import the whole package and annotate a text; every text pattern that was compiled meanwhile.

    Must come before anything else imports the package.
    """
    seen: dict[tuple[str, int], Compiled] = {}
    compile_ = re._compile  # type: ignore[attr-defined]

    def recording(pattern: Any, flags: Any) -> Any:
        made = compile_(pattern, flags)
        frame = sys._getframe(1)
        while frame.f_back and frame.f_globals.get("__name__") == "re":
            frame = frame.f_back
        module = str(frame.f_globals.get("__name__"))
        if module.startswith("pipeline.") and isinstance(made.pattern, str):
            seen.setdefault((made.pattern, made.flags), Compiled(made, module))
        return made

    re._compile = recording  # type: ignore[attr-defined]
    try:
        import pipeline

        for module in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
            importlib.import_module(module.name)
        from pipeline.annotator import Annotator
        from pipeline.config import load_config

        Annotator(load_config(stages=["normalize", "tokenize", "ner", "hype", "stance"])).annotate(_TEXT)
    finally:
        re._compile = compile_  # type: ignore[attr-defined]
    return list(seen.values())


def uses() -> dict[str, set[str]]:
    """How the package calls the patterns it has names for: method names, ``window`` for a search between two ends."""
    import pipeline

    found: dict[str, set[str]] = defaultdict(set)
    for file in Path(pipeline.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = node.func.value
                if isinstance(name, ast.Name):
                    found[name.id].add("window" if len(node.args) == 3 else node.func.attr)
    return found


def names(patterns: Iterable[Compiled]) -> dict[tuple[str, int], str]:
    """The name that each pattern has in its module, for those that have one."""
    found = {}
    for compiled in patterns:
        for name, value in vars(sys.modules[compiled.module]).items():
            if value is compiled.pattern:
                found[value.pattern, value.flags] = name
    return found


def attacks(pattern: re.Pattern[str], length: int) -> Iterator[str]:
    """Strings of about ``length`` code points on which the pattern may backtrack; the same at every call."""
    chance = random.Random(0)  # noqa: S311  (no secret)
    pumps: list[tuple[str, str]] = []
    whole = [_sample(parser.parse(pattern.pattern, pattern.flags), "", pumps, chance) for _ in range(3)]
    pumps = list(dict.fromkeys(pumps))
    chance.shuffle(pumps)
    alphabet = sorted(set("".join(whole)))[:40] or ["a"]
    words = ["".join(chance.choices(alphabet, k=chance.randint(1, 3))) for _ in range(6)]
    fed = [
        *pumps[:24],
        *(("", word) for word in [*(repeated for _, repeated in pumps[:6]), *words, *filter(None, whole)]),
    ]
    for before, repeated in fed:
        text = before + repeated * (length // len(repeated))
        yield text
        yield text + "\0"


def _sample(tree: Any, before: str, pumps: list[tuple[str, str]], chance: random.Random) -> str:
    """A string that the parsed pattern wants; ``pumps`` receives (what comes first, what may be repeated)."""
    text = ""
    for code, value in tree:
        if code is op.LITERAL:
            text += chr(value)
        elif code is op.NOT_LITERAL or code is op.ANY:
            text += "a" if value == ord("あ") else "あ"
        elif code is op.IN:
            text += chance.choice(_members(value))
        elif code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, inside = value
            repeated = ""
            for _ in range(4):
                repeated = _sample(inside, before + text, pumps, chance)
                if most > _MANY and repeated:
                    pumps.append((before + text, repeated))
            text += repeated * max(least, chance.randint(0, 1))
        elif code in (op.SUBPATTERN, op.ATOMIC_GROUP):
            text += _sample(value[-1] if code is op.SUBPATTERN else value, before + text, pumps, chance)
        elif code is op.BRANCH:
            some = value[1] if len(value[1]) <= 40 else chance.sample(value[1], 40)
            text += chance.choice([_sample(one, before + text, pumps, chance) for one in some])
        elif code in (op.ASSERT, op.ASSERT_NOT):
            _sample(value[1], before + text, pumps, chance)
    return text


def _members(items: Sequence[Any]) -> list[str]:
    """A few characters of a class."""
    found: list[str] = []
    negated = False
    for code, value in items:
        if code is op.NEGATE:
            negated = True
        elif code is op.LITERAL:
            found.append(chr(value))
        elif code is op.RANGE:
            found += [chr(value[0]), chr(value[1])]
        elif code is op.CATEGORY:
            found += {op.CATEGORY_DIGIT: ["1"], op.CATEGORY_SPACE: [" "], op.CATEGORY_WORD: ["a"]}.get(value, ["。"])
    if negated:
        return [c for c in "aあ1 漢、" if c not in found][:3] or ["\U0001f600"]
    return found or ["a"]


class _StoppedError(Exception):
    pass


def seconds(look: Callable[[str], object], text: str, limit: float) -> float:
    """Processor seconds that ``look`` takes for a text; it is stopped soon after ``limit``."""

    def stop(*_: object) -> None:
        raise _StoppedError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    began = time.process_time()
    try:
        look(text)
    except _StoppedError:
        return limit
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return time.process_time() - began


def slowest(compiled: Compiled, methods: set[str], limit: float = LIMIT) -> Slow:
    """The worst of the strings that attack a pattern, given the methods it is called with (empty: all)."""
    pattern = compiled.pattern
    length = BOUNDED if methods and methods <= {"window", *_ANCHORED} and "window" in methods else LENGTH
    anchored = bool(methods) and methods <= _ANCHORED
    looks = [pattern.match, pattern.fullmatch] if anchored else [lambda text: sum(1 for _ in pattern.finditer(text))]
    worst = Slow(compiled, "", 0.0)
    for text in attacks(pattern, length):
        for look in looks:
            taken = seconds(look, text, limit)
            if taken > worst.seconds:
                worst = Slow(compiled, text, taken)
        if worst.seconds >= limit:
            break
    return worst


def main() -> int:
    """Print the slow patterns; 1 if there are any, 3 if none at all was found to look at."""
    patterns = collect()
    named, called = names(patterns), uses()
    slow = [
        worst
        for compiled in patterns
        for name in [named.get((compiled.pattern.pattern, compiled.pattern.flags), "")]
        for worst in [slowest(compiled, called[name] & {"window", "search", "finditer", *_METHODS})]
        if worst.seconds >= LIMIT
    ]
    sys.stdout.write(f"{len(patterns)} patterns, {len(slow)} slow\n")
    for compiled, text, taken in slow:
        where = f"{compiled.module}  {compiled.pattern.pattern[:120]!r}"
        sys.stdout.write(f"{taken:.2f} s  {where}  on  {text[:30]!r}…{text[-5:]!r}\n")
    return 3 if not patterns else bool(slow)


_METHODS: Final = frozenset({"match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"})


if __name__ == "__main__":
    sys.exit(main())
