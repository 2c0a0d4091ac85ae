"""A code of the caller's MFA device with GetSessionToken and AssumeRole, and what a session says of it (R110, R122)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ostiary.authorization.caller import Caller
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask
from ostiary.gate.authorize import Refused
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.hardware_tokens import import_tokens, read_tokens
from ostiary.services.iam.mfa_codes import LOCKED_AFTER, LOCKED_SECONDS
from ostiary.services.operation import OPERATIONS, Call, MustWait
from ostiary.wire.models import service
from ostiary.wire.parse import check_input
from tests.iam.asking import Iam
from tests.iam.devices import Phone, arn
from tests.sts.people import add_role, assume, caller_of, judged, sent, session_of, trust
from tests.world import ACCOUNT, ALLOW_ALL, NOW, OTHER, World, document

UNABLE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and "
    "associated with this user."
)
INVALID = "MultiFactorAuthentication failed with invalid MFA one time pass code."
BOTH = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
REQUIRED = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.fixture
def iam(world: World) -> Iam:
    made = Iam(world)
    made.users("alice")
    made("PutUserPolicy", UserName="alice", PolicyName="all", PolicyDocument=ALLOW_ALL)
    return made


@pytest.fixture
def phone(iam: Iam) -> Phone:
    """Alice's, its next code not yet shown to anybody."""
    made = Phone(iam, "alice")
    made.enable("alice")
    made.wait()
    return made


@pytest.fixture
def alice(iam: Iam) -> Caller:
    return iam.world.user("alice")


def shown(phone: Phone, code: str | None = None) -> dict[str, str]:
    return {"SerialNumber": phone.serial, "TokenCode": phone.code() if code is None else code}


def told(world: World, by: Caller, operation: str = "sts:GetSessionToken", **params: Any) -> str:
    """What the refusal says."""
    with pytest.raises(ServiceFault) as refused:
        world.call(operation, by=by, **params)
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)
    return refused.value.message


def context(world: World, by: Caller) -> dict[str, Any]:
    found = judged(world, by, Ask(action="s3:ListAllMyBuckets")).request.context
    return {key.removeprefix("aws:"): value for key, value in found.items() if "MultiFactor" in key}


def test_a_session_with_a_code_says_so_and_how_long_ago(world: World, phone: Phone, alice: Caller) -> None:
    answer = world.call("sts:GetSessionToken", by=alice, **shown(phone))
    assert session_of(world, answer).mfa_at == int(NOW.timestamp()) + 30
    session = caller_of(world, answer)
    assert context(world, session) == {"MultiFactorAuthPresent": "true", "MultiFactorAuthAge": "0"}
    world.clock.advance(hours=1)
    assert context(world, session)["MultiFactorAuthAge"] == "3600"


def test_without_one_it_says_no_and_a_long_term_key_says_nothing(world: World, phone: Phone, alice: Caller) -> None:
    session = caller_of(world, world.call("sts:GetSessionToken", by=alice))
    assert context(world, session) == {"MultiFactorAuthPresent": "false"}
    assert context(world, alice) == {}


def test_only_a_session_with_mfa_calls_iam(world: World, phone: Phone, alice: Caller) -> None:
    plain = caller_of(world, world.call("sts:GetSessionToken", by=alice))
    with pytest.raises(ServiceFault) as refused:
        sent(world, "iam:ListUsers", {}, plain)
    assert refused.value.code == "InvalidClientTokenId"
    proven = caller_of(world, world.call("sts:GetSessionToken", by=alice, **shown(phone)))
    assert sent(world, "iam:ListUsers", {}, proven)["Users"]


def test_a_deny_without_mfa_is_lifted_by_a_code(world: World, iam: Iam, phone: Phone, alice: Caller) -> None:
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    deny = document("s3:*", effect="Deny", Condition=condition)
    iam("PutUserPolicy", UserName="alice", PolicyName="deny", PolicyDocument=deny)
    ask = Ask(action="s3:ListAllMyBuckets")
    plain = caller_of(world, world.call("sts:GetSessionToken", by=alice))
    proven = caller_of(world, world.call("sts:GetSessionToken", by=alice, **shown(phone)))
    assert [judged(world, caller, ask).allowed for caller in (alice, plain, proven)] == [False, False, True]


@pytest.mark.parametrize("steps", [-2, 2, 1000])
def test_a_code_of_another_time_is_refused(world: World, phone: Phone, alice: Caller, steps: int) -> None:
    world.clock.advance(minutes=10)
    assert told(world, alice, **shown(phone, phone.code(steps))) == INVALID


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_may_be_a_step_off(world: World, phone: Phone, alice: Caller, steps: int) -> None:
    world.clock.advance(minutes=10)
    assert world.call("sts:GetSessionToken", by=alice, **shown(phone, phone.code(steps)))


def test_a_device_whose_clock_is_known_to_be_off_shows_good_codes(world: World, iam: Iam, alice: Caller) -> None:
    phone = Phone(iam, ahead=-15)
    phone.enable("alice")
    phone.wait()
    assert world.call("sts:GetSessionToken", by=alice, **shown(phone))
    phone.ahead = 0
    assert told(world, alice, **shown(phone)) == INVALID


def test_a_code_is_taken_once(world: World, phone: Phone, alice: Caller) -> None:
    add_role(world, "app", trust("*"))
    code = shown(phone)
    assert world.call("sts:GetSessionToken", by=alice, **code)
    assert told(world, alice, **code) == INVALID
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/app", "RoleSessionName": "s1"}
    assert told(world, alice, "sts:AssumeRole", **role, **code) == INVALID
    phone.wait()
    assert world.call("sts:AssumeRole", by=alice, **role, **shown(phone))


def test_a_code_is_taken_even_if_the_request_is_refused(world: World, phone: Phone, alice: Caller) -> None:
    add_role(world, "app", trust(f"arn:aws:iam::{OTHER}:root"))
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/app", "RoleSessionName": "s1"}
    code = shown(phone)
    with pytest.raises(Refused, match="not authorized to perform: sts:AssumeRole"):
        world.call("sts:AssumeRole", by=alice, **role, **code)
    assert told(world, alice, **code) == INVALID


def test_the_codes_that_enabled_a_device_are_taken(world: World, iam: Iam, alice: Caller) -> None:
    phone = Phone(iam)
    phone.enable("alice")
    assert told(world, alice, **shown(phone)) == INVALID
    assert told(world, alice, **shown(phone, phone.code(-1))) == INVALID


def test_only_ones_own_device_counts(world: World, iam: Iam, phone: Phone, alice: Caller) -> None:
    iam.users("bob")
    spare, elsewhere = Phone(iam, "spare"), Phone(iam, "alice", by=world.root(OTHER))
    for given in (shown(spare), shown(elsewhere), {"SerialNumber": arn("none"), "TokenCode": "123456"}):
        assert told(world, alice, **given) == UNABLE
    assert told(world, world.user("bob"), **shown(phone)) == UNABLE
    assert told(world, world.root(), **shown(phone)) == UNABLE
    iam("DeactivateMFADevice", UserName="alice", SerialNumber=phone.serial)
    assert told(world, alice, **shown(phone)) == UNABLE


@pytest.mark.parametrize("left_out", ["SerialNumber", "TokenCode"])
def test_a_code_needs_its_device_and_a_device_its_code(
    world: World, phone: Phone, alice: Caller, left_out: str
) -> None:
    given = {name: value for name, value in shown(phone).items() if name != left_out}
    assert told(world, alice, **given) == BOTH


def test_the_root_users_device_proves_the_root_user(world: World, iam: Iam) -> None:
    phone = Phone(iam, "root-account-mfa-device")
    phone.enable(ACCOUNT)
    phone.wait()
    session = caller_of(world, world.call("sts:GetSessionToken", **shown(phone)))
    assert sent(world, "iam:ListUsers", {}, session)["Users"]


def test_a_hardware_token_proves_its_owner_as_well(world: World, iam: Iam, alice: Caller) -> None:
    phone = Phone(iam)
    import_tokens(world.house, ACCOUNT, read_tokens([f"GAHT12345678,{phone.seed}"]))
    phone.serial = "GAHT12345678"
    phone.enable("alice")
    phone.wait()
    assert session_of(world, world.call("sts:GetSessionToken", by=alice, **shown(phone))).mfa_at is not None


def test_a_trust_policy_that_requires_mfa_takes_a_code_or_a_session_that_has_one(
    world: World, phone: Phone, alice: Caller
) -> None:
    role = add_role(world, "app", trust(f"arn:aws:iam::{ACCOUNT}:root", Condition=REQUIRED))
    plain = caller_of(world, world.call("sts:GetSessionToken", by=alice))
    for caller in (alice, plain):
        with pytest.raises(Refused):
            assume(world, role, caller)
    assert assume(world, role, alice, **shown(phone))
    phone.wait()
    proven = caller_of(world, world.call("sts:GetSessionToken", by=alice, **shown(phone)))
    assert assume(world, role, proven)
    phone.wait()
    assert assume(world, role, plain, **shown(phone))


def test_a_trust_policy_may_ask_how_old_the_code_is(world: World, phone: Phone, alice: Caller) -> None:
    young = {"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}
    role = add_role(world, "app", trust(f"arn:aws:iam::{ACCOUNT}:root", Condition=young))
    proven = caller_of(world, world.call("sts:GetSessionToken", by=alice, **shown(phone)))
    world.clock.advance(seconds=59)
    assert assume(world, role, proven)
    world.clock.advance(seconds=1)
    with pytest.raises(Refused):
        assume(world, role, proven)
    assert assume(world, role, proven, **shown(phone))


def test_a_roles_session_says_nothing_of_mfa_so_a_chain_ends_there(world: World, phone: Phone, alice: Caller) -> None:
    first = add_role(world, "first", trust("*"))
    second = add_role(world, "second", trust("*", Condition=REQUIRED))
    proven = caller_of(world, world.call("sts:GetSessionToken", by=alice, **shown(phone)))
    phone.wait()
    for session in (assume(world, first, proven), assume(world, first, alice, **shown(phone))):
        assert context(world, session) == {"MultiFactorAuthPresent": "false"}
        with pytest.raises(Refused):
            assume(world, second, session)
        phone.wait()
        role = {"RoleArn": second, "RoleSessionName": "s1"}
        assert told(world, session, "sts:AssumeRole", **role, **shown(phone)) == UNABLE


def test_after_wrong_codes_in_succession_right_ones_are_refused_for_a_while(
    world: World, phone: Phone, alice: Caller
) -> None:
    for _ in range(LOCKED_AFTER):
        assert told(world, alice, **shown(phone, "000000")) == INVALID
    phone.wait()
    assert told(world, alice, **shown(phone)) == INVALID
    world.clock.advance(seconds=LOCKED_SECONDS)
    assert world.call("sts:GetSessionToken", by=alice, **shown(phone))


def test_a_right_code_forgives_the_wrong_ones(world: World, phone: Phone, alice: Caller) -> None:
    for _ in range(2):
        for _ in range(LOCKED_AFTER - 1):
            told(world, alice, **shown(phone, "000000"))
        assert world.call("sts:GetSessionToken", by=alice, **shown(phone))
        phone.wait()


def test_the_event_loop_does_not_wait_for_a_code(world: World, phone: Phone, alice: Caller) -> None:
    facts = RequestFacts(request_id="r", at=NOW, source_ip="127.0.0.1", secure=False, region="us-east-1")
    call = Call(
        service="sts", operation="GetSessionToken", caller=alice, params=shown(phone), facts=facts, house=world.house
    )
    for name in ("GetSessionToken", "AssumeRole"):
        prove = OPERATIONS["sts", name].prove
        assert prove is not None
        with pytest.raises(MustWait):
            prove(replace(call, patient=False))
        assert prove(replace(call, params={}, patient=False)) is None


def test_codes_are_not_recorded(world: World, phone: Phone, alice: Caller) -> None:
    code = phone.code()
    world.call("sts:GetSessionToken", by=alice, **shown(phone))
    told(world, alice, **shown(phone))
    with world.house.store.read() as tx:
        assert not [event for event in tx.events.latest(20) if code in event.body]


NAMES = json.loads((Path(__file__).parent.parent / "vectors" / "names" / "names.json").read_text("utf-8"))
CODES = [each for each in NAMES if each["kind"] == "mfa-token-code"]


@pytest.mark.parametrize("vector", CODES, ids=lambda each: each["id"])
@pytest.mark.parametrize("operation", ["GetSessionToken", "AssumeRole"])
def test_the_form_of_a_code_is_checked_before_anything_else(vector: dict[str, Any], operation: str) -> None:
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/app", "RoleSessionName": "s1"} if operation == "AssumeRole" else {}
    wrong = check_input(service("sts").operation(operation), {**role, "TokenCode": vector["value"]})
    assert bool(wrong) is not vector["valid"]
