"""Finding the line of a key in a TOML text."""

import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.toml_positions import KeyPath, key_lines, line_at, suggest


@pytest.mark.parametrize(
    ("text", "place", "line"),
    [
        ("a = 1\nb = 2\n", ("b",), 2),
        ("# a = 1\n\na = 1", ("a",), 3),
        ("a = 1 # b = 2\nb = 2", ("b",), 2),
        ('a = "# b = 2 [x]"\nb = 2', ("b",), 2),
        ("a = '\\'\nb = 2", ("b",), 2),
        ('a = "\\"\\\\"\nb = 2', ("b",), 2),
        ('a = """\nb = 1\n""" # """\nb = 2', ("b",), 4),
        ('a = """""b""""" # x\nb = 2', ("b",), 2),
        ('a = """\\""""\nb = 2', ("b",), 2),
        ('a = ""\nb = 2', ("b",), 2),
        ('a = """"""\nb = 2', ("b",), 2),
        ("a = '''\n'b\n= 1'''''\nb = 2", ("b",), 4),
        ("a = [\n  1, # [\n  [2, 3],\n]\nb = 2", ("b",), 5),
        ("a = [\n  1, # [\n  [2,\n 3],\n]", ("a", 1, 1), 4),
        ("a=[\n  1,\n]\nb=2", ("b",), 4),
        ("a = [\n  'x' ,\n  2]", ("a", 1), 3),
        ("a = 1979-05-27 07:32:00\nb = 2", ("b",), 2),
        ("a = -1.5e3\r\nb = 2\r\n", ("b",), 2),
        ("a.b.c = 1\na.b.d = 2", ("a", "b", "d"), 2),
        ("a.b.c = 1\na.b.d = 2", ("a", "b"), 1),
        ('"a b" . \'c.d\' = 1\n"\\u00e4" = 2', ("ä",), 2),
        ("\"a b\" . 'c.d' = 1", ("a b", "c.d"), 1),
        ("[t]\nx = 1\n[u.v]\nx = 2", ("u", "v", "x"), 4),
        ("[ t . u ] # [x]\nx = 1", ("t", "u", "x"), 2),
        ('["]"]\nx = 1', ("]", "x"), 2),
        ("[t]# x = 1\nx = 2", ("t", "x"), 2),
        ("[[r]]# x = 1\nx = 2", ("r", 0, "x"), 2),
        ("[[r]]\nx = 1\n[[r]]\ny = 3\nx = 2", ("r", 1, "x"), 5),
        ("[[r]]\nx = 1\n\n[[r]]\nx = 2", ("r", 1), 4),
        ("[[r]]\n[r.s]\nx = 1\n[[r]]\n[r.s]\nx = 2", ("r", 1, "s", "x"), 6),
        ("[[r]]\n[[r.s]]\n[[r.s]]\n[[r]]\n[[r.s]]\nx = 2", ("r", 1, "s", 0, "x"), 6),
        ('a = { b = "x" , c = 2 }', ("a", "c"), 1),
        ("a = { b = 1, c.d = [{ e = 2 }] }", ("a", "c", "d", 0, "e"), 1),
        ("a = [\n  { b = 1, c = 2 },\n  { b = 3 },\n]", ("a", 1, "b"), 3),
    ],
)
def test_a_key_stands_where_it_is_written(text: str, place: KeyPath, line: int) -> None:
    tomllib.loads(text)
    assert key_lines(text)[place] == line


def test_what_is_not_written_stands_where_it_would_have_to_be() -> None:
    found = key_lines("x = 1\n[[r]]\ny = 1\n")
    assert line_at(found, ("r", 0, "z", 3)) == 2
    assert line_at(found, ("z",)) is None


def places(value: Any, at: KeyPath = ()) -> Iterator[KeyPath]:
    if at:
        yield at
    match value:
        case dict():
            for key, inner in value.items():
                yield from places(inner, (*at, key))
        case list():
            for n, inner in enumerate(value):
                yield from places(inner, (*at, n))


def shipped() -> list[str]:
    folders = (resources.files("alerts") / "sets", resources.files("monitor.session") / "regimens")
    files = (file for folder in folders for file in folder.iterdir())
    return [file.read_text(encoding="utf-8") for file in files if file.name.endswith(".toml")]


@pytest.mark.parametrize("text", shipped())
def test_every_key_of_the_files_that_ship_is_found(text: str) -> None:
    assert set(key_lines(text)) == set(places(tomllib.loads(text)))


TEXTS = st.text("#[]{}=,'\"\\ \nab", max_size=12)


def quoted(text: str) -> str:
    for sign, code in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        text = text.replace(sign, code)
    return f'"{text}"'


@given(TEXTS, TEXTS, st.integers(0, 3))
def test_no_key_and_no_string_leads_astray(key: str, value: str, before: int) -> None:
    block = value.replace("\\", "\\\\").replace('"', '\\"')
    text = f'[{quoted(key)}]\n"_" = """{block}"""\n' + "\n" * before + f"[[r]]\nx = {quoted(value)}"
    assert set(key_lines(text)) == set(places(tomllib.loads(text)))
    assert key_lines(text)["r", 0, "x"] == text.count("\n") + 1


def test_a_slip_is_answered_with_what_was_probably_meant() -> None:
    assert suggest("belwo", ["above", "below"]) == "did you mean below?"
    assert suggest("xyz", ["below", "above"]) == "there are: above, below"
