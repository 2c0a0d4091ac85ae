"""The operations of the model: each takes its parameters by name and answers, or refuses.

Source: IAM API Reference, the operations of the same names.
"""

from __future__ import annotations

from typing import Any

from tests.iam.model import (
    FULL,
    IN_USE,
    MISSING,
    QUOTAS,
    TAKEN,
    Account,
    Answer,
    Refused,
    Serial,
    Tags,
    Thing,
    refuse,
    tag_faults,
    tags_of,
)

ENTITIES = {"User": ("user", "UserName"), "Group": ("group", "GroupName"), "Role": ("role", "RoleName")}


class Model(Account):
    """An account with the operations that are tried. A change that is refused leaves no trace."""

    def __init__(self, number: str, trust: str) -> None:
        super().__init__(number)
        self.trust = trust

    def do(self, operation: str, params: dict[str, Any]) -> Answer:
        """Raises `Refused`."""
        for noun, (kind, parameter) in ENTITIES.items():
            for verb in ("Attach*Policy", "Detach*Policy", "Put*Policy", "Get*Policy", "Delete*Policy"):
                if operation == verb.replace("*", noun):
                    return self.of_entity(verb, self.the(kind, params[parameter]), parameter, params)
        for noun, kind, parameter in TAGGED:
            if operation in (f"Tag{noun}", f"Untag{noun}"):
                name = params[parameter]
                return self.tagging(self.owned(name) if kind == "policy" else self.find(kind, name), kind, params)
        doing = getattr(self, "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_"))
        answer: Answer = doing(**params)
        return answer

    def of_entity(self, verb: str, owner: Thing, parameter: str, params: dict[str, Any]) -> Answer:
        """The policies of a user, a group or a role."""
        name, arn = params.get("PolicyName", ""), params.get("PolicyArn", "")
        if verb == "Attach*Policy":
            self.attach(owner, self.policy(arn))
        elif verb == "Detach*Policy":
            self.detach(owner, arn)
        elif verb == "Put*Policy":
            owner.embedded[name] = params["PolicyDocument"]
        else:
            refuse(**{MISSING: name not in owner.embedded})
            if verb == "Get*Policy":
                return {parameter: owner.name, "PolicyName": name, "PolicyDocument": owner.embedded[name]}
            del owner.embedded[name]
        return {}

    def tagging(self, thing: Thing | None, kind: str, params: dict[str, Any]) -> Answer:
        """Add tags, or take some away."""
        tags = params.get("Tags", ())
        if thing is None:
            nobody = Thing(kind, "", "/", Serial(0))
            raise Refused({MISSING} | (tag_faults(nobody, tags) - {FULL}))
        self.tag(thing, tags)
        self.untag(thing, params.get("TagKeys", ()))
        return {}

    # Users

    def create_user(
        self, UserName: str, Path: str = "/", Tags: Tags = (), PermissionsBoundary: str | None = None
    ) -> Answer:
        return {"User": self.whole(self.add("user", UserName, Path, Tags, PermissionsBoundary))}

    def get_user(self, UserName: str) -> Answer:
        return {"User": self.whole(self.the("user", UserName))}

    def update_user(self, UserName: str, NewUserName: str | None = None, NewPath: str | None = None) -> Answer:
        return self.update(self.the("user", UserName), NewUserName, NewPath)

    def delete_user(self, UserName: str) -> Answer:
        user = self.the("user", UserName)
        grouped = any(user in group.members for group in self.all("group"))
        has = user.embedded or user.attached or user.keys or user.password_reset is not None or grouped
        return self.remove(user, **{IN_USE: bool(has)})

    def put_user_permissions_boundary(self, UserName: str, PermissionsBoundary: str) -> Answer:
        self.the("user", UserName).boundary = self.policy(PermissionsBoundary)
        return {}

    def delete_user_permissions_boundary(self, UserName: str) -> Answer:
        self.the("user", UserName).boundary = None
        return {}

    # Access keys and passwords

    def create_access_key(self, UserName: str) -> Answer:
        user = self.the("user", UserName)
        refuse(**{FULL: len(user.keys) >= QUOTAS["AccessKeysPerUser"]})
        return {"AccessKey": {"UserName": user.name, "Status": "Active"}}

    def made_access_key(self, user_name: str, key_id: str) -> None:
        """Which id the service chose."""
        self.the("user", user_name).keys[key_id] = "Active"

    def list_access_keys(self, UserName: str) -> Answer:
        user = self.the("user", UserName)
        shown = [{"UserName": user.name, "AccessKeyId": key, "Status": status} for key, status in user.keys.items()]
        return {"AccessKeyMetadata": shown, "IsTruncated": False}

    def update_access_key(self, UserName: str, AccessKeyId: str, Status: str) -> Answer:
        user = self.the("user", UserName)
        refuse(**{MISSING: AccessKeyId not in user.keys})
        user.keys[AccessKeyId] = Status
        return {}

    def delete_access_key(self, UserName: str, AccessKeyId: str) -> Answer:
        user = self.the("user", UserName)
        refuse(**{MISSING: AccessKeyId not in user.keys})
        del user.keys[AccessKeyId]
        return {}

    def create_login_profile(self, UserName: str, Password: str, PasswordResetRequired: bool = False) -> Answer:
        user = self.the("user", UserName)
        refuse(**{TAKEN: user.password_reset is not None})
        user.password_reset = PasswordResetRequired
        return self.get_login_profile(UserName)

    def get_login_profile(self, UserName: str) -> Answer:
        user = self.the("user", UserName)
        refuse(**{MISSING: user.password_reset is None})
        return {"LoginProfile": {"UserName": user.name, "PasswordResetRequired": user.password_reset}}

    def update_login_profile(self, UserName: str, PasswordResetRequired: bool) -> Answer:
        self.get_login_profile(UserName)
        self.the("user", UserName).password_reset = PasswordResetRequired
        return {}

    def delete_login_profile(self, UserName: str) -> Answer:
        self.get_login_profile(UserName)
        self.the("user", UserName).password_reset = None
        return {}

    # Groups

    def create_group(self, GroupName: str, Path: str = "/") -> Answer:
        return {"Group": self.shown(self.add("group", GroupName, Path, ()))}

    def update_group(self, GroupName: str, NewGroupName: str | None = None, NewPath: str | None = None) -> Answer:
        return self.update(self.the("group", GroupName), NewGroupName, NewPath)

    def delete_group(self, GroupName: str) -> Answer:
        group = self.the("group", GroupName)
        return self.remove(group, **{IN_USE: bool(group.members or group.embedded or group.attached)})

    def add_user_to_group(self, GroupName: str, UserName: str) -> Answer:
        group, user = self.the("group", GroupName), self.the("user", UserName)
        if user not in group.members:
            groups = sum(user in each.members for each in self.all("group"))
            refuse(**{FULL: groups >= QUOTAS["GroupsPerUser"]})
            group.members.append(user)
        return {}

    def remove_user_from_group(self, GroupName: str, UserName: str) -> Answer:
        group, user = self.the("group", GroupName), self.the("user", UserName)
        if user in group.members:
            group.members.remove(user)
        return {}

    # Roles and instance profiles

    def create_role(
        self,
        RoleName: str,
        AssumeRolePolicyDocument: str,
        Path: str = "/",
        Tags: Tags = (),
        PermissionsBoundary: str | None = None,
        Description: str | None = None,
    ) -> Answer:
        role = self.add("role", RoleName, Path, Tags, PermissionsBoundary, description=Description)
        return {"Role": {**self.whole(role), "AssumeRolePolicyDocument": self.trust}}

    def get_role(self, RoleName: str) -> Answer:
        role = self.the("role", RoleName)
        described = {"Description": role.description} if role.description else {}
        more = {"AssumeRolePolicyDocument": self.trust, "MaxSessionDuration": role.longest, "RoleLastUsed": {}}
        return {"Role": {**self.whole(role), **more, **described}}

    def update_role(
        self, RoleName: str, Description: str | None = None, MaxSessionDuration: int | None = None
    ) -> Answer:
        role = self.the("role", RoleName)
        role.description = role.description if Description is None else Description
        role.longest = MaxSessionDuration or role.longest
        return {}

    def delete_role(self, RoleName: str) -> Answer:
        role = self.the("role", RoleName)
        held = any(profile.role is role for profile in self.all("instance-profile"))
        return self.remove(role, **{IN_USE: bool(held or role.embedded or role.attached)})

    def put_role_permissions_boundary(self, RoleName: str, PermissionsBoundary: str) -> Answer:
        self.the("role", RoleName).boundary = self.policy(PermissionsBoundary)
        return {}

    def delete_role_permissions_boundary(self, RoleName: str) -> Answer:
        self.the("role", RoleName).boundary = None
        return {}

    def create_instance_profile(self, InstanceProfileName: str, Path: str = "/", Tags: Tags = ()) -> Answer:
        made = self.add("instance-profile", InstanceProfileName, Path, Tags)
        return {"InstanceProfile": {**self.whole(made), "Roles": []}}

    def get_instance_profile(self, InstanceProfileName: str) -> Answer:
        found = self.the("instance-profile", InstanceProfileName)
        roles = [self.shown_role(found.role, self.trust)] if found.role else []
        return {"InstanceProfile": {**self.shown(found), "Roles": roles, "Tags": tags_of(found)}}

    def delete_instance_profile(self, InstanceProfileName: str) -> Answer:
        found = self.the("instance-profile", InstanceProfileName)
        return self.remove(found, **{IN_USE: found.role is not None})

    def add_role_to_instance_profile(self, InstanceProfileName: str, RoleName: str) -> Answer:
        found, role = self.the("instance-profile", InstanceProfileName), self.the("role", RoleName)
        refuse(**{FULL: found.role is not None})
        found.role = role
        return {}

    def remove_role_from_instance_profile(self, InstanceProfileName: str, RoleName: str) -> Answer:
        found, role = self.the("instance-profile", InstanceProfileName), self.the("role", RoleName)
        refuse(**{MISSING: found.role is not role})
        found.role = None
        return {}

    # Managed policies

    def create_policy(
        self, PolicyName: str, PolicyDocument: str, Path: str = "/", Tags: Tags = (), Description: str | None = None
    ) -> Answer:
        made = self.add("policy", PolicyName, Path, Tags, description=Description, versions={1: PolicyDocument})
        return {"Policy": {**self.shown_policy(made), **({"Tags": tags_of(made)} if made.tags else {})}}

    def get_policy(self, PolicyArn: str) -> Answer:
        found = self.policy(PolicyArn)
        described = {"Description": found.description} if found.description else {}
        return {"Policy": {**self.shown_policy(found), "Tags": tags_of(found), **described}}

    def delete_policy(self, PolicyArn: str) -> Answer:
        found = self.policy(PolicyArn)
        return self.remove(found, **{IN_USE: self.held(found) or len(found.versions) > 1})

    def create_policy_version(self, PolicyArn: str, PolicyDocument: str, SetAsDefault: bool = False) -> Answer:
        found = self.policy(PolicyArn)
        refuse(**{FULL: len(found.versions) >= QUOTAS["VersionsPerPolicy"]})
        found.last += 1
        found.versions[found.last] = PolicyDocument
        found.default = found.last if SetAsDefault else found.default
        return {"PolicyVersion": {"VersionId": f"v{found.last}", "IsDefaultVersion": SetAsDefault}}

    def version(self, arn: str, name: str) -> tuple[Thing, int]:
        """A policy and the number of one of its versions."""
        found, number = self.policy(arn), int(name.removeprefix("v"))
        refuse(**{MISSING: number not in found.versions})
        return found, number

    def get_policy_version(self, PolicyArn: str, VersionId: str) -> Answer:
        found, number = self.version(PolicyArn, VersionId)
        shown = {"VersionId": VersionId, "IsDefaultVersion": number == found.default}
        return {"PolicyVersion": {**shown, "Document": found.versions[number]}}

    def set_default_policy_version(self, PolicyArn: str, VersionId: str) -> Answer:
        found, number = self.version(PolicyArn, VersionId)
        found.default = number
        return {}

    def delete_policy_version(self, PolicyArn: str, VersionId: str) -> Answer:
        found, number = self.version(PolicyArn, VersionId)
        refuse(**{IN_USE: number == found.default})
        del found.versions[number]
        return {}

    # The account

    def create_account_alias(self, AccountAlias: str) -> Answer:
        refuse(**{TAKEN: self.alias == AccountAlias})
        self.alias = AccountAlias
        return {}

    def delete_account_alias(self, AccountAlias: str) -> Answer:
        refuse(**{MISSING: self.alias != AccountAlias})
        self.alias = None
        return {}

    # OpenID Connect providers

    def provider(self, arn: str) -> list[str]:
        """The client ids of one."""
        if arn not in self.providers:
            raise Refused({MISSING})
        return self.providers[arn]

    def create_open_i_d_connect_provider(self, Url: str, ThumbprintList: list[str], ClientIDList: list[str]) -> Answer:
        arn = f"arn:aws:iam::{self.number}:oidc-provider/{Url.removeprefix('https://')}"
        full = len(self.providers) >= QUOTAS["OpenIdConnectProvidersPerAccount"]
        clients = list(dict.fromkeys(ClientIDList))
        many = len(clients) > QUOTAS["ClientIdsPerOpenIdConnectProvider"]
        refuse(**{TAKEN: arn in self.providers, FULL: full or many})
        self.providers[arn] = clients
        return {"OpenIDConnectProviderArn": arn}

    def add_client_i_d_to_open_i_d_connect_provider(self, OpenIDConnectProviderArn: str, ClientID: str) -> Answer:
        clients = self.provider(OpenIDConnectProviderArn)
        if ClientID not in clients:
            refuse(**{FULL: len(clients) >= QUOTAS["ClientIdsPerOpenIdConnectProvider"]})
            clients.append(ClientID)
        return {}

    def remove_client_i_d_from_open_i_d_connect_provider(self, OpenIDConnectProviderArn: str, ClientID: str) -> Answer:
        clients = self.provider(OpenIDConnectProviderArn)
        if ClientID in clients:
            clients.remove(ClientID)
        return {}

    def delete_open_i_d_connect_provider(self, OpenIDConnectProviderArn: str) -> Answer:
        self.provider(OpenIDConnectProviderArn)
        del self.providers[OpenIDConnectProviderArn]
        return {}


TAGGED = (
    ("User", "user", "UserName"),
    ("Role", "role", "RoleName"),
    ("InstanceProfile", "instance-profile", "InstanceProfileName"),
    ("Policy", "policy", "PolicyArn"),
)
