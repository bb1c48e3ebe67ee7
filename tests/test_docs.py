"""The documentation: every link leads somewhere, and every file that a page names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
ROOMS = ("tutorial", "how-to", "reference", "explanation")
DATED = {"CHANGELOG.md", "docs/explanation/mutants.md"}
"""Pages that tell of the code as it was, as the decision records do."""

FENCED = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+).+?\1")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
PLACEHOLDER = re.compile(r"NAME|\b(test_)?x\.py$")
MODULE = re.compile(r"`((?:drivers|alerts|monitor|api|simulators|tests)/[\w./-]*)`")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    found: dict[str, int] = {}
    names = set()
    for heading in HEADING.findall(prose(page)):
        name = slug(heading)
        count = found.get(name, 0)
        found[name] = count + 1
        names.add(f"{name}-{count}" if count else name)
    return names


def links(page: Path) -> list[str]:
    return LINK.findall(CODE.sub("", prose(page)))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_resolves(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in PAGES
        if name_of(page) not in DATED and DOCS / "decisions" not in page.parents
    ],
    ids=name_of,
)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = [name for name in MODULE.findall(prose(page)) if not PLACEHOLDER.search(name)]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_page_of_the_four_rooms_is_in_the_index() -> None:
    index = DOCS / "README.md"
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    pages = {page for room in ROOMS for page in (DOCS / room).glob("*.md")}
    assert pages - listed == set()


def test_every_decision_is_in_the_index_under_its_title() -> None:
    folder = DOCS / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for record in folder.glob("[0-9]*.md"):
        number, title = HEADING.findall(record.read_text(encoding="utf-8"))[0].split(" ", 1)
        assert record.name.startswith(f"{number}-")
        assert f"| [{number}]({record.name}) | {title} |" in index


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("A real site", "a-real-site"),
        ("`alerts/engine.py`", "alertsenginepy"),
        ("Escalation, in short", "escalation-in-short"),
        ("See [the rules](rules.md)", "see-the-rules"),
    ],
)
def test_an_anchor_is_the_one_that_the_page_gets(heading: str, anchor: str) -> None:
    assert slug(heading) == anchor
