"""Every question of the cookbook is asked, of the lake as of the warehouse, and has an answer."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from internvid_assets import tables
from internvid_assets.analytics.warehouse import open_lake, rebuild
from internvid_assets.selects.files import sql_files
from internvid_assets.selects.running import fetch

DOCS = Path(__file__).parents[2] / "docs"
COOKBOOK = (DOCS / "sql-cookbook.md").read_text(encoding="utf-8")
QUESTIONS = dict(re.findall(r"^## (.+?)\n.*?```sql\n(.+?)\n```", COOKBOOK, flags=re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def home(make_lake) -> Path:
    return make_lake()


def test_there_are_many_questions_each_with_one_query():
    assert len(QUESTIONS) >= 35
    assert COOKBOOK.count("```sql") == len(QUESTIONS) == COOKBOOK.count("\n## ")


def test_every_question_has_an_answer_on_the_lake(home: Path):
    with open_lake(home) as connection:
        unanswered = [question for question, query in QUESTIONS.items() if fetch(connection, query).is_empty()]
    assert unanswered == []


def test_the_warehouse_answers_alike(home: Path):
    rebuild(home / "warehouse.duckdb", home=home)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as warehouse, open_lake(home) as lake:
        for question, query in QUESTIONS.items():
            assert fetch(warehouse, query).columns == fetch(lake, query).columns, question
            assert fetch(warehouse, query).height == fetch(lake, query).height, question


def test_an_empty_lake_has_no_error(tmp_path: Path):
    with open_lake(tmp_path) as connection:
        for query in QUESTIONS.values():
            fetch(connection, query)


def test_the_guide_names_every_table(home: Path):
    guide = (DOCS / "sql.md").read_text(encoding="utf-8")
    names = [
        *tables.GRAPH,
        *tables.IMPORTED,
        *(file.name for kind in ("subsets", "marts") for file in sql_files(kind)),
    ]
    assert [name for name in names if f"`{name}`" not in guide] == []


def test_the_guides_python_runs(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rebuild(home / "warehouse.duckdb", home=home)
    (tmp_path / "data").symlink_to(home)
    monkeypatch.chdir(tmp_path)
    guide = (DOCS / "sql.md").read_text(encoding="utf-8")
    told: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.+?)\n```", guide, flags=re.DOTALL):
        exec(block, told)
    assert (told["shares"]["clips"].sum(), told["long"].height) == (3, 1)


def test_the_guides_queries_run(home: Path):
    rebuild(home / "warehouse.duckdb", home=home)
    guide = (DOCS / "sql.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.+?)\n```", guide, flags=re.DOTALL)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        assert [fetch(connection, query).is_empty() for query in queries] == [False] * len(queries)
    assert queries
