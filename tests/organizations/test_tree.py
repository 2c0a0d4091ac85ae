"""Organizations, accounts and units."""

from __future__ import annotations

import re

from ostiary.authorization.organization import SCP
from tests.organizations.asking import DENY_IAM, MODEL, Organizations
from tests.sts.people import add_user, caller_of
from tests.world import ACCOUNT, OTHER, World


def matches(shape: str, text: str) -> bool:
    return re.fullmatch(MODEL.shape_for(shape).metadata["pattern"].strip("^$"), text) is not None


def test_an_organization_is_made_once_and_described_to_its_members(world: World) -> None:
    org = Organizations(world)
    code = "AWSOrganizationsNotInUseException"
    assert org.fault("DescribeOrganization") == (code, "Your account is not a member of an organization.")
    made = org("CreateOrganization", FeatureSet="ALL")["Organization"]
    assert made["MasterAccountId"] == ACCOUNT
    assert matches("OrganizationId", made["Id"])
    assert matches("OrganizationArn", made["Arn"])
    assert matches("AccountArn", made["MasterAccountArn"])
    assert org("DescribeOrganization")["Organization"] == made
    assert org("DescribeOrganization", by=world.root(org.account()))["Organization"] == made
    assert org.fault("DescribeOrganization", by=world.root(OTHER))[0] == code
    assert org.fault("CreateOrganization")[0] == "AlreadyInOrganizationException"


def test_organizations_know_nothing_of_each_other(org: Organizations) -> None:
    theirs = org.world.root(OTHER)
    org("CreateOrganization", by=theirs)
    unit, account, policy = org.unit("u"), org.account(), org.policy(DENY_IAM)
    assert [each["Id"] for each in org("ListAccounts", by=theirs)["Accounts"]] == [OTHER]
    for name, params, code in (
        ("DescribeOrganizationalUnit", {"OrganizationalUnitId": unit}, "OrganizationalUnitNotFoundException"),
        ("DescribeAccount", {"AccountId": account}, "AccountNotFoundException"),
        ("DescribePolicy", {"PolicyId": policy}, "PolicyNotFoundException"),
        ("ListChildren", {"ParentId": org.root, "ChildType": "ACCOUNT"}, "ParentNotFoundException"),
        ("ListTagsForResource", {"ResourceId": policy}, "TargetNotFoundException"),
        ("DisablePolicyType", {"RootId": org.root, "PolicyType": SCP}, "RootNotFoundException"),
    ):
        assert org.fault(name, by=theirs, **params)[0] == code


def test_a_new_account_is_entered_by_the_role_that_trusts_the_management_account(org: Organizations) -> None:
    world = org.world
    status = org("CreateAccount", Email="dev@example.com", AccountName="Dev")["CreateAccountStatus"]
    assert org("DescribeCreateAccountStatus", CreateAccountRequestId=status["Id"])["CreateAccountStatus"] == status
    account = status["AccountId"]
    shown = org("DescribeAccount", AccountId=account)["Account"]
    assert (shown["Name"], shown["Email"], shown["JoinedMethod"]) == ("Dev", "dev@example.com", "CREATED")
    assert matches("AccountArn", shown["Arn"])
    assert matches("Path", shown["Paths"][0])
    with world.house.store.read() as tx:
        assert tx.access_keys.of(account) == []
        record = tx.accounts.get(account)
        assert record is not None
        assert record.root_password is None
    admin = add_user(world, "admin")
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    given = world.call("sts:AssumeRole", by=admin, RoleArn=arn, RoleSessionName="s1")
    inside = caller_of(world, given)
    assert inside.account == account
    world.call("iam:CreateUser", by=inside, UserName="bob")
    assert [user["UserName"] for user in world.call("iam:ListUsers", by=inside)["Users"]] == ["bob"]


def test_the_role_may_have_another_name(org: Organizations) -> None:
    made = org("CreateAccount", Email="x@example.com", AccountName="x", RoleName="Admin")["CreateAccountStatus"]
    roles = org.world.call("iam:ListRoles", by=org.world.root(made["AccountId"]))["Roles"]
    assert [role["RoleName"] for role in roles] == ["Admin"]


def test_an_address_that_is_taken_makes_no_account(org: Organizations) -> None:
    org.account("dev")
    before = org("ListAccounts")["Accounts"]
    failed = org("CreateAccount", Email="dev@example.com", AccountName="again")["CreateAccountStatus"]
    assert (failed["State"], failed["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert "AccountId" not in failed
    assert org("ListAccounts")["Accounts"] == before
    assert len(org("ListCreateAccountStatus")["CreateAccountStatuses"]) == 2
    assert org("ListCreateAccountStatus", States=["FAILED"])["CreateAccountStatuses"] == [failed]
    missing = org.fault("DescribeCreateAccountStatus", CreateAccountRequestId="car-aaaaaaaa")
    assert missing[0] == "CreateAccountStatusNotFoundException"


def test_units_make_a_tree_of_which_accounts_are_the_leaves(org: Organizations) -> None:
    account, root = org.account(), org.root
    upper = org.unit("upper")
    lower = org.unit("lower", upper)
    org("MoveAccount", AccountId=account, SourceParentId=root, DestinationParentId=lower)
    assert org("ListParents", ChildId=account)["Parents"] == [{"Id": lower, "Type": "ORGANIZATIONAL_UNIT"}]
    assert org("ListParents", ChildId=upper)["Parents"] == [{"Id": root, "Type": "ROOT"}]
    children = org("ListChildren", ParentId=root, ChildType="ACCOUNT")["Children"]
    assert children == [{"Id": ACCOUNT, "Type": "ACCOUNT"}]
    children = org("ListChildren", ParentId=upper, ChildType="ORGANIZATIONAL_UNIT")["Children"]
    assert children == [{"Id": lower, "Type": "ORGANIZATIONAL_UNIT"}]
    assert [each["Id"] for each in org("ListAccountsForParent", ParentId=lower)["Accounts"]] == [account]
    [shown] = org("ListOrganizationalUnitsForParent", ParentId=upper)["OrganizationalUnits"]
    assert matches("OrganizationalUnitArn", shown["Arn"])
    assert shown["Path"].endswith(f"/{root}/{upper}/{lower}/")
    assert org("DescribeAccount", AccountId=account)["Account"]["Paths"] == [f"{shown['Path']}{account}/"]
    assert org.fault("DeleteOrganizationalUnit", OrganizationalUnitId=upper)[0] == "OrganizationalUnitNotEmptyException"
    assert org.fault("DeleteOrganizationalUnit", OrganizationalUnitId=lower)[0] == "OrganizationalUnitNotEmptyException"
    org("MoveAccount", AccountId=account, SourceParentId=lower, DestinationParentId=root)
    org("DeleteOrganizationalUnit", OrganizationalUnitId=lower)
    missing = org.fault("DescribeOrganizationalUnit", OrganizationalUnitId=lower)
    assert missing == (
        "OrganizationalUnitNotFoundException",
        "You specified an organizational unit that doesn't exist.",
    )


def test_a_move_needs_both_parents_as_they_are(org: Organizations) -> None:
    account, root, unit = org.account(), org.root, org.unit("u")
    gone = f"ou-{root[2:]}-aaaaaaaa"
    for source, destination, code in (
        (gone, unit, "SourceParentNotFoundException"),
        (root, gone, "DestinationParentNotFoundException"),
        (root, root, "DuplicateAccountException"),
        (unit, unit, None),
    ):
        if code is None:
            continue
        params = {"AccountId": account, "SourceParentId": source, "DestinationParentId": destination}
        assert org.fault("MoveAccount", **params)[0] == code
    wrong = org.fault("MoveAccount", AccountId=OTHER, SourceParentId=root, DestinationParentId=unit)
    assert wrong == ("AccountNotFoundException", "You specified an account that doesn't exist.")
    other = org.unit("v")
    params = {"AccountId": account, "SourceParentId": unit, "DestinationParentId": other}
    assert org.fault("MoveAccount", **params)[0] == "SourceParentNotFoundException"
    assert org("ListParents", ChildId=account)["Parents"][0]["Id"] == root


def test_names_of_units_are_unique_among_siblings(org: Organizations) -> None:
    first, second = org.unit("a"), org.unit("b")
    org.unit("a", first)
    duplicate = "DuplicateOrganizationalUnitException"
    assert org.fault("CreateOrganizationalUnit", ParentId=org.root, Name="a")[0] == duplicate
    assert org.fault("UpdateOrganizationalUnit", OrganizationalUnitId=second, Name="a")[0] == duplicate
    renamed = org("UpdateOrganizationalUnit", OrganizationalUnitId=second, Name="c")["OrganizationalUnit"]
    assert (renamed["Id"], renamed["Name"]) == (second, "c")
    gone = f"ou-{org.root[2:]}-aaaaaaaa"
    assert org.fault("CreateOrganizationalUnit", ParentId=gone, Name="x")[0] == "ParentNotFoundException"
    assert org.fault("ListParents", ChildId=gone)[0] == "ChildNotFoundException"


def test_units_stand_five_deep(org: Organizations) -> None:
    parent = org.root
    for depth in range(5):
        parent = org.unit(f"depth-{depth}", parent)
    found = org.fault("CreateOrganizationalUnit", ParentId=parent, Name="too-deep")
    assert found == ("ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED")


def test_listings_come_in_pages_whose_tokens_are_bound_to_them(org: Organizations) -> None:
    made = {org.unit(f"u{number}") for number in range(5)}
    seen: list[str] = []
    params = {"ParentId": org.root, "MaxResults": 2}
    while True:
        given = org("ListOrganizationalUnitsForParent", **params)
        assert len(given["OrganizationalUnits"]) <= 2
        seen += [unit["Id"] for unit in given["OrganizationalUnits"]]
        if "NextToken" not in given:
            break
        params["NextToken"] = given["NextToken"]
    assert seen == sorted(made)
    for token in (params["NextToken"], "nonsense", "!"):
        assert org.fault("ListAccounts", NextToken=token) == ("InvalidInputException", "INVALID_NEXT_TOKEN")


def test_everything_has_tags(org: Organizations) -> None:
    tags = [{"Key": "Team", "Value": "red"}, {"Key": "env", "Value": ""}]
    unit = org("CreateOrganizationalUnit", ParentId=org.root, Name="u", Tags=tags)["OrganizationalUnit"]["Id"]
    account = org("CreateAccount", Email="a@example.com", AccountName="a", Tags=tags)["CreateAccountStatus"][
        "AccountId"
    ]
    made = org("CreatePolicy", Content=DENY_IAM, Description="", Name="n", Type=SCP, Tags=tags)
    policy = made["Policy"]["PolicySummary"]["Id"]
    org("TagResource", ResourceId=org.root, Tags=tags)
    for each in (unit, account, policy, org.root):
        assert org("ListTagsForResource", ResourceId=each)["Tags"] == sorted(tags, key=lambda tag: tag["Key"].lower())
    org("UntagResource", ResourceId=unit, TagKeys=["Team", "nothing"])
    assert org("ListTagsForResource", ResourceId=unit)["Tags"] == [{"Key": "env", "Value": ""}]
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    assert org.fault("TagResource", ResourceId=unit, Tags=many) == (
        "ConstraintViolationException",
        "MAX_TAG_LIMIT_EXCEEDED",
    )
    own = [{"Key": "aws:x", "Value": ""}]
    assert org.fault("TagResource", ResourceId=unit, Tags=own)[1] == "INVALID_SYSTEM_TAGS_PARAMETER"
    twice = [{"Key": "a", "Value": ""}, {"Key": "a", "Value": "b"}]
    assert org.fault("TagResource", ResourceId=unit, Tags=twice)[1] == "DUPLICATE_TAG_KEY"
    org("DeleteOrganizationalUnit", OrganizationalUnitId=unit)
    assert org.fault("ListTagsForResource", ResourceId=unit)[0] == "TargetNotFoundException"
