"""The translation cache: what comes back, for whom, from several processes, and from a damaged file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import OutputError
from pipeline.translation.cache import FILE, TranslationCache
from pipeline.translation.engine import Output

SNOW, SEA = Output("Snow.", True), Output("The sea, the sea", False)


def test_outputs_come_back_in_a_new_session(tmp_path: Path) -> None:
    with TranslationCache(tmp_path / "deep" / FILE, "engine-1") as cache:
        assert cache.get_many(["雪。", "海。"]) == {}
        cache.put_many({"雪。": SNOW, "海。": SEA})
    with TranslationCache(tmp_path / "deep" / FILE, "engine-1") as cache:
        assert cache.get_many(["海。", "雪。", "山。", "雪。"]) == {"雪。": SNOW, "海。": SEA}
        assert (cache.hits, cache.misses) == (2, 1)


def test_engines_do_not_share(tmp_path: Path) -> None:
    with TranslationCache(tmp_path / FILE, "engine-1") as one, TranslationCache(tmp_path / FILE, "engine-2") as two:
        one.put_many({"雪。": SNOW})
        assert two.get_many(["雪。"]) == {}
        assert one.get_many(["雪。"]) == {"雪。": SNOW}


def test_last_output_counts(tmp_path: Path) -> None:
    with TranslationCache(tmp_path / FILE, "engine-1") as cache:
        cache.put_many({"雪。": SEA})
        cache.put_many({"雪。": SNOW})
        assert cache.get_many(["雪。"]) == {"雪。": SNOW}


def test_more_sentences_than_a_query_takes(tmp_path: Path) -> None:
    outputs = {f"文{i}": Output(f"Sentence {i}.", i % 2 == 0) for i in range(1234)}
    with TranslationCache(tmp_path / FILE, "engine-1") as cache:
        cache.put_many(outputs)
        assert cache.get_many(list(outputs)) == outputs


@given(st.dictionaries(st.text(), st.tuples(st.text(), st.booleans()), max_size=5))
def test_any_text_survives(outputs: dict[str, tuple[str, bool]]) -> None:
    made = {source: Output(*output) for source, output in outputs.items()}
    with TemporaryDirectory() as folder, TranslationCache(Path(folder) / FILE, "engine-1") as cache:
        cache.put_many(made)
        assert cache.get_many(list(made)) == made


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from pipeline.translation.cache import TranslationCache
from pipeline.translation.engine import Output
with TranslationCache(Path(sys.argv[1]), "engine-1") as cache:
    for i in range(40):
        cache.put_many({f"{sys.argv[2]}-{i}": Output(f"text {i}", True)})
"""
    path = str(tmp_path / FILE)
    root = Path(__file__).parent.parent
    workers = [subprocess.Popen([sys.executable, "-c", program, path, str(n)], cwd=root) for n in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    with TranslationCache(tmp_path / FILE, "engine-1") as cache:
        assert len(cache.get_many([f"{n}-{i}" for n in range(3) for i in range(40)])) == 120


@pytest.mark.parametrize("spoil", [True, False])
def test_damaged_file_says_what_to_do(tmp_path: Path, spoil: bool) -> None:
    path = tmp_path / FILE
    with TranslationCache(path, "engine-1") as cache:
        cache.put_many({"雪。": SNOW})
    if spoil:
        path.write_bytes(b"not a database at all" * 100)
        with pytest.raises(OutputError, match=r"sqlite3: the translation cache is damaged: .*Delete the file"):
            TranslationCache(path, "engine-1")
    else:
        with TranslationCache(path, "engine-1") as cache:
            assert cache.get_many(["雪。"]) == {"雪。": SNOW}


def test_folder_that_is_a_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(OutputError, match=r"cannot be used: .*translate\.cache=false"):
        TranslationCache(tmp_path / FILE, "engine-1")
