"""What the tests of policies and roles share: documents, new policies and roles, whole listings."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import unquote

from ostiary.authorization.caller import Caller
from ostiary.services.faults import ServiceFault
from tests.iam.asking import Iam

READ: Final = '{"Version": "2012-10-17",\n\t"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}'
S3_READ_ONLY: Final = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def trust(*principals: str, **more: Any) -> str:
    """A trust policy for AWS principals."""
    named = list(principals) if len(principals) > 1 else principals[0]
    statement = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EC2: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def new_policy(iam: Iam, name: str = "reader", **params: Any) -> str:
    """A new managed policy; its ARN."""
    arn: str = iam("CreatePolicy", **{"PolicyName": name, "PolicyDocument": READ, **params})["Policy"]["Arn"]
    return arn


def new_role(iam: Iam, name: str = "runner", **params: Any) -> str:
    """A new role, EC2's unless said otherwise; its ARN."""
    arn: str = iam("CreateRole", **{"RoleName": name, "AssumeRolePolicyDocument": EC2, **params})["Role"]["Arn"]
    return arn


def everything(iam: Iam, name: str, listed: str, **params: Any) -> list[Any]:
    """All that a listing gives, page by page."""
    found: list[Any] = []
    while True:
        given = iam(name, **params)
        found += given[listed]
        if not given["IsTruncated"]:
            assert "Marker" not in given
            return found
        params["Marker"] = given["Marker"]


def tags_kept(iam: Iam, unique_id: str) -> int:
    """How many tags the store has for an id, whether or not it is anybody's."""
    with iam.world.house.store.read() as tx:
        return len(tx.tags.of(unique_id))


def trusted(iam: Iam, role: str) -> Any:
    """Whom a role's trust policy shows as AWS principals."""
    document = unquote(iam("GetRole", RoleName=role)["Role"]["AssumeRolePolicyDocument"])
    return json.loads(document)["Statement"][0]["Principal"]["AWS"]


def is_allowed(iam: Iam, caller: Caller, name: str, **params: Any) -> bool:
    """Whether a call is done, rather than refused."""
    try:
        iam(name, by=caller, **params)
    except ServiceFault as fault:
        if fault.code != "AccessDenied":
            raise
        return False
    return True
