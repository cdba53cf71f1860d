"""The documentation tells the truth: its commands exist, its links lead somewhere, its lists are complete."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from internvid_assets.cli.reference import commands, reference
from internvid_assets.videos.refusals import PASSING_STATUSES, PERMANENT_STATUSES, SAID

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
COMMANDS = dict(commands())


STARTS_A_PROGRAM = re.compile(r"(?:[A-Z_]+=\S+ +)*(?:\S*/)?(?:internvid|make)(?: |$)")


def shown(page: Path) -> list[str]:
    """The commands that a page shows being typed; `\\` at its end continues a line."""
    return commands_of(page.read_text(encoding="utf-8"))


def commands_of(text: str) -> list[str]:
    """A console block has prompts before its commands and output between; other blocks have neither."""
    fences = re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    outside = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"(?:^|\n)[ \t]*\n((?: {4,}\S.*(?:\n|$))+)", outside)
    prompted = "\n".join(block for language, block in fences if language == "console").replace("\\\n", " ")
    bare = [block for language, block in fences if language in ("", "sh", "bash", "shell")]
    unprompted = "\n".join([*bare, *indented]).replace("\\\n", " ")
    lines = [line[2:] for line in prompted.splitlines() if line.startswith("$ ")]
    lines += [line.strip().removeprefix("$ ") for line in unprompted.splitlines()]
    return [command for line in lines for command in line.split(" && ") if STARTS_A_PROGRAM.match(command)]


def problem_with(line: str) -> str | None:
    """What is wrong with a line that starts one of our programs; null for a good one, and for others' programs."""
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    words = words[: min([words.index(end) for end in ("|", ">", "&&") if end in words], default=len(words))]
    program = Path(words[0]).name if words else ""
    if program == "make":
        return next(
            (f"no such target: {word}" for word in words[1:] if "=" not in word and word not in targets()), None
        )
    return problem_with_command(words[1:]) if program == "internvid" else None


def problem_with_command(words: list[str]) -> str | None:
    if words in ([], ["--help"]):
        return None
    path = next((path for path in COMMANDS if tuple(words[: len(path)]) == path), None)
    if path is None:
        return f"no such command: internvid {' '.join(words[:2])}"
    arguments = words[len(path) :]
    if "--help" in arguments:
        return None
    try:
        COMMANDS[path].make_context(" ".join(path), list(arguments))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


@cache
def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists(page: Path):
    problems = {line: problem for line in shown(page) if (problem := problem_with(line))}
    assert problems == {}


def test_commands_are_shown():
    assert sum(len(shown(page)) for page in PAGES) > 100
    assert len(shown(ROOT / "docs" / "quickstart.md")) >= 5
    assert len(shown(ROOT / "docs" / "operations.md")) >= 5


PAGE = """
Text that shows `internvid inline`.

```console
$ internvid typed --option \\
    continued
internvid printed
```

```
.venv/bin/internvid bare
internvidia is another program
```

    A=1 internvid indented   # why
    git pull && internvid indented too && make too

- An item
  internvid goes on in prose here.

```sql
internvid of another language
```
"""


def test_commands_are_found_in_every_kind_of_block():
    assert commands_of(PAGE) == [
        "internvid typed --option      continued",
        ".venv/bin/internvid bare",
        "A=1 internvid indented   # why",
        "internvid indented too",
        "make too",
    ]


@pytest.mark.parametrize("block", ["```\n{}\n```\n", "\n    {}\n", "\n    {}", "```console\n$ {}\n```\n"])
def test_a_wrong_command_is_noticed_in_every_kind_of_block(block: str):
    (line,) = commands_of("Text.\n" + block.format("internvid materialise"))
    assert problem_with(line) == "no such command: internvid materialise"


BAD = [
    "internvid materialise",
    "internvid materialize --categories sports",
    "internvid sql",
    "internvid recipes shew clips",
    ".venv/bin/internvid search --top 3 ball",
    "INTERNVID_HOME=/x internvid ingest --top 0 x",
    "make demos",
    "make demo tests",
]
GOOD = [
    "internvid",
    "internvid --help",
    "internvid plan --set a.b=1 | head",
    "internvid sql 'select 1' --format parquet > rows.parquet",
    "INTERNVID_HOME=/x .venv/bin/internvid status -f json",
    "make test ARGS='-k cells -x'  # a comment",
    "duckdb --nonsense",
]


@pytest.mark.parametrize("line", BAD)
def test_a_wrong_command_is_noticed(line: str):
    assert problem_with(line)


@pytest.mark.parametrize("line", GOOD)
def test_a_right_command_passes(line: str):
    assert problem_with(line) is None


def links(page: Path) -> Iterator[tuple[str, str]]:
    """(file, anchor) of every link of a page that leads into the repository."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield file, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_row_of_a_table_stands_below_a_header(page: Path):
    """An empty line in a table makes text of what follows."""
    blocks = re.split(r"\n\s*\n", page.read_text(encoding="utf-8"))
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert [lines[0] for lines in tables if len(lines) < 3 or set(lines[1]) - set("|- :")] == []


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path):
    for file, anchor in links(page):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{page.name} links to {file}, which does not exist"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {file}#{anchor}: no such heading"


def test_every_page_can_be_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page.suffix == ".md" and page not in reached and page.exists():
            reached.add(page)
            ahead += [(page.parent / file).resolve() for file, _ in links(page) if file]
    assert [page.name for page in PAGES if page not in reached] == []


def test_the_reference_is_what_help_says():
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == reference(), "docs/cli.md is stale: python -m internvid_assets.cli.reference > docs/cli.md"


def test_every_command_has_its_section():
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert [path for path in COMMANDS if f"\n## internvid {' '.join(path)}\n" not in written] == []


def test_every_reason_is_explained():
    """Every error code that the code raises, and every rule of eligibility."""
    package = ROOT / "internvid_assets"
    code = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    raised = set(re.findall(r'(?:CallError|of_trouble)\((?:at, |address, |source.name, )?\s*"(\w+)"', code))
    raised |= {"file_missing", "read_failed", *PERMANENT_STATUSES.values(), "server_error"}
    raised |= {*PASSING_STATUSES.values(), *(code for _, code, _ in SAID)}
    rules = set(re.findall(r'pl\.lit\("(\w+)"\)', (package / "videos" / "eligibility.py").read_text(encoding="utf-8")))
    rules |= set(re.findall(r'pl\.lit\("(\w+)"\)', (package / "clips" / "motion.py").read_text(encoding="utf-8")))
    assert {"too_short", "duplicate", "still", "not_a_video", "timed_out"} <= raised | rules
    page = (ROOT / "docs" / "your-own-videos.md").read_text(encoding="utf-8")
    assert sorted(reason for reason in raised | rules if f"`{reason}`" not in page) == []
