"""Which profile an instance has, and the options of its metadata."""

from __future__ import annotations

import pytest

from tests.ec2.calling import Ec2
from tests.world import OTHER


def associations(ec2: Ec2, **params: object) -> list[dict[str, object]]:
    found: list[dict[str, object]] = ec2("DescribeIamInstanceProfileAssociations", **params)[
        "IamInstanceProfileAssociations"
    ]
    return found


def test_a_profile_comes_and_goes(ec2: Ec2) -> None:
    arn = ec2.profile()
    instance_id = ec2.run()
    asked = {"InstanceId": instance_id, "IamInstanceProfile": {"Arn": arn}}
    made = ec2("AssociateIamInstanceProfile", **asked)["IamInstanceProfileAssociation"]
    assert (made["State"], made["IamInstanceProfile"]["Arn"]) == ("associating", arn)
    (listed,) = associations(ec2, AssociationIds=[made["AssociationId"]])
    assert listed == {**made, "State": "associated"}
    told = ("IncorrectState", f"There is an existing association for instance {instance_id}")
    assert ec2.refused("AssociateIamInstanceProfile", **asked) == told
    gone = ec2("DisassociateIamInstanceProfile", AssociationId=made["AssociationId"])["IamInstanceProfileAssociation"]
    assert gone["State"] == "disassociating"
    assert associations(ec2) == [] and "IamInstanceProfile" not in ec2.shown(instance_id)
    assert ec2("AssociateIamInstanceProfile", **asked)


def test_replacing_makes_a_new_association(ec2: Ec2) -> None:
    ec2.profile()
    admin = ec2.profile("admin", "admin-role")
    instance_id = ec2.run(IamInstanceProfile={"Name": "web"})
    (before,) = associations(ec2, Filters=[{"Name": "instance-id", "Values": [instance_id]}])
    asked = {"AssociationId": before["AssociationId"], "IamInstanceProfile": {"Name": "admin"}}
    after = ec2("ReplaceIamInstanceProfileAssociation", **asked)["IamInstanceProfileAssociation"]
    assert after["AssociationId"] != before["AssociationId"]
    assert [each["AssociationId"] for each in associations(ec2)] == [after["AssociationId"]]
    assert ec2.shown(instance_id)["IamInstanceProfile"]["Arn"] == admin
    code, message = ec2.refused("ReplaceIamInstanceProfileAssociation", **asked)
    assert code == "IncorrectState"
    assert message == f"The association {before['AssociationId']} is not the active association"


def test_an_unknown_association_is_told_apart_from_a_malformed_one(ec2: Ec2) -> None:
    unknown = "iip-assoc-0123456789abcdef0"
    told = ("InvalidAssociationID.NotFound", f"An invalid association-id of '{unknown}' was given")
    assert ec2.refused("DisassociateIamInstanceProfile", AssociationId=unknown) == told
    assert ec2.refused("DescribeIamInstanceProfileAssociations", AssociationIds=[unknown]) == told
    malformed = ec2.refused("DisassociateIamInstanceProfile", AssociationId="i-0123456789abcdef0")
    assert malformed == ("InvalidParameterValue", "Invalid value for associationId.")


def test_another_account_cannot_touch_an_association(ec2: Ec2) -> None:
    ec2.profile()
    ec2.run(IamInstanceProfile={"Name": "web"})
    (held,) = associations(ec2)
    asked = {"AssociationId": held["AssociationId"]}
    code, _ = ec2.refused("DisassociateIamInstanceProfile", by=ec2.world.root(OTHER), **asked)
    assert code == "InvalidAssociationID.NotFound"
    assert associations(ec2) == [held]


def test_an_instance_that_has_ended_gets_nothing_more(ec2: Ec2) -> None:
    ec2.profile()
    instance_id = ec2.run(IamInstanceProfile={"Name": "web"})
    (held,) = associations(ec2)
    ec2("TerminateInstances", InstanceIds=[instance_id])
    assert associations(ec2) == []
    asked = {"InstanceId": instance_id, "IamInstanceProfile": {"Name": "web"}}
    assert ec2.refused("AssociateIamInstanceProfile", **asked)[0] == "IncorrectInstanceState"
    assert ec2.refused("DisassociateIamInstanceProfile", AssociationId=held["AssociationId"])[0] == (
        "InvalidAssociationID.NotFound"
    )
    assert ec2.refused("ModifyInstanceMetadataOptions", InstanceId=instance_id)[0] == "IncorrectInstanceState"


def test_metadata_options_change_one_by_one(ec2: Ec2) -> None:
    instance_id = ec2.run(MetadataOptions={"HttpPutResponseHopLimit": 2})
    changed = ec2("ModifyInstanceMetadataOptions", InstanceId=instance_id, HttpTokens="required")
    assert changed["InstanceMetadataOptions"]["State"] == "pending"
    options = ec2.shown(instance_id)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"], options["State"]) == ("required", 2, "applied")


@pytest.mark.parametrize("hops", [0, 65, -1])
def test_a_hop_limit_is_from_1_to_64(ec2: Ec2, hops: int) -> None:
    code, _ = ec2.refused("ModifyInstanceMetadataOptions", InstanceId=ec2.run(), HttpPutResponseHopLimit=hops)
    assert code == "InvalidParameterValue"
