"""An account as one might find it: people and robots, keys that are too old, passwords without a device, some roles."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyotp

from ostiary.app import Built, build
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.context import RequestFacts
from ostiary.clock import FixedClock
from ostiary.gate.console import ConsoleGate
from ostiary.identifiers import root_arn
from ostiary.policy import Root
from ostiary.services.accounts import Founded, found_first, write_root_credentials
from ostiary.settings import Settings
from tests.console.people import PASSWORD
from tests.world import ALLOW_ALL, document

GROUPS: Final = {
    "Admins": ["AdministratorAccess"],
    "Auditors": ["SecurityAudit", "IAMReadOnlyAccess"],
    "Billing": ["job-function/Billing"],
    "DataTeam": ["AmazonS3FullAccess", "AmazonAthenaFullAccess"],
    "Developers": ["PowerUserAccess"],
    "S3-Readers": ["AmazonS3ReadOnlyAccess"],
}
PEOPLE: Final = (
    # name, groups, days since it was made, days since the key, days since the password, has a device
    ("yundream", ("Admins",), 400, None, 40, True),
    ("lena.okoye", ("DataTeam", "Developers"), 950, 936, 40, True),
    ("ravi.ito", ("Billing",), 940, 932, 235, True),
    ("mina.haas", ("DataTeam", "Developers"), 930, 120, 52, True),
    ("wei.moreau", ("S3-Readers",), 920, 909, 541, False),
    ("alex.kim", ("Auditors",), 700, None, 72, True),
    ("noor.novak", ("Billing", "DataTeam"), 650, 89, 95, False),
    ("ines.haas", ("Auditors", "Developers"), 500, 95, 56, True),
    ("sora.kim", ("Developers", "S3-Readers", "DataTeam"), 420, 20, 0, True),
    ("omar.chen", ("S3-Readers",), 330, None, 326, False),
    ("bot-mirror", ("S3-Readers",), 1100, 1088, None, False),
    ("ci-backup", (), 950, 364, None, False),
    ("svc-deploy", (), 60, 60, None, False),
    ("testuser", ("S3-Readers",), 1, 1, None, False),
)
REPORTS: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ReadReports",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"],
            },
            {"Sid": "Deploy", "Effect": "Allow", "Action": ["lambda:UpdateFunctionCode"], "Resource": "*"},
            {"Sid": "Pass", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"},
        ],
    },
    indent=2,
)


class Example:
    """Makes it in a data directory, at the times that it tells of."""

    def __init__(self, data: Path) -> None:
        self.today = datetime.now(UTC).replace(microsecond=0)
        self.clock = FixedClock(self.today - timedelta(days=1200))
        self.built: Built = build(Settings(data=data, supervise_engine=False), clock=self.clock)

        def keep(founded: Founded) -> None:
            write_root_credentials(data / "root-credentials", founded.akid, founded.secret, "http://localhost")

        founded = found_first(self.built.house, {"OSTIARY_ROOT_PASSWORD": PASSWORD}, keep)
        assert founded is not None
        self.account, self.root_key = founded.account, founded.akid
        self._gate = ConsoleGate(self.built.house, self.built.audit, print)
        self._requests = 0

    def at(self, days_ago: float) -> None:
        self.clock._at = self.today - timedelta(days=days_ago)

    def do(self, operation: str, **params: Any) -> Any:
        """As the root user."""
        arn = root_arn(self.account)
        caller = Caller(
            kind=CallerKind.ROOT,
            principal=Root(arn=arn, account=self.account),
            account=self.account,
            arn=arn,
            user_id=self.account,
            entity_id=self.account,
        )
        self._requests += 1
        facts = RequestFacts(
            request_id=f"00000000-0000-4000-8000-{self._requests:012d}",
            at=self.clock.now(),
            source_ip="192.0.2.7",
            secure=True,
            region="ap-northeast-2",
        )
        service, name = operation.split(":")
        return self._gate.perform(caller, facts, service, name, params)

    def fill(self) -> None:
        self.at(1190)
        for group, policies in GROUPS.items():
            self.do("iam:CreateGroup", GroupName=group)
            for policy in policies:
                self.do("iam:AttachGroupPolicy", GroupName=group, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        self.do("iam:CreatePolicy", PolicyName="DeployReports", PolicyDocument=REPORTS)
        self.do("iam:CreateAccountAlias", AccountAlias="joinc")
        for name, groups, made, key, password, device in PEOPLE:
            self._person(name, groups, made, key, password, device)
        self.do("iam:PutUserPolicy", UserName="svc-deploy", PolicyName="everything", PolicyDocument=ALLOW_ALL)
        self.at(300)
        for name, service in (("ec2_s3_readonly", "ec2"), ("deploy-function", "lambda")):
            trust = {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": f"{service}.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                },
            }
            self.do("iam:CreateRole", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        self.do(
            "iam:PutRolePolicy",
            RoleName="ec2_s3_readonly",
            PolicyName="readonly",
            PolicyDocument=document(["s3:Get*", "s3:List*"]),
        )
        self.do("iam:CreateInstanceProfile", InstanceProfileName="ec2_s3_readonly")
        self.do("iam:AddRoleToInstanceProfile", InstanceProfileName="ec2_s3_readonly", RoleName="ec2_s3_readonly")
        self.built.close()

    def _person(
        self, name: str, groups: tuple[str, ...], made: int, key: int | None, password: int | None, device: bool
    ) -> None:
        self.at(made)
        self.do("iam:CreateUser", UserName=name)
        for group in groups:
            self.do("iam:AddUserToGroup", UserName=name, GroupName=group)
        if key is not None:
            self.at(key)
            self.do("iam:CreateAccessKey", UserName=name)
        if password is not None:
            self.at(password)
            self.do("iam:CreateLoginProfile", UserName=name, Password=PASSWORD)
        if device:
            made_device = self.do("iam:CreateVirtualMFADevice", VirtualMFADeviceName=name)["VirtualMFADevice"]
            totp, now = pyotp.TOTP(made_device["Base32StringSeed"].decode()), self.clock.now().timestamp()
            self.do(
                "iam:EnableMFADevice",
                UserName=name,
                SerialNumber=made_device["SerialNumber"],
                AuthenticationCode1=totp.at(now - 30),
                AuthenticationCode2=totp.at(now),
            )
