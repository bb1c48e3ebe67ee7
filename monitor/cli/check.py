"""Whether everything that a site's file names is really there."""

import asyncio
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from alerts.rules import Severity, lint_rules, loader
from drivers.capture_writer import KEEP_FREE_BYTES
from drivers.clock import Clock
from drivers.identify import ask, identify
from drivers.links import LinkError
from drivers.registry import DeviceSpec
from monitor import versions
from monitor.access import MISSING, AbsentError, AccessStore, Account
from monitor.daemon import StartError, broker, load_regimens
from monitor.mqtt import broker_fault
from monitor.session import jurisdictions
from monitor.settings import Settings

ANSWER_S: Final = 10.0
"""How long a device may take to say who it is."""

Say = Callable[[Severity, str], None]


async def check_site(settings: Settings, say: Say) -> None:
    """Say of every part of `settings`, in a line each, whether it is there."""
    for difference in versions.differing():
        say(Severity.WARNING, f"versions: not tested with {difference}; install by the lock")
    _files(settings, say)
    await _store(settings, say)
    await _users(settings, say)
    await _broker(settings, say)
    check_captures(settings, say)
    specs = [(bed.id, device.spec()) for bed in settings.beds for device in bed.devices]
    answers = await asyncio.gather(*(_answer(spec) for _, spec in specs))
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
        stored = await _stored(settings.store.url)
    except StoreError as error:
        say(Severity.FAULT, f"store: {error}")
        return
    if stored is None:
        say(Severity.OK, "store: will be made at the first start")
        return
    events, occupied = stored
    say(Severity.OK, f"store: {events} events")
    for bed in occupied:
        if bed not in {each.id for each in settings.beds}:
            say(
                Severity.FAULT,
                f"store: {bed} has an open session or alarm and is not in the file; "
                "name it there until both have ended",
            )


async def _stored(url: str) -> tuple[int, list[str]] | None:
    """How many events the journal at `url` has, and the beds with something open.

    None when the first start makes it. Only reads, so that a daemon may be writing it.
    Raises `StoreError`.
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
        return (await journal.head()).seq, await journal.occupied_beds()
    finally:
        await journal.close()


async def _users(settings: Settings, say: Say) -> None:
    from monitor.journal import StoreError

    store, api = AccessStore(settings.store.url), settings.api
    accounts: tuple[Account, ...] = ()
    try:
        with suppress(AbsentError):
            accounts = (await asyncio.to_thread(store.read)).accounts
    except StoreError as error:
        say(Severity.FAULT, f"users: could not be read: {error}")
        return
    active = sum(account.is_active for account in accounts)
    if accounts:
        say(Severity.OK, f"users: {active} of {len(accounts)} may sign in")
    elif store.mark.is_set:
        say(Severity.FAULT, f"users: none, and nobody can act: {MISSING}")
    elif api.enabled and (api.others_reach or api.needs_users):
        why = "others reach api.host" if api.others_reach else "api.needs_users is true"
        say(Severity.FAULT, f"users: none, and {why}; add one: postdose user add")
    else:
        say(Severity.OK, "users: none, anybody on this machine acts under any name")


async def _broker(settings: Settings, say: Say) -> None:
    mqtt = settings.mqtt
    if not mqtt.enabled:
        say(Severity.OK, "broker: none, as mqtt.enabled says")
        return
    if (fault := await broker_fault(broker(settings))) is not None:
        say(Severity.FAULT, f"broker {mqtt.url}: {fault}")
    else:
        say(Severity.OK, f"broker {mqtt.url}: lets us in")


def check_captures(settings: Settings, say: Say) -> None:
    """Where each capture lies, how much it may take, and whether there is room for it."""
    from monitor.journal import StoreError

    wanted, limits = settings.captured(), settings.capture
    if not wanted:
        return
    try:
        folder = settings.capture_folder
    except StoreError:
        return
    for bed, device in sorted(wanted):
        say(
            Severity.OK,
            f"{bed}/{device}: is captured in {folder / bed / device}, at most {limits.files} files "
            f"of {limits.file_mb} MB, which hold measurements of a patient",
        )
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        say(Severity.FAULT, f"capture: {there} cannot be written; correct capture.folder")
        return
    needed_mb = len(wanted) * limits.files * limits.file_mb + KEEP_FREE_BYTES // 1_000_000
    free_mb = shutil.disk_usage(there).free // 1_000_000
    if free_mb < needed_mb:
        say(
            Severity.WARNING,
            f"capture: {free_mb} MB are free at {there}, and captures may need {needed_mb} MB with "
            "what they leave free; the devices are read on when the disk is full",
        )


async def _answer(spec: DeviceSpec) -> tuple[bool, str]:
    """Whether the device says who it is, and what; else what is wrong, or who speaks instead."""
    clock = Clock()
    answer = await ask(spec, clock, ANSWER_S)
    if answer.words is not None:
        return True, answer.words
    try:
        found = await identify(spec.url, clock)
    except LinkError:
        return False, answer.failure
    if not found.candidates or found.candidates[0].driver == spec.driver:
        return False, answer.failure
    return False, f"configured {spec.driver}, but another answers: {found.words}"
