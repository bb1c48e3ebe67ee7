"""Rule sets from TOML: those that ship, a site's own, and one that extends another."""

import hashlib
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from alerts.rules import Rule, RuleSet
from alerts.ruletable import RuleError, rule_from

__all__ = ["RuleError", "load", "parse", "shipped"]


def shipped() -> list[str]:
    """The names of the sets that come with Postdose."""
    files = resources.files("alerts").joinpath("sets").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load(name_or_path: str) -> RuleSet:
    """The shipped set of that name, or the one in that file. Raises `RuleError`."""
    return _load(name_or_path, ())


def _load(name_or_path: str, above: tuple[Path, ...]) -> RuleSet:
    if name_or_path in shipped():
        source = resources.files("alerts").joinpath("sets", f"{name_or_path}.toml")
        return parse(source.read_text(encoding="utf-8"), name_or_path)
    path = (above[-1].parent if above else Path()) / name_or_path
    if path.resolve() in above:
        raise RuleError(f"{above[-1]}: extends = {name_or_path!r} leads back to itself; remove it")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(shipped())
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise RuleError(
            f"{name_or_path}: {reason}; give a readable TOML file or one of: {known}"
        ) from error
    return parse(text, str(path), (*above, path.resolve()))


def parse(text: str, where: str, above: tuple[Path, ...] = ()) -> RuleSet:
    """The set written in `text`; `where` names it in errors.

    `above` are the files that lead to it, outermost first and its own one last: what it
    extends is looked for beside it. Raises `RuleError`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{where}: not TOML: {error}") from error
    unknown = data.keys() - {"name", "version", "extends", "rule"}
    if unknown:
        raise RuleError(
            f"{where}: unknown key {min(unknown)}; a set has name, version, extends, [[rule]]"
        )
    for key in ("name", "version"):
        if not isinstance(data.get(key), str):
            raise RuleError(f'{where}: {key} is missing; write {key} = "…"')
    rules: dict[str, Rule] = {}
    digest = hashlib.sha256(text.encode())
    if "extends" in data:
        if not isinstance(data["extends"], str):
            raise RuleError(f'{where}: extends is a name or a file; write extends = "default"')
        parent = _load(data["extends"], above)
        rules = {rule.id: rule for rule in parent.rules}
        digest.update(parent.hash.encode())
    for rule_data in _own_rules(data, where):
        rule = rule_from(rule_data, where)
        rules[rule.id] = rule
    if not rules:
        raise RuleError(f'{where}: has no rule; add [[rule]] tables or extends = "default"')
    return RuleSet(data["name"], data["version"], digest.hexdigest(), tuple(rules.values()))


def _own_rules(data: Mapping[str, Any], where: str) -> list[Mapping[str, Any]]:
    tables = data.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RuleError(f"{where}: rules are written as [[rule]] tables")
    seen: set[str] = set()
    for table in tables:
        rule_id = table.get("id")
        if not isinstance(rule_id, str) or not rule_id:
            raise RuleError(f"{where}: a rule has no id; give each [[rule]] its own id")
        if rule_id in seen:
            raise RuleError(f"{where}: rule {rule_id} is there twice; rename or remove one")
        seen.add(rule_id)
    return tables
