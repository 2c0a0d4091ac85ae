"""Account properties, STS preferences, quotas that an operator sets."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ostiary.services.iam import quotas
from ostiary.services.iam.account import SUMMARY_QUOTAS
from tests.iam.asking import MODEL, Iam
from tests.iam.having import is_allowed
from tests.live import BIN
from tests.world import ACCOUNT, OTHER, World


def test_properties_are_put_replaced_and_kept_apart(iam: Iam) -> None:
    assert iam("GetAccountProperties") == {"Properties": {}}
    iam("PutAccountProperties", Properties={"RoleManager/Enabled": "true", "RoleManager/Mode": "x"})
    iam("PutAccountProperties", Properties={"RoleManager/Enabled": "false"})
    iam("PutAccountProperties", Properties={"Other/One": "1"})
    kept = {"RoleManager/Enabled": "false", "RoleManager/Mode": "x", "Other/One": "1"}
    assert iam("GetAccountProperties")["Properties"] == kept
    assert iam("GetAccountProperties", by=iam.world.root(OTHER))["Properties"] == {}


@pytest.mark.parametrize("properties", [{"A/x": "1", "B/x": "1"}, {"A": "1"}, {"A/": "1"}, {"A/b/c": "1"}])
def test_properties_are_of_one_namespace(iam: Iam, properties: dict[str, str]) -> None:
    assert iam.fault("PutAccountProperties", Properties=properties)[0] == "InvalidInput"
    assert iam("GetAccountProperties")["Properties"] == {}


def test_the_namespaces_are_a_condition_key(iam: Iam) -> None:
    iam.users("asker")
    condition = {"ForAllValues:StringEquals": {"iam:AccountPropertyNamespaces": "RoleManager"}}
    own, other = {"RoleManager/Enabled": "true"}, {"Other/One": "1"}
    asker = iam.may("asker", "iam:PutAccountProperties", Condition=condition)
    assert not is_allowed(iam, asker, "PutAccountProperties", Properties=other)
    assert is_allowed(iam, asker, "PutAccountProperties", Properties=own)
    asker = iam.may("asker", "iam:GetAccountProperties", Condition=condition)
    assert is_allowed(iam, asker, "GetAccountProperties")
    iam("PutAccountProperties", Properties=other)
    assert not is_allowed(iam, asker, "GetAccountProperties")
    assert not is_allowed(iam, iam.may("asker", "iam:Other"), "GetAccountProperties")


def test_the_version_of_global_tokens_is_shown(iam: Iam) -> None:
    name = "SetSecurityTokenServicePreferences"
    assert iam("GetAccountSummary")["SummaryMap"]["GlobalEndpointTokenVersion"] == 1
    for version in MODEL.operation_model(name).input_shape.members["GlobalEndpointTokenVersion"].enum[::-1]:
        iam(name, GlobalEndpointTokenVersion=version)
        shown = iam("GetAccountSummary")["SummaryMap"]["GlobalEndpointTokenVersion"]
        assert f"v{shown}Token" == version
    iam.users("asker")
    assert not is_allowed(iam, iam.may("asker", "iam:Other"), name, GlobalEndpointTokenVersion="v2Token")
    assert is_allowed(iam, iam.may("asker", f"iam:{name}"), name, GlobalEndpointTokenVersion="v2Token")


def test_the_summary_shows_the_quotas_of_the_account(iam: Iam) -> None:
    with iam.world.house.store.write() as tx:
        for number, name in enumerate(SUMMARY_QUOTAS.values()):
            quotas.override(tx, ACCOUNT, name, 70 + number)
    shown = iam("GetAccountSummary")["SummaryMap"]
    assert {member: shown[member] for member in SUMMARY_QUOTAS} == {
        member: 70 + number for number, member in enumerate(SUMMARY_QUOTAS)
    }
    assert iam("GetAccountSummary", by=iam.world.root(OTHER))["SummaryMap"]["UsersQuota"] == 5000


def quota(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "ostiary"), "account", "quota", *arguments, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True)


def test_an_operator_sets_a_quota(tmp_path: Path) -> None:
    iam = Iam(World(tmp_path))
    assert quota(tmp_path, ACCOUNT, "UsersPerAccount", "1").returncode == 0
    iam.users("only")
    said = iam.fault("CreateUser", UserName="second")
    assert said == ("LimitExceeded", "Cannot exceed quota for UsersPerAccount: 1")
    assert json.loads(quota(tmp_path, ACCOUNT, "UsersPerAccount", "--json").stdout) == {"UsersPerAccount": 1}
    assert "(AWS: 5000)" in quota(tmp_path, ACCOUNT).stdout
    assert quota(tmp_path, ACCOUNT, "UsersPerAccount", "default").returncode == 0
    iam.users("second")


@pytest.mark.parametrize("arguments", [(OTHER + "0",), (ACCOUNT, "Nothing"), (ACCOUNT, "UsersPerAccount", "-1")])
def test_what_is_no_quota_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    World(tmp_path)
    done = quota(tmp_path, *arguments)
    assert done.returncode != 0 and "Traceback" not in done.stderr
