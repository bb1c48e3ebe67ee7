"""What is wrong at a bed, and of what nobody can say whether it is. Pure."""

from collections.abc import Mapping

from alerts.evaluation import ConditionAt


class TechnicalConditions:
    """The troubles of a bed's devices, and under None those of the bed and the site.

    `present` gives the reason for each that is there; `unseen` are those that cannot be
    told, because the device that would tell is not heard.
    """

    def __init__(self) -> None:
        self.present: Mapping[ConditionAt, str] = {}
        self.unknown: frozenset[ConditionAt] = frozenset()
        self._of: dict[str | None, tuple[Mapping[str, str], frozenset[str]]] = {}

    def update(
        self, of: str | None, found: Mapping[str, str], unseen: frozenset[str] = frozenset()
    ) -> set[ConditionAt]:
        """Take what troubles `of` now; the troubles that a rule has to look at."""
        before, unseen_before = self._of.get(of, ({}, frozenset()))
        if found == before and unseen == unseen_before:
            return set()
        self._of[of] = found, unseen
        self.present = {
            (name, device): reason
            for device, (there, _) in self._of.items()
            for name, reason in there.items()
        }
        self.unknown = frozenset(
            (name, device) for device, (_, blind) in self._of.items() for name in blind
        )
        return {(name, of) for name in (found.keys() ^ before.keys()) | (unseen ^ unseen_before)}
