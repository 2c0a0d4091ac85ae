"""Roles in the console: the list, the wizard, a role's page."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from ostiary.identifiers import iam_arn
from ostiary.store.records import RoleRecord
from tests.console.people import Browser, Console, Page
from tests.saml.idp import Idp
from tests.sts.corp import PROVIDER
from tests.world import ACCOUNT, ALLOW_ALL, NOW, OTHER, document

READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
WIZARD = "//form[contains(@class, 'role-form')]"


def trust(principal: dict[str, Any] | str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EC2 = trust({"Service": "ec2.amazonaws.com"})


def role(console: Console, name: str, text: str = EC2, **more: Any) -> None:
    console.world.call("iam:CreateRole", RoleName=name, AssumeRolePolicyDocument=text, **more)


def served_in(console: Console) -> list[float]:
    """How long the server takes for each page from now on, in seconds of its processor."""
    taken: list[float] = []
    reply = console._app.reply

    def timed(*asked: Any) -> Any:
        begun = time.thread_time()
        given = reply(*asked)
        taken.append(time.thread_time() - begun)
        return given

    console._app.reply = timed  # type: ignore[method-assign]
    return taken


def made(console: Console, name: str) -> dict[str, Any]:
    from urllib.parse import unquote

    found = console.world.call("iam:GetRole", RoleName=name)["Role"]
    return {**found, "trust": json.loads(unquote(found["AssumeRolePolicyDocument"]))["Statement"]}


def walk(browser: Browser, name: str, policies: list[str] | None = None, **trusted: Any) -> Page:
    """The whole wizard, to its last button."""
    browser.get("/roles/create")
    page = browser.submit(WIZARD, "next", **trusted)
    assert page.status == 200 and "Selected (" in page.words, page.words
    if policies:
        page = browser.submit(WIZARD, "Find", find=policies[0].rsplit("/", 1)[-1])
        browser.submit(WIZARD, "next", policy=policies)
    else:
        browser.submit(WIZARD, "next")
    page = browser.submit(WIZARD, "next", name=name, tags="team = blue\n\nstage=prod", description="of the test")
    assert "Show as commands" in page.words, page.words
    return browser.submit(WIZARD, "create")


def test_the_list_says_who_is_trusted_and_is_searched_sorted_and_paged(console: Console) -> None:
    browser = console.administrator()
    assert "There are no roles yet." in browser.get("/roles").words
    role(console, "web", Description="of the shop")
    role(console, "ops", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    role(console, "open", trust("*"))
    rows = browser.get("/roles").rows()
    assert [row[:2] for row in rows] == [
        ["open", "Everybody"],
        ["ops", "This account"],
        ["web of the shop", "AWS service: ec2"],
    ]
    assert [row[0] for row in browser.get("/roles?sort=name&order=desc").rows()] == ["web of the shop", "ops", "open"]
    assert [row[0] for row in browser.get("/roles?find=SHOP").rows()] == ["web of the shop"]
    assert [row[0] for row in browser.get("/roles?find=ec2.amazonaws").rows()] == ["web of the shop"]
    assert "No role has “zzz”" in browser.get("/roles?find=zzz").words
    assert "<html" not in browser.get("/roles?find=ops", **{"hx-request": "true"}).text
    assert browser.get("/roles?page=999").status == 200


def test_ten_thousand_roles_are_listed_and_searched_at_once(console: Console) -> None:
    browser = console.administrator()
    with console.house.store.write() as tx:
        for number in range(10_000):
            tx.roles.add(
                RoleRecord(
                    id=f"AROA{number:017d}",
                    account=ACCOUNT,
                    name=f"role-{number:05d}",
                    path="/",
                    created=int(NOW.timestamp()) - number,
                    trust=EC2,
                    used=int(NOW.timestamp()) - number if number % 3 else None,
                )
            )
    taken = served_in(console)
    for path in ("/roles", "/roles?find=99", "/roles?sort=used&order=desc", "/roles?sort=created&page=150"):
        taken.clear()
        for _ in range(6):
            assert len(browser.get(path).rows()) == 50
        assert min(taken) < 0.05, f"{path}: {min(taken):.3f} s"


def test_a_viewer_is_told_what_they_may_not_do(console: Console) -> None:
    role(console, "web")
    browser = console.signed_in("viewer", document(["iam:ListRoles"]))
    page = browser.get("/roles")
    assert page.rows()[0][2] == "Not allowed"
    assert page.select("//*[@role='link'][@aria-disabled='true']")
    assert browser.get("/roles/web").status == 403
    browser = console.signed_in("reader", document(["iam:GetRole", "iam:ListRoles"]))
    page = browser.get("/roles/web")
    assert page.status == 200 and page.words.count("You are not allowed to see this.") == 2
    page = browser.get("/roles/web/trust")
    assert "Listing users and roles needs iam:ListUsers" in page.words
    for to in ("detach", "delete", "revoke", "boundary", "inline/delete"):
        page = browser.post(
            f"/roles/web/{to}", {"typed": "web", "document": EC2, "policy": "own" if "inline" in to else READ_ONLY}
        )
        assert page.status == 403, (to, page.words)
    browser = console.signed_in("nobody")
    assert "You are not allowed to see this." in browser.get("/roles").words
    assert console.administrator("other").get("/roles/none").status == 404


def test_an_ec2_role_has_the_instance_profile_of_its_name(console: Console) -> None:
    browser = console.administrator()
    page = walk(browser, "web", [READ_ONLY], entity="service", case="ec2")
    assert page.path == "/roles/web" and "The role web was created." in page.words
    found = made(console, "web")
    assert found["trust"] == [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == {"team": "blue", "stage": "prod"}
    assert found["Description"] == "of the test"
    profile = console.world.call("iam:GetInstanceProfile", InstanceProfileName="web")["InstanceProfile"]
    assert [each["RoleName"] for each in profile["Roles"]] == ["web"]
    attached = console.world.call("iam:ListAttachedRolePolicies", RoleName="web")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [READ_ONLY]


def test_nothing_exists_before_the_last_button_and_steps_go_back(console: Console) -> None:
    browser = console.administrator()
    browser.get("/roles/create?entity=account")
    page = browser.submit(WIZARD, "next", whose="other", account="123")
    assert page.status == 400 and "An account id has twelve digits." in page.words
    browser.submit(WIZARD, "next", whose="other", account=OTHER, external_id="abc", mfa="yes")
    browser.submit(WIZARD, "next")
    page = browser.submit(WIZARD, "next", name="no good/")
    assert page.status == 400 and page.select("//*[@id='name'][@aria-invalid='true']")
    page = browser.submit(WIZARD, "next", name="third", tags="what")
    assert page.status == 400 and "key = value" in page.words
    browser.submit(WIZARD, "next", name="third", tags="")
    page = browser.submit(WIZARD, "to-1")
    assert page.select("//*[@id='account']/@value") == [OTHER] and page.select("//input[@name='mfa'][@checked]")
    assert not console.world.call("iam:ListRoles")["Roles"]
    for _ in range(3):
        browser.submit(WIZARD, "next")
    assert browser.submit(WIZARD, "create").path == "/roles/third"
    (statement,) = made(console, "third")["trust"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{OTHER}:root"}
    assert statement["Condition"] == {
        "StringEquals": {"sts:ExternalId": "abc"},
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
    }


@pytest.mark.parametrize(
    ("given", "principal", "action", "conditions"),
    [
        (
            {"entity": "service", "case": "lambda"},
            {"Service": "lambda.amazonaws.com"},
            "sts:AssumeRole",
            None,
        ),
        (
            {"entity": "service", "case": "other", "service": "delivery.logs.amazonaws.com"},
            {"Service": "delivery.logs.amazonaws.com"},
            "sts:AssumeRole",
            None,
        ),
        (
            {"entity": "oidc", "oidc": "GITHUB", "github_owner": "octo", "github_repository": "shop"},
            {"Federated": "GITHUB"},
            "sts:AssumeRoleWithWebIdentity",
            {
                "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
                "StringLike": {"token.actions.githubusercontent.com:sub": "repo:octo/shop:*"},
            },
        ),
        (
            {"entity": "oidc", "oidc": "GITHUB", "github_owner": "octo", "github_ref": "environment:prod"},
            {"Federated": "GITHUB"},
            "sts:AssumeRoleWithWebIdentity",
            {
                "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
                "StringLike": {"token.actions.githubusercontent.com:sub": "repo:octo/*:environment:prod"},
            },
        ),
        (
            {"entity": "custom", "trust": EC2},
            {"Service": "ec2.amazonaws.com"},
            "sts:AssumeRole",
            None,
        ),
    ],
)
def test_each_type_of_entity_has_its_trust_policy(
    console: Console, given: dict[str, str], principal: dict[str, str], action: str, conditions: Any
) -> None:
    github = "https://token.actions.githubusercontent.com"
    console.world.call(
        "iam:CreateOpenIDConnectProvider",
        Url=github,
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["0" * 40],
    )
    arn = iam_arn(ACCOUNT, "oidc-provider", f"/{github.removeprefix('https://')}", "")
    named = {name: arn if value == "GITHUB" else value for name, value in given.items()}
    page = walk(console.administrator(), "made", **named)
    assert page.path == "/roles/made", page.words
    (statement,) = made(console, "made")["trust"]
    assert statement["Principal"] == {kind: arn if value == "GITHUB" else value for kind, value in principal.items()}
    assert (statement["Action"], statement.get("Condition")) == (action, conditions)


def test_what_iam_says_stands_in_the_review(console: Console) -> None:
    role(console, "web")
    page = walk(console.administrator(), "web", entity="service", case="ec2")
    assert page.status == 409 and "Role with name web already exists." in page.words
    page = walk(console.administrator("second"), "bad", entity="custom", trust='{"Version":"2012-10-17"}')
    assert page.status == 400 and "Show as commands" in page.words and page.select("//*[@role='alert']")


def test_who_can_assume_is_judged_as_the_gate_would(console: Console) -> None:
    browser = console.administrator()
    console.user("alice", document("sts:AssumeRole"), password=None)
    console.user("bob", password=None)
    own = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    role(console, "open", trust(own))
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "StringEquals": {"sts:ExternalId": "x"}}
    role(console, "careful", trust(own, Condition=mfa))
    role(console, "named", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob", "Service": "ec2.amazonaws.com"}))

    def people(name: str) -> list[list[str]]:
        return browser.get(f"/roles/{name}/trust").rows("//div[h2[starts-with(., 'Users and')]]//table")

    assert people("open") == [["admin", "User", "As they are"], ["alice", "User", "As they are"]]
    assert people("careful")[1] == ["alice", "User", "With MFA and the external id"]
    assert people("named") == [["bob", "User", "As they are"]]
    assert "The service can assume it." in browser.get("/roles/named/trust").words
    for who, what in (("alice", "open"), ("bob", "named")):
        arn = iam_arn(ACCOUNT, "role", what)
        console.world.call("sts:AssumeRole", RoleArn=arn, RoleSessionName="s", by=console.world.user(who))


def test_the_trust_policy_is_written_in_the_editor(console: Console) -> None:
    role(console, "web")
    browser = console.administrator()
    page = browser.get("/roles/web/trust")
    (link,) = page.select("//a[normalize-space(.)='Edit trust policy']/@href")
    assert "ec2.amazonaws.com" in browser.get(link).words
    new = trust({"Service": "lambda.amazonaws.com"})
    browser.submit("//main//form[.//textarea]", button="review", document=new)
    browser.submit("//main//form[.//textarea]", button="Save policy")
    assert made(console, "web")["trust"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_policies_come_and_go(console: Console) -> None:
    role(console, "web")
    browser = console.administrator()
    browser.get("/roles/web/attach?find=S3ReadOnly")
    page = browser.submit("//main//form", "attach", policy=[READ_ONLY])
    assert page.path == "/roles/web" and page.rows()[0][:2] == ["AmazonS3ReadOnlyAccess", "AWS managed"]
    console.world.call("iam:PutRolePolicy", RoleName="web", PolicyName="mine", PolicyDocument=ALLOW_ALL)
    browser.get("/roles/web")
    page = browser.submit("//form[contains(@action, '/detach')]")
    assert [row[0] for row in page.rows()] == ["mine"]
    page = browser.submit("//form[contains(@action, '/inline/delete')]")
    assert "No policies:" in page.words
    page = browser.submit("//form[contains(@action, '/boundary')]", boundary=READ_ONLY)
    assert made(console, "web")["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    browser.submit("//form[contains(@action, '/boundary')]", boundary="")
    assert "PermissionsBoundary" not in made(console, "web")


def test_settings_and_tags_are_set(console: Console) -> None:
    role(console, "web", Tags=[{"Key": "old", "Value": "1"}, {"Key": "kept", "Value": "2"}])
    browser = console.administrator()
    browser.get("/roles/web/settings")
    page = browser.submit(description="new", seconds="7200", tags="kept = 3\nadded=4")
    assert "The role was changed." in page.words
    found = made(console, "web")
    assert (found["Description"], found["MaxSessionDuration"]) == ("new", 7200)
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == {"kept": "3", "added": "4"}
    assert browser.submit(tags="no").status == 400


def test_revoked_sessions_may_do_nothing_and_later_ones_may(console: Console) -> None:
    role(console, "web", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    browser = console.administrator()
    browser.get("/roles/web/sessions")
    page = browser.submit("//form[contains(@action, '/revoke')]")
    assert "Sessions were revoked before" in page.words
    text = console.world.call("iam:GetRolePolicy", RoleName="web", PolicyName="AWSRevokeOlderSessions")
    assert "aws%3ATokenIssueTime" in text["PolicyDocument"] and "2026-11-23T12%3A00%3A00" in text["PolicyDocument"]


def test_deleting_takes_the_name_and_everything_of_the_role(console: Console) -> None:
    browser = console.administrator()
    walk(browser, "web", [READ_ONLY], entity="service", case="ec2")
    console.world.call("iam:PutRolePolicy", RoleName="web", PolicyName="mine", PolicyDocument=ALLOW_ALL)
    browser.get("/roles/web/delete")
    assert browser.submit(typed="Web").status == 400
    assert browser.submit(typed="web").path == "/roles"
    assert not console.world.call("iam:ListRoles")["Roles"]
    assert not console.world.call("iam:ListInstanceProfiles")["InstanceProfiles"]


def test_dangerous_changes_want_the_password_again(console: Console) -> None:
    role(console, "web")
    browser = console.administrator()
    browser.get("/roles/web/delete")
    console.world.clock.advance(seconds=400)
    page = browser.submit(typed="web")
    assert page.heading == "Confirm that it is you"
    assert len(console.world.call("iam:ListRoles")["Roles"]) == 1


def test_a_saml_role_takes_assertions_sent_to_aws_and_to_this_console(console: Console) -> None:
    console.world.call("iam:CreateSAMLProvider", Name="corp", SAMLMetadataDocument=Idp().metadata())
    browser = console.administrator()
    given = {"entity": "saml", "saml": PROVIDER, "attribute": "edupersonaffiliation", "value": "staff"}
    assert walk(browser, "staff", **given).path == "/roles/staff"
    (statement,) = made(console, "staff")["trust"]
    assert statement["Principal"] == {"Federated": PROVIDER}
    assert statement["Action"] == ["sts:AssumeRoleWithSAML", "sts:TagSession"]
    assert statement["Condition"]["StringEquals"] == {
        "SAML:aud": ["https://signin.aws.amazon.com/saml", "https://localhost/saml"],
        "SAML:edupersonaffiliation": "staff",
    }


def test_a_service_account_of_kubernetes_is_trusted_exactly(console: Console) -> None:
    thumbprints = ["0" * 40]
    console.world.call(
        "iam:CreateOpenIDConnectProvider", Url="https://k8s.example", ClientIDList=["a"], ThumbprintList=thumbprints
    )
    arn = iam_arn(ACCOUNT, "oidc-provider", "k8s.example")
    given = {"entity": "oidc", "oidc": arn, "audience": "a", "namespace": "shop", "service_account": "orders"}
    assert walk(console.administrator(), "orders", **given).path == "/roles/orders"
    (statement,) = made(console, "orders")["trust"]
    wanted = {"k8s.example:aud": "a", "k8s.example:sub": "system:serviceaccount:shop:orders"}
    assert statement["Condition"] == {"StringEquals": wanted}
