"""Rule sets from TOML: those that ship, a site's own, and one that extends another."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from alerts.rules.model import Escalation, Rule, RuleSet
from alerts.rules.parser import RuleError, file_from, rule_from
from alerts.rules.toml_positions import KeyPath, key_lines, line_at
from alerts.rules.toml_tables import RuleFile, RuleSyntaxError

__all__ = [
    "ParsedRuleSet",
    "RuleError",
    "from_texts",
    "load_rules",
    "parse",
    "read_rules",
    "shipped",
]


@dataclass(frozen=True, slots=True)
class ParsedRuleSet:
    """A set as far as it can be read: all that is wrong with it, or its `rules`.

    `places` says where each of the file's own rules is written, and `base` is the set that
    it extends.
    """

    source: str
    faults: Sequence[str]
    rules: RuleSet | None = None
    base: RuleSet | None = None
    places: Mapping[str, KeyPath] = field(default_factory=dict)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)

    def at(self, place: KeyPath) -> str:
        """`place` as people look it up: the file and its line."""
        line = line_at(self.lines, place)
        return self.source if line is None else f"{self.source}:{line}"

    def validated(self) -> RuleSet:
        """The set. Raises `RuleError` with the first fault when there is one."""
        if self.rules is None:
            raise RuleError(self.faults[0])
        return self.rules


def shipped() -> list[str]:
    """The names of the sets that come with Postdose."""
    files = resources.files("alerts").joinpath("sets").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_rules(name_or_path: str) -> RuleSet:
    """The shipped set of that name, or the one in that file. Raises `RuleError`."""
    return read_rules(name_or_path).validated()


def read_rules(name_or_path: str) -> ParsedRuleSet:
    """The shipped set of that name, or the one in that file, with all that is wrong with it."""
    try:
        return _load(name_or_path, ())
    except RuleError as error:
        return ParsedRuleSet(name_or_path, [str(error)])


def parse(text: str, where: str) -> RuleSet:
    """The set written in `text`; `where` names it in errors. Raises `RuleError`."""
    return _read(text, where, ()).validated()


def from_texts(
    texts: Sequence[str], where: str, renamed: Mapping[str, str] | None = None
) -> RuleSet:
    """The set that these `RuleSet.texts` were kept of. Raises `RuleError`.

    `renamed` gives today's names of the technical conditions that they call otherwise.
    """
    return _read(texts[0], where, (), texts[1:], renamed or {}).validated()


def _load(name_or_path: str, above: tuple[Path, ...]) -> ParsedRuleSet:
    """`above` are the files that lead here, outermost first: names are looked for beside the last.

    Raises `RuleError` when there is nothing to read.
    """
    if name_or_path in shipped():
        source = resources.files("alerts").joinpath("sets", f"{name_or_path}.toml")
        return _read(source.read_text(encoding="utf-8"), name_or_path, above)
    path = (above[-1].parent if above else Path()) / name_or_path
    if path.resolve() in above:
        raise RuleError(f"{above[-1]}: extends = {name_or_path!r} leads back to itself; remove it")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(shipped())
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise RuleError(
            f"{name_or_path}: {reason}; give a readable TOML file or one of: {known}"
        ) from error
    return _read(text, str(path), (*above, path.resolve()))


def _read(
    text: str,
    where: str,
    above: tuple[Path, ...],
    extended: Sequence[str] = (),
    renamed: Mapping[str, str] = MappingProxyType({}),
) -> ParsedRuleSet:
    """`extended` holds the texts of what it extends, where they are not to be looked for."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return ParsedRuleSet(where, [f"{where}: not TOML: {error}"])
    draft = ParsedRuleSet(where, [], lines=key_lines(text))
    faults: list[str] = []
    file, base, escalation = None, None, Escalation()
    try:
        file = file_from(data)
        if file.extends is not None and extended:
            base = from_texts(extended, where, renamed)
        elif file.extends is not None:
            base = _load(file.extends, above).validated()
        escalation = escalation if base is None else base.escalation
        if file.escalation is not None:
            escalation = file.escalation.over(escalation)
    except RuleSyntaxError as fault:
        faults.append(f"{draft.at(fault.place)}: {fault}")
    except RuleError as error:
        faults.append(str(error))
    rules = {} if base is None else {rule.id: rule for rule in base.rules}
    places: dict[str, KeyPath] = {}
    tables = [_in_todays_names(table, renamed) for table in _tables(data)]
    for place, rule in _rules(tables, draft, faults):
        rules[rule.id], places[rule.id] = rule, place
    if not rules and not faults:
        faults.append(f'{where}: has no rule; add [[rule]] tables or extends = "default"')
    if faults or file is None:
        return ParsedRuleSet(where, faults)
    whole = _assembled(file, text, base, tuple(rules.values()), escalation)
    return ParsedRuleSet(where, [], whole, base, places, draft.lines)


def _assembled(
    file: RuleFile,
    text: str,
    base: RuleSet | None,
    rules: tuple[Rule, ...],
    escalation: Escalation,
) -> RuleSet:
    """The set of `file`: its hash is of its text and of the hash of what it extends."""
    digest = hashlib.sha256(text.encode())
    texts: tuple[str, ...] = () if base is None else base.texts
    renew = None if base is None else base.renew_text_after_s
    if file.text is not None:
        renew = file.text.renew_after_s
    if base is not None:
        digest.update(base.hash.encode())
    return RuleSet(
        name=file.name,
        version=file.version,
        hash=digest.hexdigest(),
        rules=rules,
        escalation=escalation,
        texts=(text, *texts),
        renew_text_after_s=renew,
    )


def _tables(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    tables = data.get("rule", [])
    return [t for t in tables if isinstance(t, dict)] if isinstance(tables, list) else []


def _in_todays_names(table: Mapping[str, Any], renamed: Mapping[str, str]) -> Mapping[str, Any]:
    name = table.get("technical")
    return {**table, "technical": renamed[name]} if name in [*renamed] else table


def _rules(
    tables: Sequence[Mapping[str, Any]], draft: ParsedRuleSet, faults: list[str]
) -> Iterator[tuple[KeyPath, Rule]]:
    """The file's own rules and where they are; what is wrong with others joins `faults`."""
    ids: set[str] = set()
    for n, table in enumerate(tables):
        try:
            rule = rule_from(table)
            if rule.id in ids:
                raise RuleSyntaxError("is there twice; rename or remove one", "id")
            ids.add(rule.id)
            yield ("rule", n), rule
        except RuleSyntaxError as fault:
            named = f"rule {table['id']}: " if "id" in table else ""
            faults.append(f"{draft.at(('rule', n, *fault.place))}: {named}{fault}")
