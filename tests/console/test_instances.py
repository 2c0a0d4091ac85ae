"""Instances in the console, and the profiles that give them roles."""

from __future__ import annotations

from typing import Any

from ostiary.audit.writer import AuditWriter
from ostiary.services.ec2.role_delivery import RoleDelivery
from tests.console.people import Console
from tests.console.test_roles import role
from tests.world import document


def launched(console: Console, profile: str | None = None, name: str = "box") -> str:
    more: dict[str, Any] = {"IamInstanceProfile": {"Name": profile}} if profile else {}
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    given = console.world.call(
        "ec2:RunInstances", ImageId="ami-00000000000000001", MinCount=1, MaxCount=1, TagSpecifications=tags, **more
    )
    return str(given["Instances"][0]["InstanceId"])


def profile(console: Console, name: str) -> None:
    role(console, name)
    console.world.call("iam:CreateInstanceProfile", InstanceProfileName=name)
    console.world.call("iam:AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=name)


def test_an_instance_is_listed_with_its_role_and_when_it_last_asked(console: Console) -> None:
    browser = console.administrator()
    assert "ostiary instance run" in browser.get("/instances").words
    profile(console, "web")
    made = launched(console, "web")
    (row,) = browser.get("/instances").rows()
    assert row[0] == f"box {made}" and row[1:5] == ["running", "web", "web", "Never"]
    delivery = RoleDelivery(console.house, AuditWriter(console.house.store, 0.01))
    assert delivery.deliver(made, "2.0") is not None
    assert browser.get("/instances?find=box").rows()[0][4] == "Today"
    assert "No instance has these words." in browser.get("/instances?find=zzz").words
    assert browser.get("/roles/web/instances").rows()[0][0].startswith("box")
    assert "<html" not in browser.get("/instances?find=box", **{"hx-request": "true"}).text


def test_a_profile_is_given_replaced_and_taken_away(console: Console) -> None:
    browser = console.administrator()
    profile(console, "web")
    profile(console, "shop")
    made = launched(console)
    page = browser.get(f"/instances/{made}")
    assert browser.submit("//form[contains(@action, '/profile')]", "associate", profile="").status == 400
    browser.get(f"/instances/{made}")
    for name in ("web", "shop"):
        page = browser.submit("//form[contains(@action, '/profile')]", "associate", profile=name)
        assert page.status == 200 and f"has the profile {name} now" in page.words
        found = console.world.call("ec2:DescribeInstances", InstanceIds=[made])
        arn = found["Reservations"][0]["Instances"][0]["IamInstanceProfile"]["Arn"]
        assert arn.endswith(f"instance-profile/{name}")
    page = browser.submit("//form[contains(@action, '/profile')]", "disassociate")
    assert "has no profile any more" in page.words


def test_who_may_not_pass_the_role_is_refused(console: Console) -> None:
    profile(console, "web")
    made = launched(console)
    browser = console.signed_in("operator", document(["ec2:*", "iam:ListInstanceProfiles"]))
    browser.get(f"/instances/{made}")
    page = browser.submit("//form[contains(@action, '/profile')]", "associate", profile="web")
    assert page.status == 403 and "iam:PassRole" in page.words
    browser = console.signed_in("nobody")
    assert "You are not allowed to see this." in browser.get("/instances").words
    assert browser.get(f"/instances/{made}").status == 403
    assert "You are not allowed to see this." in browser.get("/instance-profiles").words
    assert browser.post("/instance-profiles", {"name": "x"}).status == 403
    assert console.administrator().get("/instances/i-00000000000000000").status == 404


def test_instance_profiles_come_and_go(console: Console) -> None:
    browser = console.administrator()
    role(console, "web")
    browser.get("/instance-profiles")
    page = browser.submit("//form[@method='post' and @action='/instance-profiles']", name="mine", role="web")
    assert page.rows()[0][:2] == ["mine", "web"]
    page = browser.submit("//form[@method='post' and @action='/instance-profiles']", name="mine")
    assert page.status == 409 and page.select("//*[@id='name-error']")
    browser.get("/instance-profiles/mine/delete")
    assert browser.submit(typed="other").status == 400
    assert "There are no instance profiles." in browser.submit(typed="mine").words
