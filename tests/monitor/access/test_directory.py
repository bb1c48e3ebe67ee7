"""Who a credential stands for, and until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unicodedata import normalize

import pytest

from monitor.access.credentials import hashed, matches
from monitor.access.directory import Account, Directory, Principal, Role, Stay, Token
from monitor.access.names import same_name, skeleton
from monitor.access.throttle import FORGOTTEN_S, FREE, LONGEST_WAIT_S, MOST, Throttle, Try
from monitor.access.words import AccessError, check_password, check_pin, checked_name, parse_until

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ROSSI = Account("M. Rossi", Role.NURSE, "…", "…", NOW)
KLEIN = Account("J. Klein", Role.CLINICIAN, "…", None, NOW)
DIRECTORY = Directory(
    accounts=(ROSSI, KLEIN),
    tokens=(Token("wall", "t", Role.VIEWER, NOW, LATER),),
    sign_ins={"p": Stay("M. Rossi", LATER)},
    stations={"s": (Stay("M. Rossi", LATER), Stay("J. Klein", LATER))},
)


def test_a_credential_stands_for_somebody_until_it_is_over() -> None:
    assert DIRECTORY.person("p", NOW) == Principal("M. Rossi", Role.NURSE)
    assert DIRECTORY.machine("t", NOW) == Principal("wall", Role.VIEWER)
    assert DIRECTORY.station("s", NOW) == Principal(None, Role.VIEWER)
    assert DIRECTORY.people_at("s", NOW) == (KLEIN, ROSSI)
    for found in (DIRECTORY.person, DIRECTORY.machine, DIRECTORY.station):
        assert found("s" if found == DIRECTORY.person else "p", NOW) is None
        assert found("p" if found == DIRECTORY.person else "t", LATER) is None
    assert DIRECTORY.station("s", LATER) is None


def test_who_is_disabled_is_nobody_and_known_nowhere() -> None:
    gone = replace(DIRECTORY, accounts=(replace(ROSSI, disabled_at=NOW), KLEIN))
    assert gone.person("p", NOW) is None
    assert gone.people_at("s", NOW) == (KLEIN,)
    revoked = replace(DIRECTORY, tokens=(replace(DIRECTORY.tokens[0], revoked_at=NOW),))
    assert revoked.machine("t", NOW) is None
    assert replace(gone, accounts=(gone.accounts[0],)).has_users


def test_a_name_is_one_in_whatever_letters() -> None:
    assert DIRECTORY.account(" m. ROSSI ") == ROSSI
    assert checked_name("  Jos\u0065\u0301 ") == "Jos\u00e9"


def test_a_name_is_one_in_whatever_width_form_and_composition() -> None:
    for said, kept in (("ＪＯ", "JO"), ("ﬁnn", "finn"), ("J.\u00a0 Klein", "J. Klein")):
        assert checked_name(said) == kept
    for one, other in (
        ("Straße", "STRASSE"),
        ("Jos\u00e9", "JOSE\u0301"),
        ("J.  Klein", "j. klein"),
    ):
        assert same_name(one) == same_name(other)
    for name in ("Ольга", "Νίκος", "山田 たろう", "김민준", "محمد", "Ọ̀ṣun", "Đặng", "O'Brien-2"):
        assert checked_name(name) == normalize("NFKC", name)


def test_names_that_look_alike_are_told() -> None:
    for one, other in (
        ("Coco", "Сосо"),
        ("nurse.i", "nurse.ı"),
        ("TAKIS", "TAKIS"),
        ("Ann", "ANN"),
    ):
        assert skeleton(one) == skeleton(other)
    assert skeleton("Anna") != skeleton("Anne")
    for name, why in (
        ("nursе.a", "Cyrillic and Latin"),
        ("Μaria", "Greek and Latin"),
        ("nurse\u0301\u034f", "JOINER"),
        ("n\u3164urse", "FILLER"),
        ("O\u2019Brien", "RIGHT SINGLE QUOTATION MARK"),
        ("nurse\u2800", "BRAILLE"),
        ("n\u0661", "ARABIC-INDIC DIGIT ONE"),
        ("ᎪᏴ", "CHEROKEE"),
    ):
        with pytest.raises(AccessError, match=why):
            checked_name(name)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 65, "a\u200eb", "(a station)"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(AccessError):
        checked_name(name)


def test_what_is_easily_guessed_is_refused() -> None:
    for password in ("short", "aaaaaaaaaaaa", "m. rossi m. rossi", "x" * 201):
        with pytest.raises(AccessError):
            check_password("M. Rossi", password)
    check_password("M. Rossi", "tulip stairs november")
    for pin in ("123", "1234", "8765", "0000", "123456789", "12a4", "٢٥٨٠"):
        with pytest.raises(AccessError):
            check_pin(pin)
    check_pin("2580")


def test_a_password_is_kept_as_a_slow_hash_of_its_own() -> None:
    stored = hashed("tulip stairs november")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert matches(stored, "tulip stairs november")
    assert not matches(stored, "tulip stairs")
    assert not matches(None, "tulip stairs november")


def test_an_end_is_days_from_now_or_the_end_of_a_day() -> None:
    assert parse_until("90d", NOW) == NOW + timedelta(days=90)
    assert parse_until("2026-01-05", NOW) == datetime(2026, 1, 6, tzinfo=UTC)
    for text in ("2026-01-04", "soon", "0d", "90"):
        with pytest.raises(AccessError):
            parse_until(text, NOW)


def tries(throttle: Throttle, count: int, person: str, address: str, now_s: float = 0) -> None:
    for _ in range(count):
        throttle.note_wrong(Try(person, address), now_s)


def wait_s(
    throttle: Throttle, person: str, address: str, now_s: float = 0, station: str | None = None
) -> float:
    return throttle.wait_s(Try(person, address, station), now_s)


def test_wrong_tries_make_the_next_wait_longer_and_longer() -> None:
    throttle = Throttle()
    tries(throttle, FREE["person-at"] - 1, "rossi", "here")
    assert wait_s(throttle, "rossi", "here") == 0
    tries(throttle, 1, "rossi", "here")
    first = wait_s(throttle, "rossi", "here")
    tries(throttle, 1, "rossi", "here")
    assert wait_s(throttle, "rossi", "here") == 2 * first > 0
    assert wait_s(throttle, "rossi", "here", 2 * first) == 0
    tries(throttle, 12, "rossi", "here")
    assert wait_s(throttle, "rossi", "here") == LONGEST_WAIT_S["person-at"]
    assert wait_s(throttle, "rossi", "here", FORGOTTEN_S) == 0


def test_one_who_guesses_keeps_no_other_from_signing_in() -> None:
    throttle = Throttle()
    tries(throttle, FREE["address"], "rossi", "there")
    assert wait_s(throttle, "klein", "there") > 0
    assert wait_s(throttle, "rossi", "there", station="theirs") == 0
    throttle = Throttle()
    for n in range(FREE["person"]):
        tries(throttle, 1, "rossi", f"host-{n}")
    assert wait_s(throttle, "rossi", "here") > 0
    assert wait_s(throttle, "rossi", "here", station="theirs") == 0


def test_a_station_of_many_waits_for_seconds_at_most() -> None:
    throttle = Throttle()
    for n in range(10 * FREE["address"]):
        tries(throttle, 1, f"name-{n}", "ward")
        if n < 99:
            assert wait_s(throttle, "rossi", "ward") == 0
    assert wait_s(throttle, "rossi", "ward") == LONGEST_WAIT_S["address"] == 5


def test_at_a_station_that_knows_them_a_persons_own_tries_count() -> None:
    throttle = Throttle()
    for _ in range(FREE["person-at"]):
        throttle.note_wrong(Try("rossi", "ward", "theirs"), 0)
    assert wait_s(throttle, "rossi", "ward", station="theirs") > 0
    assert wait_s(throttle, "klein", "ward", station="theirs") == 0
    assert wait_s(throttle, "rossi", "ward") == 0


def test_a_right_try_forgives_a_persons_own_mistakes() -> None:
    throttle = Throttle()
    tries(throttle, FREE["person-at"], "rossi", "here")
    throttle.note_right(Try("rossi", "here"))
    assert wait_s(throttle, "rossi", "here") == 0


def test_a_flood_of_names_takes_no_more_memory() -> None:
    throttle = Throttle()
    for n in range(MOST):
        tries(throttle, 1, f"name-{n}", "there", n / 1000)
    assert len(throttle._wrong) <= MOST
    assert wait_s(throttle, "rossi", "there", MOST / 1000) > 0
