"""IAM and the model, side by side: any sequence of operations must be answered alike.

After every operation, refused or not, the whole account is compared: what a refused operation had left behind would
be seen. Listings are read a page at a time.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from ostiary.services.faults import ServiceFault
from tests.iam.model import KINDS, QUOTAS, Refused, Serial, tags_of
from tests.iam.model_operations import Model
from tests.world import ACCOUNT, World, document

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
LEFT_OUT = {"CreateDate", "UpdateDate", "SecretAccessKey", "ValidUntil"}
ENCODED = {"PolicyDocument", "AssumeRolePolicyDocument", "Document"}
NAMES = ("amy", "Amy", "bob", "BOB", "eve", "dan")
PATHS = ("/", "/", "/a/", "/a/b/")
TAG_KEYS = ("team", "Team", "a", "B", "c")
VALUES: dict[str, Sequence[Any]] = {
    **dict.fromkeys(("Path", "NewPath"), PATHS),
    "PolicyDocument": (document("s3:GetObject"), document("iam:Get*")),
    "AssumeRolePolicyDocument": (TRUST,),
    "Description": ("", "one", "two"),
    "MaxSessionDuration": (3600, 7200),
    "SetAsDefault": (True, False),
    "VersionId": ("v1", "v2", "v3", "v4", "v5"),
    "Status": ("Active", "Inactive"),
    "Password": ("Correct-1-horse",),
    "PasswordResetRequired": (True, False),
    "AccountAlias": ("joinc", "other"),
    "Url": ("https://one.example.com", "https://two.example.com", "https://three.example.com"),
    "ClientID": ("x", "y", "z"),
    "ThumbprintList": (["a" * 40],),
}
KIND_OF = {parameter: kind for kind, (parameter, *_) in KINDS.items()}
OPERATIONS: dict[str, str] = {
    "CreateUser": "UserName Path? Tags? PermissionsBoundary?",
    "GetUser": "UserName",
    "UpdateUser": "UserName NewUserName? NewPath?",
    "DeleteUser": "UserName",
    "PutUserPermissionsBoundary": "UserName PermissionsBoundary",
    "DeleteUserPermissionsBoundary": "UserName",
    "CreateAccessKey": "UserName",
    "UpdateAccessKey": "UserName AccessKeyId Status",
    "DeleteAccessKey": "UserName AccessKeyId",
    "CreateLoginProfile": "UserName Password PasswordResetRequired?",
    "GetLoginProfile": "UserName",
    "UpdateLoginProfile": "UserName PasswordResetRequired",
    "DeleteLoginProfile": "UserName",
    "CreateGroup": "GroupName Path?",
    "UpdateGroup": "GroupName NewGroupName? NewPath?",
    "DeleteGroup": "GroupName",
    "AddUserToGroup": "GroupName UserName",
    "RemoveUserFromGroup": "GroupName UserName",
    "CreateRole": "RoleName AssumeRolePolicyDocument Path? Tags? PermissionsBoundary? Description?",
    "GetRole": "RoleName",
    "UpdateRole": "RoleName Description? MaxSessionDuration?",
    "DeleteRole": "RoleName",
    "PutRolePermissionsBoundary": "RoleName PermissionsBoundary",
    "DeleteRolePermissionsBoundary": "RoleName",
    "CreateInstanceProfile": "InstanceProfileName Path? Tags?",
    "GetInstanceProfile": "InstanceProfileName",
    "DeleteInstanceProfile": "InstanceProfileName",
    "AddRoleToInstanceProfile": "InstanceProfileName RoleName",
    "RemoveRoleFromInstanceProfile": "InstanceProfileName RoleName",
    "CreatePolicy": "PolicyName PolicyDocument Path? Tags? Description?",
    "GetPolicy": "PolicyArn",
    "DeletePolicy": "PolicyArn",
    "CreatePolicyVersion": "PolicyArn PolicyDocument SetAsDefault?",
    "GetPolicyVersion": "PolicyArn VersionId",
    "SetDefaultPolicyVersion": "PolicyArn VersionId",
    "DeletePolicyVersion": "PolicyArn VersionId",
    "CreateAccountAlias": "AccountAlias",
    "DeleteAccountAlias": "AccountAlias",
    "CreateOpenIDConnectProvider": "Url ThumbprintList ClientIDList",
    "AddClientIDToOpenIDConnectProvider": "OpenIDConnectProviderArn ClientID",
    "RemoveClientIDFromOpenIDConnectProvider": "OpenIDConnectProviderArn ClientID",
    "DeleteOpenIDConnectProvider": "OpenIDConnectProviderArn",
    **{
        f"{verb}{noun}Policy": f"{noun}Name {more}"
        for noun in ("User", "Group", "Role")
        for verb, more in (
            ("Attach", "PolicyArn"),
            ("Detach", "PolicyArn"),
            ("Put", "PolicyName PolicyDocument"),
            ("Get", "PolicyName"),
            ("Delete", "PolicyName"),
        )
    },
    **{
        f"{verb}{noun}": f"{parameter} {more}"
        for noun, parameter in (
            ("User", "UserName"),
            ("Role", "RoleName"),
            ("InstanceProfile", "InstanceProfileName"),
            ("Policy", "PolicyArn"),
        )
        for verb, more in (("Tag", "Tags"), ("Untag", "TagKeys"))
    },
}


MAKING = sorted(name for name in OPERATIONS if name.startswith(("Create", "Add", "Attach", "Put")))


class Draw:
    """Requests for an account as it is: mostly about what is there, sometimes about what is not."""

    def __init__(self, random: Random, model: Model) -> None:
        self.random, self.model = random, model

    def request(self) -> tuple[str, dict[str, Any]]:
        """An operation with its parameters; every other one makes something."""
        operation = self.random.choice(MAKING if self.random.random() < 0.5 else sorted(OPERATIONS))
        params: dict[str, Any] = {}
        for word in OPERATIONS[operation].split():
            if not word.endswith("?") or self.random.random() < 0.3:
                params[word.rstrip("?")] = self.value(word.rstrip("?"), operation)
        return operation, params

    def value(self, name: str, operation: str) -> Any:
        """A value for a parameter."""
        random = self.random
        if name in VALUES:
            return random.choice(VALUES[name])
        many = range(random.choice((0, 1, 1, 2, 2, 4)))
        if name == "Tags":
            return [{"Key": random.choice(TAG_KEYS), "Value": random.choice("xyz")} for _ in many]
        if name == "TagKeys":
            return [random.choice((*TAG_KEYS, "b", "none")) for _ in many]
        if name == "ClientIDList":
            return [random.choice("xyz") for _ in many]
        if name == "OpenIDConnectProviderArn":
            none = f"arn:aws:iam::{ACCOUNT}:oidc-provider/none.example.com"
            return random.choice([*self.model.providers, none])
        if name in ("PolicyArn", "PermissionsBoundary"):
            known = [self.model.arn(policy) for policy in self.model.all("policy")]
            none = f"arn:aws:iam::{ACCOUNT}:policy{random.choice(PATHS)}{random.choice(NAMES)}"
            return random.choice([*known * 4, none])
        if name == "AccessKeyId":
            keys = [key for user in self.model.all("user") for key in user.keys]
            return random.choice([*keys * 4, "AKIAIOSFODNN7EXAMPLE"])
        return self.name(KIND_OF.get(name, ""), fresh=operation == f"Create{name.removesuffix('Name')}")

    def name(self, kind: str, *, fresh: bool) -> str:
        """The name of one that is there, in any letters, or of one that may not be."""
        there = [thing.name for thing in self.model.all(kind)] if kind in KINDS and not fresh else []
        if not there or self.random.random() < 0.15:
            return self.random.choice(NAMES)
        name = self.random.choice(there)
        return name.swapcase() if self.random.random() < 0.2 else name


class Alike(RuleBasedStateMachine):
    """The service and the model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ostiary-model-"))
        self.world = World(self.folder)
        self.model = Model(ACCOUNT, TRUST)
        self.ids: dict[Serial, str] = {}
        self.done = 0

    def teardown(self) -> None:
        self.world.house.store.close()
        shutil.rmtree(self.folder)

    @initialize()
    def few(self) -> None:
        """An operator has set small quotas."""
        with self.world.house.store.write() as tx:
            for name, limit in QUOTAS.items():
                tx.settings.put(f"quota:{ACCOUNT}:{name}", str(limit))

    @rule(seed=st.integers(0, 2**32), count=st.integers(1, 20))
    def requests(self, seed: int, count: int) -> None:
        """Any operations at all. What is drawn hangs on what was done before, so that no run is another's twin."""
        for _ in range(count):
            self.done += 1
            self.both(*Draw(Random(f"{seed} {self.done}"), self.model).request())
            self.whole()

    def both(self, operation: str, params: dict[str, Any]) -> None:
        """Do it here and there."""
        where = f"{operation} {params}"
        try:
            expected = self.model.do(operation, params)
        except Refused as refused:
            try:
                given = self.world.call(f"iam:{operation}", params)
            except ServiceFault as fault:
                assert fault.code in refused.codes, f"{where}: {fault.code}, not {refused.codes}"
                return
            raise AssertionError(f"{where}: {given}, not {refused.codes}") from None
        try:
            given = self.world.call(f"iam:{operation}", params)
        except ServiceFault as fault:
            raise AssertionError(f"{where}: {fault}, not {expected}") from None
        if operation == "CreateAccessKey":
            self.model.made_access_key(params["UserName"], given["AccessKey"].pop("AccessKeyId"))
        self.same(expected, given, where)

    def same(self, expected: Any, given: Any, where: str) -> None:
        """The answer is what the model says, whole; lists in any order."""
        if isinstance(expected, Mapping):
            assert set(given) - LEFT_OUT == set(expected), f"{where}: {given}, not {expected}"
            for name, each in expected.items():
                self.same(each, unquote(given[name]) if name in ENCODED else given[name], f"{where}.{name}")
        elif isinstance(expected, list):
            assert len(expected) == len(given), f"{where}: {given}, not {expected}"
            for one, other in zip(sorted(expected, key=place), sorted(given, key=place), strict=True):
                self.same(one, other, where)
        elif isinstance(expected, Serial):
            assert self.ids.setdefault(expected, given) == given, f"{where}: another id"
            assert len(set(self.ids.values())) == len(self.ids), f"{where}: one id for two"
        else:
            assert given == expected, f"{where}: {given!r}, not {expected!r}"

    def listed(self, operation: str, member: str, size: int, **params: Any) -> list[Any]:
        """A whole listing, `size` items a page."""
        found: list[Any] = []
        marker: dict[str, str] = {}
        while True:
            page = self.world.call(f"iam:{operation}", {**params, **marker}, MaxItems=size)
            assert len(page[member]) <= size and page["IsTruncated"] == ("Marker" in page), operation
            found += page[member]
            if not page["IsTruncated"]:
                return found
            assert len(page[member]) == size, operation
            marker = {"Marker": page["Marker"]}

    @rule(size=st.integers(1, 3), prefix=st.sampled_from(PATHS))
    def listings(self, size: int, prefix: str) -> None:
        """What is listed page by page is what is there."""
        model, at = self.model, {"PathPrefix": prefix}
        for operation, member, kind in (
            ("ListUsers", "Users", "user"),
            ("ListGroups", "Groups", "group"),
        ):
            self.same(
                [model.shown(each) for each in model.all(kind, prefix)],
                self.listed(operation, member, size, **at),
                operation,
            )
        policies = [model.shown_policy(each) for each in model.all("policy", prefix)]
        self.same(policies, self.listed("ListPolicies", "Policies", size, Scope="Local", **at), "ListPolicies")
        attached = [shown for shown in policies if shown["AttachmentCount"]]
        only = self.listed("ListPolicies", "Policies", size, Scope="Local", OnlyAttached=True, **at)
        self.same(attached, only, "ListPolicies OnlyAttached")
        for user in model.all("user"):
            name = {"UserName": user.name}
            groups = [model.shown(each) for each in model.all("group") if user in each.members]
            self.same(groups, self.listed("ListGroupsForUser", "Groups", size, **name), "ListGroupsForUser")
            self.same(tags_of(user), self.listed("ListUserTags", "Tags", size, **name), "ListUserTags")
            keys = model.list_access_keys(user.name)["AccessKeyMetadata"]
            self.same(keys, self.listed("ListAccessKeys", "AccessKeyMetadata", size, **name), "ListAccessKeys")
        for role in model.all("role"):
            held = {each.name for each in model.all("instance-profile") if each.role is role}
            found = self.listed("ListInstanceProfilesForRole", "InstanceProfiles", size, RoleName=role.name)
            assert {each["InstanceProfileName"] for each in found} == held

    @rule(size=st.integers(1, 3))
    def holders(self, size: int) -> None:
        """Who has a policy, attached or as a boundary."""
        for policy in self.model.all("policy"):
            owners = [*self.model.all("user"), *self.model.all("group"), *self.model.all("role")]
            expected = {each.name for each in owners if policy in each.attached or each.boundary is policy}
            names, marker = [], {}
            while True:
                asked = {"PolicyArn": self.model.arn(policy), "MaxItems": size, **marker}
                page = self.world.call("iam:ListEntitiesForPolicy", asked)
                for member, name in (("PolicyUsers", "UserName"), ("PolicyGroups", "GroupName")):
                    names += [each[name] for each in page[member]]
                names += [each["RoleName"] for each in page["PolicyRoles"]]
                if not page["IsTruncated"]:
                    break
                marker = {"Marker": page["Marker"]}
            count = sum(policy in each.attached or each.boundary is policy for each in owners)
            assert (set(names), len(names)) == (expected, count)

    def whole(self) -> None:
        """The account is as the model has it, down to the last policy."""
        model = self.model
        found = self.world.call("iam:GetAccountAuthorizationDetails", {"MaxItems": 1000})
        assert found["IsTruncated"] is False
        attached = {
            each.id: [{"PolicyName": p.name, "PolicyArn": model.arn(p)} for p in each.attached]
            for kind in ("user", "group", "role")
            for each in model.all(kind)
        }
        for kind, listed, embedded in (
            ("user", "UserDetailList", "UserPolicyList"),
            ("group", "GroupDetailList", "GroupPolicyList"),
            ("role", "RoleDetailList", "RolePolicyList"),
        ):
            expected, given = {each.name: each for each in model.all(kind)}, found[listed]
            assert len(given) == len(expected), f"{kind}: {given}"
            for shown in given:
                each = expected[shown[f"{kind.title()}Name"]]
                for name, value in model.shown(each).items():
                    self.same(value, shown[name], f"{listed}.{name}")
                texts = {row["PolicyName"]: unquote(row["PolicyDocument"]) for row in shown.get(embedded, [])}
                assert texts == each.embedded, listed
                self.same(attached[each.id], shown["AttachedManagedPolicies"], listed)
                if kind == "user":
                    assert set(shown["GroupList"]) == {g.name for g in model.all("group") if each in g.members}
                if kind != "group":
                    self.same(tags_of(each), shown["Tags"], f"{listed}.Tags")
                    scope = shown.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
                    assert scope == (model.arn(each.boundary) if each.boundary else None), listed
        versions = {
            model.arn(each): {f"v{n}": text for n, text in each.versions.items()} for each in model.all("policy")
        }
        assert versions == {
            each["Arn"]: {row["VersionId"]: unquote(row["Document"]) for row in each["PolicyVersionList"]}
            for each in found["Policies"]
        }
        profiles = self.world.call("iam:ListInstanceProfiles", {})["InstanceProfiles"]
        assert {each["InstanceProfileName"]: [role["RoleName"] for role in each["Roles"]] for each in profiles} == {
            each.name: [each.role.name] if each.role else [] for each in model.all("instance-profile")
        }
        aliases = self.world.call("iam:ListAccountAliases", {})["AccountAliases"]
        assert aliases == ([model.alias] if model.alias else [])
        providers = self.world.call("iam:ListOpenIDConnectProviders", {})["OpenIDConnectProviderList"]
        assert {each["Arn"] for each in providers} == set(model.providers)
        for arn, clients in model.providers.items():
            known = self.world.call("iam:GetOpenIDConnectProvider", {"OpenIDConnectProviderArn": arn})
            assert sorted(known["ClientIDList"]) == sorted(clients)


def place(item: Any) -> str:
    """An order that both sides can be put in."""
    if not isinstance(item, Mapping):
        return str(item)
    for name in ("UserName", "GroupName", "RoleName", "PolicyName", "InstanceProfileName", "Key", "VersionId"):
        if name in item:
            return str(item[name]) + str(item.get("AccessKeyId", ""))
    return str(item)
