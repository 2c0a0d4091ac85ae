"""Reports through boto3: credentials, last accessed, the organization's access, and the account's summary."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.clients.called import refused, remember
from tests.clients.conftest import Account
from tests.live import Server

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]


def allowing(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_the_credential_report(iam: Any, account: Account) -> None:
    refused("ReportNotPresent", iam.get_credential_report)
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    iam.create_user(UserName="reported")
    iam.create_login_profile(UserName="reported", Password="Correct-horse-7")
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv"
    rows = {row["user"]: row for row in csv.DictReader(io.StringIO(report["Content"].decode()))}
    assert rows["<root_account>"]["access_key_1_active"] == "true"
    assert rows["<root_account>"]["arn"] == f"arn:aws:iam::{account.id}:root"
    assert rows["reported"]["password_enabled"] == "true"
    iam.delete_login_profile(UserName="reported")
    iam.delete_user(UserName="reported")


def test_what_was_used_last(iam: Any, account: Account) -> None:
    arn = iam.create_user(UserName="worker")["User"]["Arn"]
    iam.put_user_policy(UserName="worker", PolicyName="own", PolicyDocument=allowing("iam:List*", "sqs:*"))
    key = iam.create_access_key(UserName="worker")["AccessKey"]
    own = account.client("iam", (key["AccessKeyId"], key["SecretAccessKey"]))
    own.list_users()
    refused("AccessDenied", own.get_user, UserName="worker")
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity="ACTION_LEVEL")["JobId"]
    answer = iam.get_service_last_accessed_details(JobId=job)
    assert (answer["JobStatus"], answer["JobType"]) == ("COMPLETED", "ACTION_LEVEL")
    services = {each["ServiceNamespace"]: each for each in answer["ServicesLastAccessed"]}
    assert list(services) == ["iam", "sqs"]
    assert services["iam"]["LastAuthenticatedEntity"] == arn
    tracked = services["iam"]["TrackedActionsLastAccessed"]
    assert [each["ActionName"] for each in tracked if "LastAccessedTime" in each] == ["ListUsers"]
    entities = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="iam")
    assert [each["EntityInfo"]["Name"] for each in entities["EntityDetailsList"]] == ["worker"]
    assert entities["EntityDetailsList"][0]["LastAuthenticated"] == services["iam"]["LastAuthenticated"]
    granting = iam.list_policies_granting_service_access(Arn=arn, ServiceNamespaces=["sqs"])
    assert granting["PoliciesGrantingServiceAccess"] == [
        {
            "ServiceNamespace": "sqs",
            "Policies": [
                {"PolicyName": "own", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "worker"},
            ],
        }
    ]
    refused("NoSuchEntity", iam.get_service_last_accessed_details, JobId="0" * 36)
    refused("NoSuchEntity", iam.generate_service_last_accessed_details, Arn=arn + "-2")
    refused("InvalidInput", iam.generate_service_last_accessed_details, Arn=f"arn:aws:iam::{account.id}:root")
    refused("InvalidInput", iam.list_policies_granting_service_access, Arn=arn, ServiceNamespaces=["no-such-service"])
    iam.delete_access_key(UserName="worker", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="worker", PolicyName="own")
    iam.delete_user(UserName="worker")


def test_the_summary_has_all_that_aws_lists(iam: Any) -> None:
    assert set(iam.get_account_summary()["SummaryMap"]) == {
        "AccessKeysPerUserQuota",
        "AccountAccessKeysPresent",
        "AccountMFAEnabled",
        "AccountPasswordPresent",
        "AccountSigningCertificatesPresent",
        "AssumeRolePolicySizeQuota",
        "AttachedPoliciesPerGroupQuota",
        "AttachedPoliciesPerRoleQuota",
        "AttachedPoliciesPerUserQuota",
        "GlobalEndpointTokenVersion",
        "GroupPolicySizeQuota",
        "Groups",
        "GroupsPerUserQuota",
        "GroupsQuota",
        "InstanceProfiles",
        "InstanceProfilesQuota",
        "MFADevices",
        "MFADevicesInUse",
        "Policies",
        "PoliciesQuota",
        "PolicySizeQuota",
        "PolicyVersionsInUse",
        "PolicyVersionsInUseQuota",
        "Providers",
        "RolePolicySizeQuota",
        "Roles",
        "RolesQuota",
        "ServerCertificates",
        "ServerCertificatesQuota",
        "SigningCertificatesPerUserQuota",
        "UserPolicySizeQuota",
        "Users",
        "UsersQuota",
        "VersionsPerPolicyQuota",
    }


def test_the_organization_s_access(plain_server: Server, iam: Any) -> None:
    management, organizations = plain_server.client("iam"), plain_server.client("organizations")
    management.meta.events.register("after-call.iam", remember)
    root = organizations.list_roots()["Roots"][0]
    organization = organizations.describe_organization()["Organization"]
    path = f"{organization['Id']}/{root['Id']}/{organization['MasterAccountId']}"
    job = management.generate_organizations_access_report(EntityPath=path)["JobId"]
    report = management.get_organizations_access_report(JobId=job, SortKey="LAST_AUTHENTICATED_TIME_DESCENDING")
    assert report["JobStatus"] == "COMPLETED"
    assert report["NumberOfServicesAccessible"] > report["NumberOfServicesNotAccessed"] > 0
    first = report["AccessDetails"][0]
    assert (first["EntityPath"], first["TotalAuthenticatedEntities"]) == (path, 1)
    times = [each.get("LastAuthenticatedTime") for each in report["AccessDetails"]]
    assert times[0] is not None and times[-1] is None and report["IsTruncated"]
    elsewhere = management.generate_organizations_access_report(EntityPath=f"{organization['Id']}/r-zzzz")["JobId"]
    failed = management.get_organizations_access_report(JobId=elsewhere)
    assert (failed["JobStatus"], failed["ErrorDetails"]["Code"]) == ("FAILED", "EntityPathNotFound")
    refused("NoSuchEntity", iam.get_organizations_access_report, JobId=job)
    refused("AccessDenied", iam.generate_organizations_access_report, EntityPath=path)
