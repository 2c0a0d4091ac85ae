"""Roles and federated sign-ins in a real browser."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import pytest

from tests.console.chromium import Watched
from tests.live import REPOSITORY, Server
from tests.saml.pysaml import PySaml

IDP = "https://idp.example.com/"
NEXT = "main button.primary"


def test_an_ec2_role_made_by_the_wizard_is_there_for_the_api(root_window: Watched, live: Server) -> None:
    page, iam = root_window.page, live.client("iam")
    root_window.go("/roles/create")
    root_window.check_accessibility()
    page.click("text=AWS account")
    assert page.is_visible("#external_id") and not page.is_visible("#saml")
    page.click("text=AWS service")
    page.click(NEXT)
    page.fill("#find", "s3readonly")
    page.click("text=AmazonS3ReadOnlyAccess >> xpath=ancestor::tr >> input[type=checkbox]")
    page.wait_for_selector("text=Selected (1)")
    root_window.check_accessibility("the permissions of a role")
    page.click(NEXT)
    page.fill("#name", "journey-web")
    page.click(NEXT)
    root_window.check_accessibility("the review of a role")
    page.click(NEXT)
    page.wait_for_selector("text=The role journey-web was created.")
    profile = iam.get_instance_profile(InstanceProfileName="journey-web")["InstanceProfile"]
    assert [each["RoleName"] for each in profile["Roles"]] == ["journey-web"]
    attached = iam.list_attached_role_policies(RoleName="journey-web")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["AmazonS3ReadOnlyAccess"]
    given = {"Name": "journey-web"}
    ec2 = live.client("ec2", region_name="us-east-1")
    made = ec2.run_instances(ImageId="ami-00000000000000001", MinCount=1, MaxCount=1, IamInstanceProfile=given)
    instance = made["Instances"][0]["InstanceId"]
    for path in ("", "/trust", "/instances", "/sessions", "/settings", "/delete"):
        root_window.go(f"/roles/journey-web{path}")
        root_window.check_accessibility()
    for path in ("/roles", "/instances", f"/instances/{instance}", "/instance-profiles"):
        root_window.go(path)
        root_window.check_accessibility()
        assert "journey-web" in page.inner_text("main")
    root_window.go("/roles")
    page.fill("#find", "journey-w")
    page.wait_for_url("**find=journey-w**")
    assert page.inner_text("#rows tbody th") == "journey-web"


@pytest.mark.filterwarnings("ignore:CFB has been moved")
def test_people_sign_in_by_pysaml2(window: Watched, live: Server, tmp_path: Path) -> None:
    idp = PySaml(tmp_path, REPOSITORY / "docs" / "users" / "sp-metadata.xml")
    iam, account = live.client("iam"), live.client("sts").get_caller_identity()["Account"]
    provider = iam.create_saml_provider(Name="journey", SAMLMetadataDocument=idp.metadata)["SAMLProviderArn"]
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    roles = [iam.create_role(RoleName=f"journey-{each}", AssumeRolePolicyDocument=trust) for each in ("a", "b")]
    for each in ("a", "b"):
        iam.attach_role_policy(RoleName=f"journey-{each}", PolicyArn="arn:aws:iam::aws:policy/IAMFullAccess")
    said = {
        "https://aws.amazon.com/SAML/Attributes/Role": [f"{each['Role']['Arn']},{provider}" for each in roles],
        "https://aws.amazon.com/SAML/Attributes/RoleSessionName": ["bob@corp"],
    }
    response = idp.response(said, whole=True)

    def sign_in_page(route: Any) -> None:
        form = (
            f'<form method="post" action="{live.console}/saml">'
            f'<input name="SAMLResponse" value="{html.escape(response)}"><input name="RelayState" value="/providers">'
            "<button>Go</button></form>"
        )
        route.fulfill(body=form, content_type="text/html")

    page = window.page
    page.route(f"{IDP}**", sign_in_page)
    page.goto(IDP)
    page.click("button")
    assert page.inner_text("h1") == "Choose a role"
    window.check_accessibility()
    page.click("text=journey-b")
    page.click("main button.primary")
    page.wait_for_url("**/providers")
    page.click("header summary")
    assert f"arn:aws:sts::{account}:assumed-role/journey-b/bob@corp" in page.inner_text("header")
    page.keyboard.press("Escape")
    window.check_accessibility()
    for path in ("/providers/saml/journey", "/providers/create?type=saml", "/providers/create?type=oidc"):
        window.go(path)
        window.check_accessibility()
    window.go("/providers/test?type=saml")
    page.fill("#text", idp.response(said, whole=True))
    page.click("main button.primary")
    page.wait_for_selector("text=May be assumed")
    window.check_accessibility("a sign-in tried out")
    page.goto(IDP)
    page.click("button")
    assert page.inner_text("h1") == "Choose a role"
    page.click("text=journey-b")
    page.click("main button.primary")
    assert "The SAML assertion was redeemed already" in page.inner_text("main")
