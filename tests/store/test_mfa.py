"""MFA devices, password policies and the passwords that were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ostiary.store.database import Store
from ostiary.store.mfa import FIDO, HARDWARE, VIRTUAL, MfaDeviceRecord
from ostiary.store.passwords import KEPT, PasswordPolicyRecord, entity_of
from ostiary.store.records import AlreadyExists
from tests.store.rows import ACCOUNT, OTHER, account, user


@pytest.fixture
def peopled(store: Store) -> Store:
    with store.write() as tx:
        tx.accounts.add(account(OTHER))
        tx.users.add(user("bob"))
    return store


def device(name: str, **more: object) -> MfaDeviceRecord:
    made = MfaDeviceRecord(id=f"id-{name}", serial=f"serial-{name}", account=ACCOUNT, kind=VIRTUAL, created=1)
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_device_is_found_as_it_was_added(peopled: Store) -> None:
    one = device("a", owner_id="AIDABOB", enabled=5, seed=b"sealed", period=60, drift=-1, used=7, failures=2, failed=9)
    key = device("k", kind=FIDO, owner_id="AIDABOB", enabled=3, credential_id=b"\0\1", facts="{}")
    with peopled.write() as tx:
        tx.mfa_devices.add(one)
        tx.mfa_devices.add(key)
    with peopled.read() as tx:
        assert tx.mfa_devices.by_serial("serial-a") == one
        assert tx.mfa_devices.by_serial("SERIAL-A") is None
        assert tx.mfa_devices.by_credential(b"\0\1") == key
        assert list(tx.mfa_devices.of("AIDABOB")) == [key, one]


def test_a_serial_number_and_a_credential_are_one_devices_in_the_whole_installation(peopled: Store) -> None:
    with peopled.write() as tx:
        tx.mfa_devices.add(device("a", credential_id=b"c"))
    for other in (device("b", serial="serial-a", account=OTHER), device("b", credential_id=b"c", account=OTHER)):
        with peopled.write() as tx, pytest.raises(AlreadyExists):
            tx.mfa_devices.add(other)


def test_virtual_devices_come_in_pages_by_whether_they_are_somebodys(peopled: Store) -> None:
    with peopled.write() as tx:
        for name in "dcba":
            tx.mfa_devices.add(device(name, owner_id="AIDABOB" if name in "bd" else None))
        tx.mfa_devices.add(device("h", kind=HARDWARE, owner_id="AIDABOB"))
        tx.mfa_devices.add(device("o", account=OTHER))
    with peopled.read() as tx:
        for assigned, expected in ((None, "abcd"), (True, "bd"), (False, "ac")):
            page = tx.mfa_devices.virtual_page(ACCOUNT, assigned=assigned, after="", limit=9)
            assert [each.id for each in page] == [f"id-{name}" for name in expected]
        page = tx.mfa_devices.virtual_page(ACCOUNT, assigned=None, after="serial-a", limit=2)
        assert [each.id for each in page] == ["id-b", "id-c"]
        assert (tx.mfa_devices.count_virtual(ACCOUNT), tx.mfa_devices.count_assigned(ACCOUNT)) == (4, 3)


def test_a_device_changes_and_goes(peopled: Store) -> None:
    with peopled.write() as tx:
        tx.mfa_devices.add(device("a"))
        tx.mfa_devices.change(device("a"), owner_id="AIDABOB", used=4)
        assert tx.mfa_devices.of("AIDABOB")[0].used == 4
        tx.mfa_devices.remove(device("a"))
        assert tx.mfa_devices.by_serial("serial-a") is None


def test_a_policy_is_replaced_as_a_whole_and_what_rests_on_it_is_told(peopled: Store) -> None:
    first = PasswordPolicyRecord(account=ACCOUNT, minimum_length=20, symbols=True, max_age=90, hard_expiry=True)
    watch = peopled.watch()
    watch.news()
    with peopled.write() as tx:
        assert tx.password_policies.get(ACCOUNT) is None
        tx.password_policies.put(first)
    assert entity_of(ACCOUNT) in (watch.news() or ())
    with peopled.write() as tx:
        assert tx.password_policies.get(ACCOUNT) == first
        tx.password_policies.put(PasswordPolicyRecord(account=ACCOUNT, users_may_change=True))
        assert tx.password_policies.get(ACCOUNT) == PasswordPolicyRecord(account=ACCOUNT, users_may_change=True)
        assert tx.password_policies.remove(ACCOUNT)
        assert not tx.password_policies.remove(ACCOUNT)


def test_the_latest_passwords_are_remembered_newest_first(peopled: Store) -> None:
    with peopled.write() as tx:
        for number in range(KEPT + 3):
            tx.passwords_set.add("AIDABOB", f"hash {number}", number // 2)
    with peopled.read() as tx:
        found = [each.password for each in tx.passwords_set.of("AIDABOB")]
    assert found == [f"hash {number}" for number in range(KEPT + 2, 2, -1)]
    with peopled.write() as tx:
        tx.passwords_set.forget("AIDABOB")
        assert not tx.passwords_set.of("AIDABOB")
