"""What a device said, from a file of the bytes that it sent, or from a capture. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from drivers.capture import Capture, Record, What, is_capture, parse
from drivers.clock import rfc3339
from drivers.dialects import AnyDialect
from drivers.readings import Item
from drivers.registry import DeviceSpec
from monitor.bed import DeviceInput, dump

LISTENING = "listen"
"""The option of a driver whose codec can do without having asked."""


def decoded(spec: DeviceSpec, data: bytes, source: str = "file") -> tuple[list[str], str]:
    """Each item that `data` holds, as the journal writes inputs; and what became of the bytes.

    A capture is recognised by itself, and its items have their times. Raises `CaptureError`, which
    names `source`.
    """
    if LISTENING in spec.kind.options:
        spec = replace(spec, options={**spec.options, LISTENING: True})
    codec = spec.codec()
    if is_capture(data):
        capture = parse(data, source)
        told = _of_capture(spec, codec, capture)
        size = sum(len(record.data) for record in capture.records if record.what is What.RX)
    else:
        told = [dump(DeviceInput(spec.id, item)) for item in _of_bytes(codec, data)]
        size = len(data)
    damaged = ", ".join(f"{why} {count}" for why, count in codec.stats.damaged.items() if count)
    summary = f"{size} bytes, {codec.stats.frames} frames of {codec.dialect or spec.driver}"
    return told, f"{summary}; lost: {damaged or 'none'}"


def _of_bytes(codec: AnyDialect, data: bytes) -> list[Item]:
    while True:
        codec.opened(0.0)
        items = codec.feed(data) + codec.closed()
        if items or not codec.try_next_line():
            return items


def _of_capture(spec: DeviceSpec, codec: AnyDialect, capture: Capture) -> list[str]:
    """What a daemon would have been told, and when: its codec is run by the capture's times."""
    names_line = any(record.what is What.OPEN for record in capture.records)
    while True:
        found = [_told(spec, capture, *each) for each in _timed(spec, codec, capture.records)]
        if found or names_line or not codec.try_next_line():
            return found


def _timed(
    spec: DeviceSpec, codec: AnyDialect, records: Iterable[Record]
) -> Iterator[tuple[float, Item]]:
    at_s = heard_s = 0.0
    codec.opened(at_s)
    for record in records:
        # A daemon ends a link that says nothing, and what its codec was going to do with it.
        until_s = min(record.at_s, heard_s + spec.kind.silent_after_s)
        while (due_s := codec.deadline_s) is not None and at_s < due_s <= until_s:
            at_s = due_s
            yield from ((at_s, item) for item in codec.handle_deadline(at_s))
        at_s = record.at_s
        if record.what is What.RX:
            heard_s = at_s
            yield from ((at_s, item) for item in codec.feed(record.data))
            if codec.deadline_s is not None:
                yield from ((at_s, item) for item in codec.handle_deadline(at_s))
        elif record.what is not What.TX:
            yield from ((at_s, item) for item in codec.closed())
            if record.what is What.OPEN:
                heard_s = at_s
                _set_line(codec, record.text)
                codec.opened(at_s)
        codec.data_to_send()
    yield from ((at_s, item) for item in codec.closed())


def _set_line(codec: AnyDialect, text: str) -> None:
    """Have the codec expect the line that `text` begins with, where one of its dialects has it."""
    for _ in codec.lines:
        if text.startswith(str(codec.line)):
            return
        codec.try_next_line()


def _told(spec: DeviceSpec, capture: Capture, at_s: float, item: Item) -> str:
    when: dict[str, object] = {"t_s": round(at_s, 3)}
    if capture.start is not None:
        when["at"] = rfc3339(capture.start + timedelta(seconds=at_s))
    text = dump(DeviceInput(spec.id, item))
    return f"{json.dumps(when, separators=(',', ':'))[:-1]},{text[1:]}"
