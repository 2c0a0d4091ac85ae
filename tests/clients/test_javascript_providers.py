"""The credential providers of the AWS SDK for JavaScript that call STS: roles, chains, MFA, web identity tokens."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.clients.conftest import Account
from tests.clients.test_boto3_openid import NODE, Town, _needs_node, town, web_role
from tests.clients.test_javascript import JS
from tests.live import clean_environment

__all__ = ["town", "web_role"]  # fixtures
pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]


def run(environment: dict[str, str]) -> None:
    _needs_node()
    command = [str(NODE), str(JS / "temporary.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr


def role(iam: Any, account: Account, name: str, **condition: Any) -> str:
    trust = {"Effect": "Allow", "Principal": {"AWS": account.id}, "Action": "sts:AssumeRole", **condition}
    text = json.dumps({"Version": "2012-10-17", "Statement": trust})
    made: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)["Role"]["Arn"]
    return made


def test_roles_chains_and_mfa(iam: Any, account: Account, tmp_path: Path) -> None:
    roles = {
        "ROLE_ARN": role(iam, account, "plain"),
        "MFA_ROLE_ARN": role(iam, account, "mfa", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        "CHAINED_ROLE_ARN": role(iam, account, "chained"),
    }
    assume = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}
    iam.put_role_policy(RoleName="plain", PolicyName="assume", PolicyDocument=json.dumps(assume))
    iam.create_user(UserName="jimin")
    iam.put_user_policy(UserName="jimin", PolicyName="assume", PolicyDocument=json.dumps(assume))
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="jimin")["VirtualMFADevice"]
    seed, now = pyotp.TOTP(device["Base32StringSeed"].decode()), int(time.time())
    codes = {f"AuthenticationCode{step + 3}": seed.at(now, counter_offset=step) for step in (-2, -1)}
    iam.enable_mfa_device(UserName="jimin", SerialNumber=device["SerialNumber"], **codes)
    key = iam.create_access_key(UserName="jimin")["AccessKey"]
    run(
        {
            **clean_environment(tmp_path),
            **roles,
            "AWS_ENDPOINT_URL": account.server.endpoint,
            "AWS_REGION": "ap-northeast-2",
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "MFA_SERIAL": device["SerialNumber"],
            "MFA_CODE": seed.at(int(time.time())),
        }
    )


def test_a_web_identity_token_in_hand_and_one_of_our_own(town: Town, web_role: str) -> None:
    iam = town.client("iam")
    iam.enable_outbound_web_identity_federation()
    key = town.server.root
    environment = {
        name: value
        for name, value in town.environment(web_role, town.home / "none").items()
        if name not in ("AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE")
    }
    environment |= {"AWS_ACCESS_KEY_ID": key[0], "AWS_SECRET_ACCESS_KEY": key[1]}
    run({**environment, "WEB_ROLE_ARN": web_role, "WEB_TOKEN": town.provider.token()})
    iam.disable_outbound_web_identity_federation()
