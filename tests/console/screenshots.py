"""`make screenshots`: pictures of an example account's console, for the README.

Every page of the menu with `--all DIR`, in light and dark colours and narrow, to be looked at.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.console.chromium import NARROW, WIDE, Watched, browsing, screenshot, watched
from tests.console.example import Example
from tests.console.people import PASSWORD
from tests.live import REPOSITORY, Server

IMAGES: Final = REPOSITORY / "docs" / "images"
PAGES: Final = (
    *("/", "/users", "/users/lena.okoye", "/users/lena.okoye?tab=credentials", "/users/create", "/groups"),
    *("/groups/S3-Readers", "/roles", "/roles/ec2_s3_readonly", "/roles/create", "/policies", "/policies/create"),
    *("/providers", "/instances", "/settings", "/explain", "/who-can", "/simulator", "/preview", "/report"),
    *("/last-used", "/audit", "/me", "/mfa/enrol", "/password"),
)


def _denied_request(server: Server, account: str) -> str:
    """A request that is refused; its id."""
    from botocore.exceptions import ClientError

    key = server.client("iam").create_access_key(UserName="svc-deploy")["AccessKey"]
    client = server.client("iam", (key["AccessKeyId"], key["SecretAccessKey"]))
    server.client("iam").put_user_policy(
        UserName="svc-deploy",
        PolicyName="everything",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:List*","Resource":"*"},'
        '{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}},'
        '{"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*","Condition":'
        '{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}]}',
    )
    try:
        client.delete_user(UserName="testuser")
    except ClientError as error:
        return str(error.response["ResponseMetadata"]["RequestId"])
    raise AssertionError("nothing was refused")


def _for_readme(window: Watched, request: str, account: str) -> None:
    page = window.page
    page.set_viewport_size({"width": 1280, "height": 860})
    shown = {
        "users": "/users",
        "dashboard": "/",
        "editor": f"/policies/edit?arn=arn:aws:iam::{account}:policy/DeployReports",
        "explain": f"/explain?id={request}",
    }
    for name, path in shown.items():
        window.go(path)
        page.wait_for_timeout(1500)  # the editor's findings come from the server
        page.screenshot(path=str(IMAGES / f"{name}.png"))


def _all(browser: Any, server: Server, out: Path) -> None:
    for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", NARROW)):
        with watched(browser, server.console, color_scheme=scheme) as window:
            window.sign_in_as_root("root@localhost", PASSWORD)
            window.page.set_viewport_size(size)
            for path in PAGES:
                window.go(path)
                window.page.wait_for_timeout(300)
                name = path.strip("/").replace("/", "-").replace("?", "-").replace("=", "-") or "dashboard"
                screenshot(window.page, out / f"{name}.{scheme}.{size['width']}.png")
                for complaint in window.complaints:
                    print(f"{path} ({scheme}, {size['width']}): {complaint}")
                window.complaints.clear()


def main() -> None:
    """Make the pictures."""
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        example = Example(data)
        example.fill()
        server = Server.start(data, "--no-s3", environment={"OSTIARY_ROOT_PASSWORD": PASSWORD})
        try:
            with browsing() as browser:
                if sys.argv[1:2] == ["--all"]:
                    out = Path(sys.argv[2])
                    out.mkdir(parents=True, exist_ok=True)
                    _all(browser, server, out)
                    return
                IMAGES.mkdir(exist_ok=True)
                request = _denied_request(server, example.account)
                with watched(browser, server.console) as window:
                    window.sign_in_as_root("root@localhost", PASSWORD)
                    _for_readme(window, request, example.account)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
