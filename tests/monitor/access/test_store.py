"""Who may act, as both databases keep it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.access import AbsentError, AccessError, AccessStore, Account, Directory, Role, Token
from monitor.access.directory import Stay
from monitor.journal import StoreError
from monitor.journal.migrate import upgrade

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ROSSI = Account("M. Rossi", Role.NURSE, "…", None, NOW)
KLEIN = Account("J. Klein", Role.CLINICIAN, "…", "…", NOW)
WALL = Token("wall", "t", Role.VIEWER, NOW, LATER)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AccessStore:
    if request.param == "postgresql":
        return AccessStore(request.getfixturevalue("postgresql_url"))
    return AccessStore(f"sqlite:///{tmp_path_factory.mktemp('access')}/postdose.db")


def test_what_is_changed_is_read(store: AccessStore) -> None:
    with pytest.raises(StoreError, match="is not there"):
        store.read()
    assert not store.mark.is_set
    assert store.add_account(ROSSI)
    store.forget_all()
    assert store.read() == Directory()
    assert not store.mark.is_set
    with pytest.raises(AccessError, match="first postdose user add"):
        store.add_token(WALL)
    assert [store.add_account(ROSSI), store.add_account(KLEIN)] == [True, False]
    store.add_token(WALL)
    assert store.read() == Directory(accounts=(KLEIN, ROSSI), tokens=(WALL,))
    for taken in ("m. rossi", "WALL"):
        with pytest.raises(AccessError, match="already"):
            store.add_account(replace(ROSSI, name=taken))
        with pytest.raises(AccessError, match="already"):
            store.add_token(replace(WALL, name=taken))
    store.keep_sign_in("p", Stay("M. Rossi", LATER), ("s", Stay("M. Rossi", LATER)), NOW)
    store.keep_sign_in("q", Stay("J. Klein", LATER), ("s", Stay("J. Klein", LATER)), NOW)
    store.keep_sign_in("r", Stay("J. Klein", LATER), ("s", Stay("J. Klein", LATER)), NOW)
    assert store.read().sign_ins.keys() == {"p", "q", "r"}
    assert len(store.read().stations["s"]) == 2
    store.end_sign_in("q")
    store.change_account("m. rossi", ends_sign_ins=True, disabled_at="2026-01-05T09:00:00.000Z")
    assert store.read().sign_ins.keys() == {"r"}
    assert store.read().stations == {"s": (Stay("J. Klein", LATER),)}
    assert store.read().accounts[1].disabled_at == NOW + timedelta(hours=1)
    store.keep_sign_in("z", Stay("J. Klein", LATER + timedelta(days=1)), None, LATER)
    assert store.read().sign_ins.keys() == {"z"}
    assert not store.read().stations
    store.revoke_token("Wall", NOW)
    assert store.read().tokens == (replace(WALL, revoked_at=NOW),)
    for nobody in ("nobody", "wall"):
        with pytest.raises(AccessError):
            store.revoke_token(nobody, NOW)
        with pytest.raises(AccessError):
            store.change_account(nobody, role="admin")


def test_a_name_that_looks_like_anothers_is_taken(store: AccessStore) -> None:
    store.add_account(replace(ROSSI, name="Coco"))
    for alike in ("\u0421\u043e\u0441\u043e", "COCO", "\uff23oco"):
        with pytest.raises(AccessError, match="already: a name stands for one"):
            store.add_account(replace(ROSSI, name=alike))
    with pytest.raises(AccessError, match="looks like Coco, which is a user already"):
        store.add_token(replace(WALL, name="\u0421oco"))


def test_a_token_that_is_over_leaves_its_name_to_the_next(store: AccessStore) -> None:
    store.add_account(ROSSI)
    store.add_token(WALL)
    store.revoke_token("wall", NOW)
    renewed = replace(WALL, name="Wall", hash="u", since=NOW, until=LATER)
    store.add_token(renewed)
    assert store.read().tokens == (renewed,)
    later = replace(WALL, hash="v", since=LATER, until=LATER + timedelta(days=1))
    store.add_token(later)
    assert store.read().machine("v", LATER) is not None
    with pytest.raises(AccessError, match="already"):
        store.add_token(replace(later, hash="w"))
    with pytest.raises(AccessError, match="a token already"):
        store.add_account(replace(ROSSI, name="wall"))


def test_that_there_were_users_outlives_the_database(tmp_path: Path) -> None:
    path = tmp_path / "postdose.db"
    store = AccessStore(f"sqlite:///{path}")
    store.add_account(ROSSI)
    path.unlink()
    with pytest.raises(AbsentError):
        store.read()
    upgrade(f"sqlite:///{path}")
    assert (store.read(), store.mark.is_set) == (Directory(), True)
    path.unlink()
    store.forget_all()
    assert (store.mark.is_set, path.exists()) == (False, False)


def test_a_store_that_cannot_be_looked_at_is_not_one_that_is_yet_to_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("nowhere", "file"):
        with pytest.raises(StoreError) as error:
            AccessStore(f"sqlite:///{tmp_path}/{folder}/postdose.db").read()
        assert not isinstance(error.value, AbsentError)
