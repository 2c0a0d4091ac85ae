"""Delegation requests from asking to acting."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ostiary.audit.redact import redacted
from ostiary.authorization.caller import Caller
from ostiary.authorization.judge import Ask
from ostiary.services.faults import ServiceFault
from ostiary.services.sts.delegated_tokens import token_of
from ostiary.wire.models import service
from tests.iam.asking import Iam
from tests.iam.devices import Phone
from tests.iam.having import is_allowed
from tests.sts.people import add_role, add_user, assume, caller_of, judged, trust
from tests.world import ACCOUNT, NOW, OTHER, document

TOPIC = f"arn:aws:sns:us-east-1:{OTHER}:answers"
STATEMENTS = [
    {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::@{bucket}/@{prefix}*"},
    {
        "Effect": "Allow",
        "Action": "iam:CreateRole",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"iam:PermissionsBoundary": ["@{limits}", "arn:aws:iam::aws:policy/ReadOnlyAccess"]}
        },
    },
]
LIMITS = [f"arn:aws:iam::aws:policy/{name}" for name in ("AmazonS3FullAccess", "PowerUserAccess", "ReadOnlyAccess")]
VALUES = [
    {"Name": "bucket", "Values": ["box"], "Type": "string"},
    {"Name": "prefix", "Values": ["x"], "Type": "string"},
    {"Name": "limits", "Values": LIMITS[:2], "Type": "stringList"},
]


class Delegation:
    """A partner in the account OTHER, and people in ACCOUNT."""

    def __init__(self, iam: Iam) -> None:
        self.iam, self.world = iam, iam.world
        self.partner = self.world.root(OTHER)
        text = json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS})
        made = iam("CreatePolicy", by=self.partner, PolicyName="template", PolicyDocument=text)
        self.template = made["Policy"]["Arn"]
        self.owner, self.admin = add_user(self.world, "owner"), add_user(self.world, "admin")

    def params(self, **more: Any) -> dict[str, Any]:
        return {
            "Description": "set it up",
            "Permissions": {"PolicyTemplateArn": self.template, "Parameters": VALUES},
            "RequestorWorkflowId": "flow-1",
            "NotificationChannel": TOPIC,
            "SessionDuration": 3600,
            **more,
        }

    def ask(self, **more: Any) -> str:
        made: str = self.iam("CreateDelegationRequest", by=self.partner, **self.params(**more))["DelegationRequestId"]
        return made

    def do(self, verb: str, request_id: str, by: Caller | None = None, **more: Any) -> Any:
        name = verb if verb == "SendDelegationToken" else f"{verb}DelegationRequest"
        return self.iam(name, by=by or self.owner, DelegationRequestId=request_id, **more)

    def fault(self, verb: str, request_id: str, by: Caller | None = None) -> str:
        name = verb if verb == "SendDelegationToken" else f"{verb}DelegationRequest"
        return self.iam.fault(name, by=by or self.owner, DelegationRequestId=request_id)[0]

    def state(self, request_id: str) -> str:
        found: str = self.do("Get", request_id)["DelegationRequest"]["State"]
        return found

    def owned(self, **more: Any) -> str:
        made = self.ask(**more)
        self.do("Associate", made)
        return made

    def token(self, request_id: str) -> str | None:
        with self.world.house.store.read() as tx:
            record = tx.delegations.get(request_id)
        assert record is not None
        return token_of(self.world.house, record, int(self.world.clock.now().timestamp()))

    def granted(self, by: Caller | None = None, **more: Any) -> str:
        made = self.owned(**more)
        self.do("Accept", made, by or self.admin)
        self.do("SendDelegationToken", made, by or self.admin)
        token = self.token(made)
        assert token is not None
        return token

    def trade(self, token: str, by: Caller | None = None) -> Any:
        return self.world.call("sts:GetDelegatedAccessToken", TradeInToken=token, by=by or self.partner)


@pytest.fixture
def delegation(iam: Iam) -> Delegation:
    return Delegation(iam)


def test_a_request_is_shown_with_what_it_asks_for(delegation: Delegation) -> None:
    made = delegation.owned(OwnerAccountId=ACCOUNT, RequestMessage="please", RedirectUrl="https://example.com/a")
    shown = delegation.do("Get", made)["DelegationRequest"]
    policy = json.loads(shown.pop("PermissionPolicy"))
    assert policy["Statement"][0] == {
        "Effect": "Allow",
        "Action": "s3:Get*",
        "Resource": "arn:aws:s3:::box/x*",
    }
    assert policy["Statement"][1]["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": LIMITS}}
    assert shown == {
        "DelegationRequestId": made,
        "OwnerAccountId": ACCOUNT,
        "OwnerId": delegation.owner.arn,
        "Description": "set it up",
        "RequestMessage": "please",
        "RedirectUrl": "https://example.com/a",
        "Permissions": {"PolicyTemplateArn": delegation.template, "Parameters": VALUES},
        "RolePermissionRestrictionArns": LIMITS,
        "State": "ASSIGNED",
        "RequestorId": OTHER,
        "RequestorName": "account-1",
        "CreateDate": NOW,
        "UpdatedTime": NOW,
        "ExpirationTime": NOW + timedelta(days=7),
        "SessionDuration": 3600,
    }


def test_the_way_of_a_request_that_is_granted(delegation: Delegation) -> None:
    made = delegation.ask()
    delegation.do("Associate", made)
    assert delegation.state(made) == "ASSIGNED"
    delegation.do("Update", made, Notes="look at this")
    assert delegation.state(made) == "PENDING_APPROVAL"
    delegation.do("Accept", made, delegation.admin)
    shown = delegation.do("Get", made)["DelegationRequest"]
    assert (shown["State"], shown["ApproverId"], shown["Notes"]) == ("ACCEPTED", delegation.admin.arn, "look at this")
    assert delegation.token(made) is None
    delegation.do("SendDelegationToken", made, delegation.admin)
    assert delegation.state(made) == "FINALIZED"
    assert delegation.token(made) is not None


@pytest.mark.parametrize("accepted", [False, True])
def test_a_request_is_rejected_until_its_token_is_sent(delegation: Delegation, accepted: bool) -> None:
    made = delegation.owned()
    if accepted:
        delegation.do("Accept", made)
    delegation.do("Reject", made, Notes="no")
    shown = delegation.do("Get", made)["DelegationRequest"]
    assert (shown["State"], shown["RejectionReason"]) == ("REJECTED", "no")
    assert delegation.fault("Accept", made) == "ConcurrentModification"
    for verb in ("Associate", "Update", "Reject", "SendDelegationToken"):
        assert delegation.fault(verb, made) == "InvalidInput"


def test_a_finalized_request_stays_so(delegation: Delegation) -> None:
    delegation.granted()
    made = delegation.iam("ListDelegationRequests")["DelegationRequests"][0]["DelegationRequestId"]
    for verb in ("Associate", "Update", "Reject", "SendDelegationToken"):
        assert delegation.fault(verb, made) == "InvalidInput"


@pytest.mark.parametrize(("owned", "days"), [(False, 1), (True, 7)])
def test_a_request_expires(delegation: Delegation, owned: bool, days: int) -> None:
    made = delegation.owned() if owned else delegation.ask()
    delegation.world.clock.advance(days=days, seconds=-1)
    assert delegation.state(made) != "EXPIRED"
    delegation.world.clock.advance(seconds=1)
    assert delegation.state(made) == "EXPIRED"
    assert delegation.fault("Accept", made) == "ConcurrentModification"
    assert delegation.fault("Associate", made) == "InvalidInput"


def test_who_accepted_is_who_acts_and_within_what_was_asked(delegation: Delegation) -> None:
    given = delegation.trade(delegation.granted())
    assert given["AssumedPrincipal"] == delegation.admin.arn
    assert given["Credentials"]["Expiration"] == NOW + timedelta(hours=1)
    caller = caller_of(delegation.world, given)
    assert delegation.world.call("sts:GetCallerIdentity", by=caller)["Arn"] == delegation.admin.arn
    allowed = {
        ("s3:GetObject", "arn:aws:s3:::box/x"): True,
        ("s3:GetObject", "arn:aws:s3:::other/x"): False,
        ("s3:PutObject", "arn:aws:s3:::box/x"): False,
        ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/r"): False,
    }
    asks = {key: Ask(action=key[0], resource=key[1]) for key in allowed}
    assert {key: judged(delegation.world, caller, ask).allowed for key, ask in asks.items()} == allowed


def test_a_session_has_no_more_than_who_accepted(delegation: Delegation) -> None:
    weak = add_user(delegation.world, "weak", document("iam:*"))
    caller = caller_of(delegation.world, delegation.trade(delegation.granted(weak)))
    assert not judged(delegation.world, caller, Ask(action="s3:GetObject", resource="arn:aws:s3:::box/x")).allowed


def test_a_role_session_may_accept_and_acts_as_its_role(delegation: Delegation) -> None:
    world = delegation.world
    role = add_role(world, "approver", trust(delegation.admin.arn))
    session = assume(world, role, delegation.admin)
    given = delegation.trade(delegation.granted(session))
    caller = caller_of(world, given)
    assert caller.arn == session.arn == given["AssumedPrincipal"]
    assert judged(world, caller, Ask(action="s3:GetObject", resource="arn:aws:s3:::box/x")).allowed
    assert not judged(world, caller, Ask(action="s3:PutObject", resource="arn:aws:s3:::box/x")).allowed


def test_a_session_with_a_session_policy_does_not_accept(delegation: Delegation) -> None:
    role = add_role(delegation.world, "approver", trust(delegation.admin.arn))
    limited = assume(delegation.world, role, delegation.admin, Policy=document("iam:*"))
    assert delegation.fault("Accept", delegation.owned(), limited) == "InvalidInput"


def test_the_root_user_grants_four_hours_at_most(delegation: Delegation) -> None:
    root = delegation.world.root()
    longer = delegation.owned(SessionDuration=4 * 3600 + 1)
    assert delegation.fault("Accept", longer, root) == "InvalidInput"
    token = delegation.granted(root, RequestorWorkflowId="flow-2", SessionDuration=4 * 3600)
    caller = caller_of(delegation.world, delegation.trade(token))
    assert judged(delegation.world, caller, Ask(action="s3:GetObject", resource="arn:aws:s3:::box/x")).allowed
    assert not judged(delegation.world, caller, Ask(action="s3:PutObject", resource="arn:aws:s3:::box/x")).allowed


def test_the_time_of_the_session_runs_from_when_the_token_was_sent(delegation: Delegation) -> None:
    token = delegation.granted()
    delegation.world.clock.advance(minutes=59)
    assert delegation.trade(token)["Credentials"]["Expiration"] == NOW + timedelta(hours=1)
    delegation.world.clock.advance(minutes=1)
    with pytest.raises(ServiceFault) as caught:
        delegation.trade(token)
    assert caught.value.code == "ExpiredTradeInTokenException"


def test_a_token_is_good_for_the_requestor_alone_and_is_no_guess(delegation: Delegation) -> None:
    token = delegation.granted()
    with pytest.raises(ServiceFault) as caught:
        delegation.trade(token, delegation.world.root())
    assert caught.value.code == "AccessDenied"
    for wrong in ("x", token[:-4] + "AAAA", ""):
        with pytest.raises(ServiceFault) as caught:
            delegation.trade(wrong)
        assert caught.value.code == "ValidationError"


def test_the_record_keeps_no_token(delegation: Delegation) -> None:
    token = delegation.granted()
    model = service("sts").operation("GetDelegatedAccessToken")
    assert token not in json.dumps(redacted({"TradeInToken": token}, model.input))
    given = delegation.trade(token)
    told = json.dumps(redacted(given, model.output))
    assert given["Credentials"]["SecretAccessKey"] not in told and given["Credentials"]["SessionToken"] not in told


def test_nobody_but_the_named_account_takes_a_request(delegation: Delegation) -> None:
    made = delegation.ask(OwnerAccountId=ACCOUNT)
    stranger = delegation.world.root(OTHER)
    assert delegation.fault("Associate", made, stranger) == "AccessDenied"
    assert delegation.fault("Get", made, stranger) == "AccessDenied"
    open_to_all = delegation.ask(RequestorWorkflowId="flow-2")
    assert delegation.do("Get", open_to_all, stranger)
    delegation.do("Associate", open_to_all)
    assert delegation.fault("Get", open_to_all, stranger) == "AccessDenied"


def test_the_owner_needs_no_policy_to_see_and_hand_on_a_request(delegation: Delegation) -> None:
    iam = delegation.iam
    poor = add_user(delegation.world, "poor", document("iam:AssociateDelegationRequest"))
    made = delegation.ask()
    assert delegation.fault("Get", made, poor) == "AccessDenied"
    delegation.do("Associate", made, poor)
    assert delegation.do("Get", made, poor)
    delegation.do("Update", made, poor)
    arn = f"arn:aws:iam::{ACCOUNT}:delegation-request/{made}"
    assert iam("GetHumanReadableSummary", by=poor, EntityArn=arn)["SummaryState"] == "AVAILABLE"
    for verb in ("Accept", "Reject", "SendDelegationToken"):
        assert delegation.fault(verb, made, poor) == "AccessDenied"


def test_only_the_owner_sends_the_token_where_it_was_asked_so(delegation: Delegation) -> None:
    made = delegation.owned(OnlySendByOwner=True)
    delegation.do("Accept", made, delegation.admin)
    assert delegation.fault("SendDelegationToken", made, delegation.admin) == "AccessDenied"
    delegation.do("SendDelegationToken", made)


VERBS = ("Get", "Associate", "Update", "Accept", "SendDelegationToken", "Reject")


@pytest.mark.parametrize("verb", VERBS)
def test_each_operation_needs_its_action_on_the_request(delegation: Delegation, verb: str) -> None:
    iam, name = delegation.iam, verb if verb == "SendDelegationToken" else f"{verb}DelegationRequest"
    made = delegation.ask() if verb in ("Get", "Associate") else delegation.owned()
    if verb == "SendDelegationToken":
        delegation.do("Accept", made)
    iam.users("asker")
    arn, params = f"arn:aws:iam::{ACCOUNT}:delegation-request/{made}", {"DelegationRequestId": made}
    assert not is_allowed(iam, iam.may("asker", "iam:Other", arn), name, **params)
    assert not is_allowed(iam, iam.may("asker", f"iam:{name}", arn + "x"), name, **params)
    assert is_allowed(iam, iam.may("asker", f"iam:{name}", arn), name, **params)


def test_requests_are_made_with_their_permission_and_its_keys(delegation: Delegation) -> None:
    condition = {
        "StringEquals": {"iam:TemplateArn": delegation.template, "iam:NotificationChannel": TOPIC},
        "NumericLessThanEquals": {"iam:DelegationDuration": "3600"},
    }
    text = document("iam:CreateDelegationRequest", f"arn:aws:iam::{OTHER}:delegation-request/*", Condition=condition)
    may = add_user(delegation.world, "may", text, account=OTHER)
    iam = delegation.iam
    assert is_allowed(iam, may, "CreateDelegationRequest", **delegation.params())
    longer = delegation.params(SessionDuration=3601, RequestorWorkflowId="flow-2")
    assert not is_allowed(iam, may, "CreateDelegationRequest", **longer)


def test_requests_are_listed_when_they_have_an_owner(delegation: Delegation) -> None:
    iam, first = delegation.iam, delegation.owned()
    delegation.ask(OwnerAccountId=ACCOUNT, RequestorWorkflowId="flow-2")
    second = delegation.ask(RequestorWorkflowId="flow-3")
    delegation.do("Associate", second, delegation.admin)
    listed = iam("ListDelegationRequests", MaxItems=1)
    assert listed["isTruncated"] is True
    rest = iam("ListDelegationRequests", Marker=listed["Marker"])
    found = [each["DelegationRequestId"] for each in (*listed["DelegationRequests"], *rest["DelegationRequests"])]
    assert sorted(found) == sorted([first, second]) and rest["isTruncated"] is False
    of_owner = iam("ListDelegationRequests", OwnerId=delegation.owner.arn)["DelegationRequests"]
    assert [each["DelegationRequestId"] for each in of_owner] == [first]
    condition = {"StringEquals": {"iam:DelegationRequestOwner": delegation.owner.arn}}
    iam.users("asker")
    asker = iam.may("asker", "iam:ListDelegationRequests", Condition=condition)
    assert is_allowed(iam, asker, "ListDelegationRequests", OwnerId=delegation.owner.arn)
    assert not is_allowed(iam, asker, "ListDelegationRequests")


def test_a_caller_learns_whether_it_could_grant(delegation: Delegation) -> None:
    made = delegation.owned()
    iam = delegation.iam

    def check(by: Caller) -> tuple[str, str]:
        found = iam("GetDelegationRequest", by=by, DelegationRequestId=made, DelegationPermissionCheck=True)
        return found["PermissionCheckStatus"], found["PermissionCheckResult"]

    assert check(delegation.admin) == ("COMPLETE", "ALLOWED")
    some = add_user(delegation.world, "some", document(["iam:*", "s3:GetObject"]))
    assert check(some) == ("COMPLETE", "UNSURE")


def test_the_summary_is_in_english_and_says_what_is_asked(delegation: Delegation) -> None:
    iam, made = delegation.iam, delegation.owned()
    arn = f"arn:aws:iam::{ACCOUNT}:delegation-request/{made}"
    found = iam("GetHumanReadableSummary", EntityArn=arn, Locale="en")
    assert found["SummaryState"] == "AVAILABLE"
    assert "60 minutes" in found["SummaryContent"] and "s3:Get* on arn:aws:s3:::box/x*" in found["SummaryContent"]
    assert iam("GetHumanReadableSummary", EntityArn=arn, Locale="ko")["SummaryState"] == "NOT_SUPPORTED"
    assert iam.fault("GetHumanReadableSummary", EntityArn=delegation.owner.arn)[0] == "InvalidInput"
    none = arn[:-8] + "00000000"
    assert iam.fault("GetHumanReadableSummary", EntityArn=none)[0] == "NoSuchEntity"


@pytest.mark.parametrize(
    "permissions",
    [
        {},
        {"PolicyTemplateArn": f"arn:aws:iam::{OTHER}:policy/none"},
        {"PolicyTemplateArn": "T"},
        {"PolicyTemplateArn": "T", "Parameters": VALUES[:2]},
        {"PolicyTemplateArn": "T", "Parameters": [*VALUES, {"Name": "other", "Values": ["x"]}]},
        {"PolicyTemplateArn": "T", "Parameters": [*VALUES, VALUES[0]]},
        {"PolicyTemplateArn": "T", "Parameters": [{"Name": "bucket", "Values": ["a", "b"]}, *VALUES[1:]]},
        {"PolicyTemplateArn": "T", "Parameters": [{**VALUES[0], "Type": "stringList"}, *VALUES[1:]]},
    ],
)
def test_permissions_that_can_not_be_filled_in_are_refused(delegation: Delegation, permissions: Any) -> None:
    if permissions.get("PolicyTemplateArn") == "T":
        permissions = {**permissions, "PolicyTemplateArn": delegation.template}
    params = delegation.params(Permissions=permissions)
    assert delegation.iam.fault("CreateDelegationRequest", by=delegation.partner, **params)[0] == "InvalidInput"


def test_a_workflow_has_one_request(delegation: Delegation) -> None:
    delegation.ask()
    said = delegation.iam.fault("CreateDelegationRequest", by=delegation.partner, **delegation.params())
    assert said[0] == "EntityAlreadyExists"
    nobody = delegation.params(OwnerAccountId="999999999999", RequestorWorkflowId="flow-2")
    assert delegation.iam.fault("CreateDelegationRequest", by=delegation.partner, **nobody)[0] == "InvalidInput"


@pytest.mark.parametrize("verb", VERBS)
def test_a_request_that_is_not_there_is_not_found(delegation: Delegation, verb: str) -> None:
    assert delegation.fault(verb, "00000000-0000-4000-8000-000000000000") == "NoSuchEntity"


def test_a_partner_tries_no_codes_of_who_accepted(delegation: Delegation) -> None:
    """It would have ten of them every quarter of an hour, and could lock the owner out."""
    iam, world = delegation.iam, delegation.world
    phone = Phone(iam, "admin")
    phone.enable("admin")
    phone.wait()
    partner = caller_of(world, delegation.trade(delegation.granted()))
    role = add_role(world, "app", trust(ACCOUNT))
    asked = {"RoleArn": role, "RoleSessionName": "s1", "SerialNumber": phone.serial}
    for code in ("000000", phone.code()):
        with pytest.raises(ServiceFault) as refused:
            world.call("sts:AssumeRole", by=partner, **asked, TokenCode=code)
        assert "unable to validate MFA code" in refused.value.message
    with world.house.store.read() as tx:
        device = tx.mfa_devices.by_serial(phone.serial)
    assert device is not None and device.failures == 0
    own = {"SerialNumber": phone.serial, "TokenCode": phone.code()}
    assert world.call("sts:GetSessionToken", by=delegation.admin, **own)  # nor was the right one taken
