"""`ostiary account reset-root`: a root user without password or device gets in again, by whoever runs the server."""

from __future__ import annotations

import json

import pytest

from ostiary.services.root_recovery import NoSuchAccount, reset_root
from tests.console.authenticator import Authenticator
from tests.console.people import ROOT_EMAIL, Console
from tests.console.test_passkeys import register, show
from tests.world import ACCOUNT


def test_a_lost_root_user_is_recovered_and_everybody_else_signed_out(console: Console) -> None:
    browser, key = console.browser(), Authenticator()
    browser.sign_in_as_root()
    register(console, browser, key, "name=lost")
    recovered = reset_root(
        console.house, ACCOUNT, remove_mfa=False, request_id="recovery-1", operator="minsu (uid 1000)"
    )
    assert recovered.email == ROOT_EMAIL and recovered.ended == 1 and recovered.password not in repr(recovered)
    assert browser.get("/").path == "/signin"
    assert show(browser, key).status == 401, "the passkey was not shown with this password"
    assert console.browser().sign_in_as_root().status == 401
    assert console.browser().sign_in_as_root(password=recovered.password).path == "/signin/mfa"

    again = reset_root(console.house, ACCOUNT, remove_mfa=True, request_id="recovery-2", operator="minsu (uid 1000)")
    assert len(again.removed) == 1 and again.removed[0].startswith(f"arn:aws:iam::{ACCOUNT}:u2f/root-account/lost-")
    assert console.browser().sign_in_as_root(password=again.password).path == "/"
    event = next(each for each in console.events() if each["requestID"] == "recovery-2")
    assert event["eventName"] == "PasswordRecoveryCompleted" and event["recipientAccountId"] == ACCOUNT
    assert event["additionalEventData"]["Operator"] == "minsu (uid 1000)"
    assert event["additionalEventData"]["RemovedMFADevices"] == list(again.removed)
    told = json.dumps(console.events())
    assert recovered.password not in told and again.password not in told


def test_a_locked_root_user_is_let_in(console: Console) -> None:
    browser = console.browser()
    for _ in range(10):
        browser.sign_in_as_root(password="wrong")
    recovered = reset_root(console.house, ACCOUNT, remove_mfa=False, request_id="r", operator="o")
    assert console.browser().sign_in_as_root(password=recovered.password).path == "/"


def test_there_must_be_such_an_account(console: Console) -> None:
    with pytest.raises(NoSuchAccount):
        reset_root(console.house, "999999999999", remove_mfa=True, request_id="r", operator="o")
