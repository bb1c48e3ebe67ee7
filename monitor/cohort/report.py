"""A cohort's summary as text."""

from collections.abc import Iterable, Sequence
from math import isinf

from alerts.rules import Priority
from monitor.cohort.summary import AlarmLoad, Summary
from monitor.session import CheckState
from simulators.targets import TargetResult

ADVISORY = "advisory"


def report(summary: Summary) -> str:
    """Everything that `summary` says, in plain columns."""
    ends = ", ".join(f"{count:,} {end}" for end, count in summary.ends.items())
    parts = [f"How {summary.hours:,.0f} patient-hours ended: {ends}."]
    if summary.findings:
        parts.append(_table(["target", "expected", "here", ""], map(_target, summary.findings)))
    parts.append(
        _table(["mean rise, min after the dose", "systolic", "diastolic"], _rises(summary))
    )
    parts.append(_readiness(summary))
    parts.append(_checks(summary))
    parts.append(_burden(summary))
    parts.append(
        f"Alarms that nobody had taken called again {summary.called_again:,} times.\n"
        f"{summary.blind_patients:,} of {summary.patients:,} patients were without a saturation "
        f"for a while: {summary.blind_min:,.0f} min in all, "
        f"{summary.blind_longest_s:.0f} s at most."
    )
    return "\n\n".join(parts)


def _target(finding: TargetResult) -> Sequence[str]:
    found = "none" if finding.found is None else f"{finding.found:.1f} {finding.unit}"
    return finding.name, expected(finding), found, "" if finding.met else "MISSED"


def expected(finding: TargetResult) -> str:
    """A target's range in words."""
    if finding.unit == "%" and finding.high >= 100.0:
        return f"{finding.low:g} % or more"
    return f"{finding.low:.1f} to {finding.high:.1f} {finding.unit}"


def _rises(summary: Summary) -> Iterable[Sequence[str]]:
    for minute, sys, dia in summary.rises:
        yield f"{minute}", f"{sys:+.1f}", f"{dia:+.1f}"


def _readiness(summary: Summary) -> str:
    by = ", ".join(
        f"{share} % {'never' if isinf(minute) else f'by {minute:.0f}'}"
        for share, minute in summary.ready_min.items()
    )
    kept = ", ".join(f"{name} {count}" for name, count in summary.kept.items()) or "nobody"
    return f"Ready but for the window and the escort, in min: {by}.\nKept at 120 min: {kept}."


def _checks(summary: Summary) -> str:
    fell_due = {name: n for name, n in summary.checks.items() if name != CheckState.UPCOMING}
    total = sum(fell_due.values())
    shares = ", ".join(
        f"{fell_due[state] / total:.1%} {state}" for state in CheckState if state in fell_due
    )
    return f"Of {total:,} checks that fell due: {shares or 'none'}."


def _burden(summary: Summary) -> str:
    rows = [
        [row.rule, _sort(row), f"{row.alarms:,}", f"{row.per_hour:.3f}", _percent(row)]
        for row in summary.burden
    ]
    for sort in (*(priority.label for priority in reversed(Priority)), ADVISORY):
        mine = [row for row in summary.burden if _sort(row) == sort]
        if mine:
            alarms, acted = sum(row.alarms for row in mine), sum(row.acted for row in mine)
            rows.append(
                [
                    "all",
                    sort,
                    f"{alarms:,}",
                    f"{alarms / summary.hours:.3f}",
                    f"{acted / alarms:.0%}",
                ]
            )
    return _table(["alarm", "priority", "times", "an hour", "acted on"], rows)


def _sort(row: AlarmLoad) -> str:
    return ADVISORY if row.kind == ADVISORY else row.priority


def _percent(row: AlarmLoad) -> str:
    return f"{row.acted / row.alarms:.0%}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    left = [
        all(not line[column][:1].isdigit() for line in lines[1:]) for column in range(len(head))
    ]
    left[0] = True
    return "\n".join(
        "  ".join(
            cell.ljust(width) if is_left else cell.rjust(width)
            for cell, width, is_left in zip(line, widths, left, strict=True)
        ).rstrip()
        for line in lines
    )
