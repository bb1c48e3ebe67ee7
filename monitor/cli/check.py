"""Whether everything that a site's file names is really there."""

import asyncio
from collections.abc import Callable
from typing import Final

from alerts.rules import Severity, lint_rules, loader
from drivers.clock import Clock
from drivers.device import Device
from drivers.readings import (
    CuffState,
    DeviceReport,
    Identity,
    LinkChanged,
    LinkState,
    Measurement,
)
from drivers.registry import DeviceSpec
from monitor.daemon import StartError, broker, load_regimens
from monitor.session import jurisdictions
from monitor.settings import Settings

ANSWER_S: Final = 10.0
"""How long a device may take to say who it is."""

BROKER_S: Final = 3.0

Say = Callable[[Severity, str], None]


async def check_site(settings: Settings, say: Say) -> None:
    """Say of every part of `settings`, in a line each, whether it is there."""
    _files(settings, say)
    await _store(settings, say)
    await _broker(settings, say)
    specs = [(bed.id, device.spec()) for bed in settings.beds for device in bed.devices]
    answers = await asyncio.gather(*(_ask(spec) for _, spec in specs))
    for (bed, spec), (good, answer) in zip(specs, answers, strict=True):
        say(
            Severity.OK if good else Severity.FAULT,
            f"{bed}/{spec.id} ({spec.driver} at {spec.url}): {answer}",
        )


def _files(settings: Settings, say: Say) -> None:
    draft = loader.read_rules(settings.rules.set)
    for finding in lint_rules(draft, settings.given()):
        say(finding.level, f"rules: {finding.message}")
    if draft.rules is not None:
        say(Severity.OK, f"rules: {draft.rules.summary}")
    try:
        regimens = load_regimens(settings)
    except StartError as error:
        say(Severity.FAULT, f"regimens: {error}")
    else:
        say(Severity.OK, f"regimens: {', '.join(regimens.by_name)}")
    of = jurisdictions()[settings.site.jurisdiction]
    forms = "the monitoring form is sent" if of.sends_form else "no form is sent"
    say(Severity.OK, f"jurisdiction: {of.name} ({of.title}), {forms}")


async def _store(settings: Settings, say: Say) -> None:
    from monitor.journal import StoreError

    try:
        events = await _stored_events(settings.store.url)
    except StoreError as error:
        say(Severity.FAULT, f"store: {error}")
        return
    found = "will be made at the first start" if events is None else f"{events} events"
    say(Severity.OK, f"store: {found}")


async def _stored_events(url: str) -> int | None:
    """How many events the journal at `url` has; None when the first start makes it.

    Only reads, so that a daemon may be writing it. Raises `StoreError`.
    """
    from monitor.journal import (
        JournalReader,
        StoreError,
        parse_store_url,
        refuse_other_revisions,
        revision,
    )

    address = parse_store_url(url)
    if address.path is not None and not address.path.exists():
        folder = address.path.parent
        if not folder.is_dir():
            raise StoreError(
                f"directory {folder} is not there; create it (mkdir -p {folder}) "
                "or correct store.url"
            )
        return None
    journal = JournalReader(address)
    try:
        found = await asyncio.to_thread(journal.query_sync, revision)
        if found is None:
            return None
        refuse_other_revisions(address, found)
        return (await journal.head()).seq
    finally:
        await journal.close()


async def _broker(settings: Settings, say: Say) -> None:
    mqtt = settings.mqtt
    if not mqtt.enabled:
        say(Severity.OK, "broker: none, as mqtt.enabled says")
        return
    at = broker(settings)
    try:
        async with asyncio.timeout(BROKER_S):
            _, writer = await asyncio.open_connection(at.host, at.port)
        writer.close()
        await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        reason = str(error) or f"no answer in {BROKER_S:g} s"
        say(Severity.FAULT, f"broker {mqtt.url}: {reason}; is it running? Correct mqtt.url")
    else:
        say(Severity.OK, f"broker {mqtt.url}: accepts connections")


async def _ask(spec: DeviceSpec) -> tuple[bool, str]:
    """Open the device and wait for what it says of itself."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    last = LinkChanged(LinkState.CONNECTING, "nothing heard")

    def listen(report: DeviceReport) -> None:
        nonlocal last
        item = report.item
        if isinstance(item, LinkChanged):
            last = item if item.reason else last
        elif not told.done() and (said := _in_words(item)) is not None:
            told.set_result(said)

    device = asyncio.create_task(Device(spec, listen, Clock()).run())
    try:
        async with asyncio.timeout(ANSWER_S):
            return True, await told
    except TimeoutError:
        return False, last.reason or "nothing heard"
    finally:
        device.cancel()
        await asyncio.gather(device, return_exceptions=True)


def _in_words(item: object) -> str | None:
    match item:
        case Identity(model, serial, firmware):
            return " ".join(part for part in (model, serial, firmware) if part)
        case Measurement(readings, flags):
            values = [
                f"{reading.vital.value} {reading.value:g}"
                for reading in readings
                if reading.value is not None
            ]
            return "answers: " + ", ".join([*values, *sorted(flags)] or ["no values yet"])
        case CuffState(phase, pressure):
            return f"answers: {phase.value}, {pressure or 0} mmHg in the cuff"
        case _:
            return None
