"""EC2's refusals carry an encoded message, which DecodeAuthorizationMessage opens for those who may."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ostiary.authorization.caller import ANONYMOUS, Caller
from ostiary.credentials.authorization_messages import PURPOSE, RefusedAsk, encode
from ostiary.services.faults import ServiceFault
from tests.sts.people import add_role, add_user, assume, trust
from tests.toolbox.asking import Toolbox
from tests.world import OTHER, document

LAUNCH: dict[str, Any] = {"ImageId": "ami-0bcc92a4e661446c1", "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro"}
DENY = document(
    ["ec2:RunInstances", "ec2:TerminateInstances"],
    effect="Deny",
    Sid="OnlyLarge",
    Condition={"StringNotEquals": {"ec2:InstanceType": "t3.large"}},
)
ENCODED = re.compile(r"^(You are not authorized to perform this operation\. User: .*)\. Encoded authorization failure"
                     r" message: ([A-Za-z0-9_-]+)$")  # fmt: skip


def message(toolbox: Toolbox, by: Caller, operation: str = "ec2:RunInstances", **params: Any) -> str:
    found = ENCODED.fullmatch(toolbox.refused(operation, by, **(params or LAUNCH)).message)
    assert found is not None
    return found[2]


def decoded(toolbox: Toolbox, encoded: str, by: Caller | None = None) -> dict[str, Any]:
    given = toolbox.world.call("sts:DecodeAuthorizationMessage", by=by, EncodedMessage=encoded)
    told: dict[str, Any] = json.loads(given["DecodedMessage"])
    return told


def invalid(toolbox: Toolbox, encoded: str, by: Caller | None = None) -> None:
    with pytest.raises(ServiceFault) as caught:
        decoded(toolbox, encoded, by)
    assert (caught.value.code, caught.value.status) == ("InvalidAuthorizationMessageException", 400)


def shape(value: Any) -> Any:
    """The members at every level; of a list what its items have."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


PUBLISHED = json.loads(
    '{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"RequireMicroInstanceType",'
    '"effect":"DENY","principals":{"items":[{"value":"AIDAZG2XYEL6VOGQ3VJ2H"}]},"principalGroups":{"items":[]},'
    '"actions":{"items":[{"value":"ec2:RunInstances"}]},"resources":{"items":[{"value":"arn:aws:ec2:*:*:instance/*"}]},'
    '"conditions":{"items":[{"key":"ec2:InstanceType","values":{"items":[{"value":"t3a.micro"}]}}]}}]},'
    '"failures":{"items":[]},"context":{"principal":{"id":"AIDAZG2XYEL6VOGQ3VJ2H","name":"example",'
    '"arn":"arn:aws:iam::111122223333:user/example"},"action":"RunInstances","resource":'
    '"arn:aws:ec2:eu-north-1:111122223333:instance/*","conditions":{"items":[{"key":"ec2:AvailabilityZoneId","values":'
    '{"items":[{"value":"eun1-az3"}]}}]}}}'
)
"""A message that AWS decoded, as published (names changed)."""


def test_a_deny_is_decoded_in_the_shape_of_aws(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice", DENY)
    told = decoded(toolbox, message(toolbox, alice))
    assert shape(told) == shape(PUBLISHED)
    assert told["explicitDeny"] is True
    (statement,) = told["matchedStatements"]["items"]
    assert statement["statementId"] == "OnlyLarge"
    assert [each["value"] for each in statement["actions"]["items"]] == ["ec2:RunInstances", "ec2:TerminateInstances"]
    assert statement["conditions"]["items"] == [
        {"key": "ec2:InstanceType", "values": {"items": [{"value": "t3.large"}]}}
    ]
    context = told["context"]
    assert context["principal"] == {"id": alice.user_id, "name": "alice", "arn": alice.arn}
    assert context["action"] == "ec2:RunInstances"
    assert {"key": "ec2:InstanceType", "values": {"items": [{"value": "t3.micro"}]}} in context["conditions"]["items"]


def test_a_missing_allow_is_decoded_without_statements(toolbox: Toolbox) -> None:
    told = decoded(toolbox, message(toolbox, add_user(toolbox.world, "alice", None)))
    assert (told["allowed"], told["explicitDeny"]) == (False, False)
    assert told["matchedStatements"] == {"items": []}


def test_the_permission_that_was_refused_is_told_not_the_first(toolbox: Toolbox) -> None:
    world = toolbox.world
    world.call("iam:CreateInstanceProfile", InstanceProfileName="web")
    role = add_role(world, "web-role", trust("*"))
    world.call("iam:AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="web-role")
    alice = add_user(world, "alice", document("ec2:*"))
    encoded = message(toolbox, alice, **LAUNCH, IamInstanceProfile={"Name": "web"})
    context = decoded(toolbox, encoded)["context"]
    assert (context["action"], context["resource"]) == ("iam:PassRole", role)


def test_a_session_is_named_as_aws_names_it(toolbox: Toolbox) -> None:
    world = toolbox.world
    session = assume(world, add_role(world, "app", trust("*"), None), add_user(world, "starter"))
    told = decoded(toolbox, message(toolbox, session))
    assert told["context"]["principal"] == {"id": session.user_id, "arn": session.arn}


def test_reading_needs_the_permission_on_everything(toolbox: Toolbox) -> None:
    encoded = message(toolbox, add_user(toolbox.world, "alice", None))
    helper = add_user(toolbox.world, "helper", document("sts:DecodeAuthorizationMessage"))
    assert decoded(toolbox, encoded, helper)["allowed"] is False
    nosy = add_user(toolbox.world, "nosy", document("sts:DecodeAuthorizationMessage", "arn:aws:sts:::x"))
    with pytest.raises(ServiceFault) as caught:
        decoded(toolbox, encoded, nosy)
    assert caught.value.code == "AccessDenied"


def test_messages_of_other_accounts_and_of_nobody_are_invalid(toolbox: Toolbox) -> None:
    world = toolbox.world
    alice = add_user(world, "alice", None)
    encoded = message(toolbox, alice)
    invalid(toolbox, encoded, world.root(OTHER))
    swapped = encoded[:-1] + ("A" if encoded[-1] != "A" else "Q")
    for other in ("x", "not a message", encoded + "\n", encoded[:-4], encoded[4:], swapped, "AAAA" * 20):
        invalid(toolbox, other)
    key = world.house.vault.derive(PURPOSE)
    gone = RefusedAsk(account=alice.account, request_id="gone", number=0)
    invalid(toolbox, encode(key, gone, world.house.entropy))
    foreign = encode(bytes(32), gone, world.house.entropy)
    invalid(toolbox, foreign)


def test_nothing_can_be_read_from_a_message(toolbox: Toolbox) -> None:
    import base64

    alice = add_user(toolbox.world, "alice", None)
    first, second = message(toolbox, alice), message(toolbox, alice)
    assert first[:20] != second[:20]
    assert first[0].isalnum(), "a command line would take it for an option"
    plain = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4))
    assert alice.account.encode() not in plain


def test_who_only_describes_gets_no_encoded_message_and_iams_message_stays_as_it_is(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice", None)
    told = toolbox.refused("ec2:DescribeInstances", alice)
    assert told.message.endswith("because no identity-based policy allows the ec2:DescribeInstances action")
    assert toolbox.details(told.authorization_id)["evaluations"]
    told = toolbox.refused("iam:ListUsers", alice)
    assert told.message.endswith("because no identity-based policy allows the iam:ListUsers action")
    assert toolbox.details(told.authorization_id)["evaluations"]


def test_the_anonymous_are_told_nothing(toolbox: Toolbox) -> None:
    told = toolbox.refused("iam:ListUsers", ANONYMOUS)
    assert (told.message, told.authorization_id) == ("Access Denied", "")
