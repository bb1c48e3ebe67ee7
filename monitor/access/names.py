"""Which names are one, which look like one, and which are none. Pure, and after two standards.

As RFC 8265 has it for user names, letters of another width, form or case are the same, and a
name is of letters, digits and the signs of ASCII. As Unicode TR39 has it for identifiers, the
letters are of one script, of those in use, and what Latin letters look like counts as they do;
of its tables only the letters that are drawn alike in Greek, Cyrillic, Armenian and Latin.
"""

import re
from typing import Final
from unicodedata import category, name, normalize

_ALONE: Final = """
    ARABIC ARMENIAN BENGALI CYRILLIC DEVANAGARI ETHIOPIC GEORGIAN GREEK GUJARATI GURMUKHI HEBREW
    KANNADA KHMER LAO LATIN MALAYALAM MYANMAR ORIYA SINHALA TAMIL TELUGU THAANA THAI TIBETAN
"""
_TOGETHER: Final = "BOPOMOFO CJK HANGUL HIRAGANA IDEOGRAPHIC KATAKANA KATAKANA-HIRAGANA"
"""Scripts that are written together: they count as one."""

_SCRIPTS: Final = (
    {word: word.title() for word in _ALONE.split()}
    | dict.fromkeys(_TOGETHER.split(), "East Asian")
    | {"COMBINING": None}
)
"""The scripts in use, by the first word of their letters' Unicode names; None for all of them."""

_UNSEEN: Final = re.compile("FILLER|JOINER|SELECTOR|INHERENT|OVERLAY")
"""Letters and marks, by their Unicode name, that cannot be seen, or draw over another."""

_AS_LATIN: Final = str.maketrans(
    "АВЕЅІЈКМНОРԚСТԜУҮХӀ" "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ" "ՕՍ" "ⱭƖꞬǀ",
    "ABESIJKMHOPQCTWYYXI" "ABEZHIKMNOPTYX" "OU" "AIGL",
)  # fmt: skip
"""Capitals that look like Latin ones."""


def composed(said: str) -> str:
    """`said` as it is kept: composed, in the plain forms of its letters, with single spaces."""
    return re.sub(" +", " ", normalize("NFKC", said)).strip()


def same_name(said: str) -> str:
    """What all spellings of one name have in common."""
    return normalize("NFKC", composed(said).casefold())


def skeleton(said: str) -> str:
    """What all names have in common that look like this one."""
    return same_name(said).upper().translate(_AS_LATIN)


def fault(kept: str) -> str | None:
    """Why a composed name is none, because of its letters; None for one that is."""
    scripts: set[str | None] = set()
    for letter in kept:
        if letter.isascii() and not letter.isalpha():
            continue
        called = name(letter, f"U+{ord(letter):04X}")
        script = called.split()[0]
        is_letter = letter.isalpha() or category(letter) in ("Mn", "Mc")
        if not is_letter or script not in _SCRIPTS or _UNSEEN.search(called):
            return f"{letter} ({called}) is no letter of a script in use, nor a sign of ASCII"
        scripts.add(_SCRIPTS[script])
    mixed = " and ".join(sorted(script for script in scripts if script))
    return f"its letters are {mixed}, not of one script" if " and " in mixed else None
