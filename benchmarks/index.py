"""Approximate search in the clip index, against exhaustive search in NumPy and DuckDB.

`python -m benchmarks.index ROWS` prints ingest time, size, recall and latency, for 100,000 or a million rows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from benchmarks.comparison import Comparison, compare
from internvid_assets.embeddings.index import ClipIndex
from internvid_assets.embeddings.neighbours import ASKED_AT_ONCE, FIRST_NEIGHBOURS, nearest
from internvid_assets.embeddings.searching import Filters, search

ROWS, DIMENSIONS, NEIGHBOURS, QUERIES = 100_000, 512, 10, 50
LATENT, CLIPS_PER_VIDEO, VIDEOS_PER_TOPIC = 96, 20, 50
CATEGORIES = 16
PART_ROWS = 50_000

Search = Callable[[np.ndarray], list[int]]


def clip_vectors(rows: int) -> np.ndarray:
    """Unit float32 [rows, 512], like clips: topics, videos around them, clips around those, in 96 dimensions."""
    rng = np.random.default_rng(0)
    videos = -(-rows // CLIPS_PER_VIDEO)
    topics = rng.standard_normal((max(videos // VIDEOS_PER_TOPIC, 100), LATENT), np.float32)
    centres = topics[rng.integers(0, len(topics), videos)] + 0.7 * rng.standard_normal((videos, LATENT), np.float32)
    basis = rng.standard_normal((LATENT, DIMENSIONS), np.float32)
    vectors = np.empty((rows, DIMENSIONS), np.float32)
    for start in range(0, rows, PART_ROWS):
        part = vectors[start : start + PART_ROWS]
        clips = centres[np.arange(start, start + len(part)) // CLIPS_PER_VIDEO]
        part[:] = (clips + 0.5 * rng.standard_normal(clips.shape, np.float32)) @ basis
        part += 0.2 * rng.standard_normal(part.shape, np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def rows_of(vectors: np.ndarray) -> Iterator[pl.LazyFrame]:
    """The rows of an index, in parts; here, both vectors of a clip are equal."""
    for start in range(0, len(vectors), PART_ROWS):
        part = pl.Series(vectors[start : start + PART_ROWS])
        numbers = pl.int_range(start, start + len(part), eager=True).cast(pl.String).alias("clip_id")
        texts = {name: pl.lit("1") for name in ("video_id", "model", "revision", "version")}
        seconds = {f"{name}_seconds": pl.lit(2.0) for name in ("start", "end", "duration")}
        scores = {name: pl.lit(0.5) for name in ("umt_score", "aesthetic_score")}
        category = pl.format("c{}", pl.col("clip_id").cast(pl.Int64) % CATEGORIES)
        frame = numbers.to_frame().with_columns(category=category, caption=pl.format("clip {}", "clip_id"))
        yield frame.with_columns(**texts, **seconds, **scores, video_embedding=part, caption_embedding=part).lazy()


def filled(folder: Path, vectors: np.ndarray) -> tuple[ClipIndex, float]:
    """The index of all vectors, ready for search, and the seconds to build it."""
    index, started = ClipIndex(folder / "index"), time.perf_counter()
    index.synchronise(rows_of(vectors))
    index.maintain()
    return index, time.perf_counter() - started


def ours(index: ClipIndex, filters: Filters | None = None) -> Search:
    return lambda query: [int(clip) for clip in search(index, query, count=NEIGHBOURS, filters=filters)["clip_id"]]


def numpys(vectors: np.ndarray) -> Search:
    def nearest(query: np.ndarray) -> list[int]:
        cosines = vectors @ query
        best = np.argpartition(-cosines, NEIGHBOURS)[:NEIGHBOURS]
        return best[np.argsort(-cosines[best])].tolist()

    return nearest


def duckdbs(path: Path, vectors: np.ndarray) -> Search:
    """Search with DuckDB's array_cosine_similarity, in a separate database."""
    connection = duckdb.connect(str(path), config={"memory_limit": "6GB"})
    connection.execute(f"create table clips (clip_id bigint, embedding float[{DIMENSIONS}])")
    for start in range(0, len(vectors), PART_ROWS):
        part = pl.DataFrame({"embedding": pl.Series(vectors[start : start + PART_ROWS])}).with_row_index(
            "clip_id", start
        )
        connection.register("part", part.to_arrow())
        connection.execute("insert into clips select * from part")
    asked = f"""
        select clip_id from clips order by array_cosine_similarity(embedding, ?::float[{DIMENSIONS}]) desc
        limit {NEIGHBOURS}"""
    return lambda query: [clip for (clip,) in connection.execute(asked, [query.tolist()]).fetchall()]


def recall(found: list[list[int]], exact: list[list[int]]) -> float:
    shared = (len({*mine} & {*truth}) for mine, truth in zip(found, exact, strict=True))
    return sum(shared) / NEIGHBOURS / len(exact)


def measure(repetitions: int) -> Comparison:
    vectors = clip_vectors(ROWS + QUERIES)
    queries, vectors = vectors[ROWS:], vectors[:ROWS]
    with tempfile.TemporaryDirectory(prefix="internvid-bench-") as folder:
        index, _ = filled(Path(folder), vectors)
        return compare(
            "index",
            load=f"{QUERIES} searches of {ROWS:,} vectors of {DIMENSIONS}",
            peer=f"NumPy {np.__version__}, all cosines",
            ours=lambda: [ours(index)(query) for query in queries],
            theirs=lambda: [numpys(vectors)(query) for query in queries],
            agreement=lambda mine, peers: f"recall@{NEIGHBOURS} {recall(mine, peers):.3f}",
            repetitions=repetitions,
        )


def report(rows: int) -> None:
    vectors = clip_vectors(rows + QUERIES)
    queries, vectors = vectors[rows:], vectors[:rows]
    exact = [numpys(vectors)(query) for query in queries]
    with tempfile.TemporaryDirectory(prefix="internvid-bench-") as folder:
        index, seconds = filled(Path(folder), vectors)
        size = sum(path.stat().st_size for path in index.directory.rglob("*") if path.is_file())
        print(f"{rows:,} rows of two vectors in {seconds:.0f} s: {rows / seconds:,.0f} per second, {size / 1e9:.2f} GB")
        print_latency("internvid search", ours(index), queries, exact)
        print_latency("the same, one category of 16", ours(index, Filters("c7")), queries, None)
        asked = index.table.read(["clip_id"]).head(ASKED_AT_ONCE)
        each = seconds_of(lambda: nearest(index, asked, FIRST_NEIGHBOURS)) / asked.height
        print(f"{'neighbours of one clip, of 512 at once':<44} {each * 1000:11.1f} ms", flush=True)
        print_latency(f"NumPy {np.__version__}", numpys(vectors), queries, exact)
        print_latency(f"DuckDB {duckdb.__version__}", duckdbs(Path(folder, "clips.duckdb"), vectors), queries, exact)


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def print_latency(name: str, searching: Search, queries: np.ndarray, exact: list[list[int]] | None) -> None:
    searching(queries[0])
    seconds, found = [], []
    for query in queries:
        seconds.append(seconds_of(lambda query=query: found.append(searching(query))))
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    agreed = f"recall@{NEIGHBOURS} {recall(found, exact):.3f}" if exact else ""
    print(f"{name:<44} p50 {p50:7.1f} ms  p95 {p95:7.1f} ms  {agreed}", flush=True)


if __name__ == "__main__":
    report(int(sys.argv[1]))
