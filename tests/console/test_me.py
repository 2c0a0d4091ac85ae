"""My security credentials, over HTTP."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pyotp
import pytest
import zxingcpp

from ostiary.store.records import AccessKeyUse
from tests.console.people import PASSWORD, Browser, Console
from tests.live import REPOSITORY
from tests.world import ACCOUNT, ALLOW_ALL, document


def recipe() -> str:
    """The policy for self-management that our documentation gives, which is AWS's."""
    text = (REPOSITORY / "docs" / "users" / "mfa.md").read_text()
    found = re.search(r"<!-- self-management -->\s*```json\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def used(console: Console, key: str, days_ago: float, address: str = "192.0.2.7", agent: str = "aws-cli/2.9") -> None:
    at = int(console.world.clock.now().timestamp() - days_ago * 86_400)
    use = AccessKeyUse(key_id=key, at=at, service="s3", region="us-east-1", user_agent=agent, source_ip=address)
    with console.house.store.write() as tx:
        tx.access_keys.note_uses([use])


def app_codes(console: Console, browser: Browser) -> dict[str, str]:
    """Two codes of the app that read the QR code of the page: the image, drawn and decoded by somebody else's code."""
    assert browser.page is not None
    totp = pyotp.parse_uri(decoded(browser.page.text))
    assert isinstance(totp, pyotp.TOTP)
    now = console.world.clock.now().timestamp()
    return {"code1": totp.at(now - 30), "code2": totp.at(now)}


def decoded(page: str) -> str:
    """What a phone reads from the page's QR code, an SVG of strokes a module high."""
    found = re.search(r'<svg viewBox="0 0 (\d+) (\d+)" class="segno">.*?<path[^>]* d="([^"]+)"', page, re.DOTALL)
    assert found, page
    size = int(found[1])
    rows = [bytearray(b"\xff" * size) for _ in range(size)]
    x, y = 0.0, 0.0
    for command, text in re.findall(r"([Mmh])([-\d. ]+)", found[3]):
        numbers = [float(each) for each in text.split()]
        if command == "M":
            x, y = numbers
        elif command == "m":
            x, y = x + numbers[0], y + numbers[1]
        else:
            rows[int(y)][int(x) : int(x + numbers[0])] = bytes(int(numbers[0]))
            x += numbers[0]
    large = b"".join(bytes(each for each in row for _ in range(4)) * 4 for row in rows)
    (code,) = zxingcpp.read_barcodes(memoryview(large).cast("B", (size * 4, size * 4)))
    return str(code.text)


def test_an_app_is_enrolled_by_the_code_on_the_page_and_asked_for_then(console: Console) -> None:
    browser = console.signed_in("ann", recipe())
    assert "You have no MFA" in browser.get("/me").words
    browser.get("/mfa/enrol")
    page = browser.submit(kind="totp", name="phone")
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
    assert page.status == 200 and serial in page.words and page.headers["cache-control"] == "no-store"
    page = browser.submit(code1="000000", code2="000001")
    assert page.status == 400 and "Authentication code for device is not valid." in page.words
    page = browser.submit(**app_codes(console, browser))
    assert page.path == "/me" and "The device is registered." in page.words
    row = page.rows("//section[.//h2[@id='mfa-head']]//table")[0]
    assert row[:2] == ["phone", "Authenticator app"]
    assert console.browser().sign_in("ann").path == "/signin/mfa"


def test_an_app_whose_enrolment_is_left_leaves_nothing(console: Console) -> None:
    browser = console.signed_in("ann", recipe())

    def there() -> list[str]:
        found = console.world.call("iam:ListVirtualMFADevices")["VirtualMFADevices"]
        return [each["SerialNumber"].rsplit("/", 1)[1] for each in found]

    browser.get("/mfa/enrol")
    browser.submit(kind="totp", name="one")
    browser.get("/mfa/enrol")
    browser.submit(kind="totp", name="two")
    assert there() == ["two"]
    browser.submit("//form[@action='/mfa/enrol/cancel']")
    assert there() == []
    console.world.call("iam:CreateVirtualMFADevice", VirtualMFADeviceName="three")
    browser.get("/mfa/enrol")
    assert browser.submit(kind="totp", name="three").status == 200
    assert browser.submit(**app_codes(console, browser)).path == "/me"
    browser.get("/mfa/enrol")
    page = browser.submit(kind="totp", name="three")
    assert page.status == 400 and "MFA device already exists." in page.words


def test_nobody_puts_a_seed_of_their_choice_into_the_form(console: Console) -> None:
    browser = console.signed_in("ann", recipe())
    browser.get("/mfa/enrol")
    browser.submit(kind="totp", name="phone")
    page = browser.submit(seed="00" * 40, code1="123456", code2="123456")
    assert page.path == "/mfa/enrol" and "Begin again" in page.words


def test_a_device_is_synchronized_and_removed(console: Console) -> None:
    browser = console.signed_in("ann", ALLOW_ALL)
    browser.get("/mfa/enrol")
    page = browser.submit(kind="totp", name="phone")
    totp = pyotp.parse_uri(decoded(page.text))
    assert isinstance(totp, pyotp.TOTP)
    browser.submit(**app_codes(console, browser))
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
    browser.get(f"/mfa/resync?serial={serial}")
    assert browser.submit(code1="1", code2="2").status == 400
    ahead = console.world.clock.now().timestamp() + 1800
    page = browser.submit(code1=totp.at(ahead), code2=totp.at(ahead + 30))
    assert "The device is synchronized." in page.words
    assert "deleted with its seed" in browser.get(f"/mfa/remove?serial={serial}").words
    page = browser.submit()
    assert "The device is removed." in page.words
    assert console.world.call("iam:ListVirtualMFADevices")["VirtualMFADevices"] == []


def test_a_hardware_token_is_enrolled_by_its_number(console: Console) -> None:
    from ostiary.services.iam.hardware_tokens import import_tokens, read_tokens

    seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    import_tokens(console.house, ACCOUNT, list(read_tokens([f"TOKEN0001,{seed}"])))
    browser = console.signed_in("ann", recipe())
    browser.get("/mfa/enrol")
    assert browser.submit(kind="token", name=None).path == "/mfa/enrol/token"
    now = console.world.clock.now().timestamp()
    codes = {"code1": pyotp.TOTP(seed).at(now - 30), "code2": pyotp.TOTP(seed).at(now)}
    assert "does not exist" in browser.submit(serial="NOSUCH0001", **codes).words
    page = browser.submit(serial="TOKEN0001", **codes)
    assert "The device is registered." in page.words and "Hardware token" in page.words


def test_a_form_of_enrolment_says_what_is_wrong(console: Console) -> None:
    browser = console.signed_in("ann", recipe())
    browser.get("/mfa/enrol")
    assert "Give the device a name." in browser.submit(kind="totp", name="").words
    page = browser.submit(kind="totp", name="not allowed")
    assert page.status == 400 and page.select("//input[@id='name' and @aria-invalid='true']")
    assert "Choose a kind" in browser.post("/mfa/enrol", {"kind": "crystal ball", "name": "x"}).words


def test_a_key_of_ones_own_is_made_shown_once_switched_and_deleted(console: Console) -> None:
    browser = console.signed_in("ann", recipe())
    browser.get("/me")
    page = browser.submit("//form[@action='/me/keys']")
    key = page.select("//code[@id='key-id']")[0].text
    secret = page.select("//code[@id='key-secret']")[0].text
    assert page.headers["cache-control"] == "no-store" and secret in page.select("//pre[@id='block']")[0].text
    saved = browser.http.post(
        "/me/keys/csv",
        data={"token": page.select("//input[@name='token']/@value")[0], "key": key, "secret": secret},
    )
    assert list(csv.reader(io.StringIO(saved.content.decode("utf-8-sig")))) == [
        ["Access key ID", "Secret access key"],
        [key, secret],
    ]
    assert saved.headers["content-disposition"] == f"attachment; filename*=UTF-8''{key}_accessKeys.csv"
    assert secret not in browser.get("/me").text and key in browser.get("/me").text
    assert f"Key {key} is off." in browser.submit("//form[@action='/me/keys/switch']").words
    assert console.world.call("iam:ListAccessKeys", UserName="ann")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    assert f"Key {key} is on." in browser.submit("//form[@action='/me/keys/switch']").words
    browser.get(f"/me/keys/delete?key={key}")
    assert browser.submit(typed="nonsense").status == 400
    assert f"Key {key} is deleted." in browser.submit(typed=key).words
    assert secret not in json.dumps(console.events())


def test_a_file_is_made_of_a_key_and_of_nothing_else(console: Console) -> None:
    browser = console.signed_in("ann", recipe())
    page = browser.post("/me/keys/csv", {"key": "AKIA\r\nX: y" + "A" * 16, "secret": "=cmd()" * 8})
    assert page.path == "/me"


def test_dangerous_changes_ask_for_the_password_after_five_minutes(console: Console) -> None:
    browser = console.signed_in("ann", recipe())
    console.world.clock.advance(seconds=301)
    browser.get("/me")
    page = browser.submit("//form[@action='/me/keys']")
    assert page.heading == "Confirm that it is you"
    assert browser.submit(confirm_password="wrong").status == 401
    assert browser.submit(confirm_password=PASSWORD).heading == "The access key is made"


def test_a_viewer_is_told_what_may_not_be_seen(console: Console) -> None:
    page = console.signed_in("ann").get("/me")
    assert page.status == 200
    assert page.words.count("You are not allowed to see this.") >= 2
    assert "iam:ListMFADevices" in page.words and "iam:ListAccessKeys" in page.words
    assert page.select("//button[@aria-disabled='true' and contains(., 'Create access key')]")
    assert browser_row_count(page) == 1


def browser_row_count(page: Any) -> int:
    return len(page.rows("//section[.//h2[@id='sessions-head']]//table"))


def test_the_root_user_is_warned_of_keys_and_missing_mfa(console: Console) -> None:
    browser = console.browser()
    browser.sign_in_as_root()
    page = browser.get("/me")
    assert "The root user has no MFA" in page.words and "A key of the root user can do everything" in page.words
    browser.get("/mfa/enrol")
    browser.submit(kind="totp", name="root-phone")
    page = browser.submit(**app_codes(console, browser))
    assert page.path == "/me" and "root-phone" in page.words
    assert console.browser().sign_in_as_root().path == "/signin/mfa"


def test_sessions_are_seen_and_ended(console: Console) -> None:
    console.user("ann", recipe())
    console.user("bob")
    one, two, three, other = (console.browser() for _ in range(4))
    two.http.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36"
    for browser in (one, two, three):
        browser.sign_in("ann")
    other.sign_in("bob")
    page = one.get("/me")
    rows = page.rows("//section[.//h2[@id='sessions-head']]//table")
    assert len(rows) == 3 and any("Chrome, Windows" in row[0] for row in rows)
    assert sum("This session" in row[0] for row in rows) == 1
    session = page.select("//tr[contains(., 'Chrome, Windows')]//input[@name='session']/@value")[0]
    assert "1 session has ended." in one.post("/me/sessions/end", {"session": session}).words
    assert two.get("/").path == "/signin" and three.get("/").path == "/"
    before = dict(one.http.cookies)
    assert "1 session has ended." in one.post("/me/sessions/end").words
    assert three.get("/").path == "/signin" and other.get("/").path == "/"
    stale = console.browser()
    stale.http.cookies.update(before)
    assert stale.get("/").path == "/signin", "the secret of the session that stays is another one"
    hers = other.get("/me").select("//input[@name='session']/@value")[0]
    assert "0 sessions have ended." in one.post("/me/sessions/end", {"session": hers}).words
    assert other.get("/").path == "/"
    ended = [each for each in console.events() if each["eventName"] == "EndConsoleSessions"]
    assert len(ended) == 3 and ended[0]["userIdentity"]["userName"] == "ann"


def test_a_key_is_rotated_step_by_step_and_never_lost_while_it_is_used(console: Console) -> None:
    console.user("robot")
    old = console.world.call("iam:CreateAccessKey", UserName="robot")["AccessKey"]["AccessKeyId"]
    console.world.clock.advance(days=100)
    used(console, old, days_ago=0.1)
    browser = console.administrator()
    page = browser.get("/users/robot/rotate")
    assert "Create the new key" in page.words and old in page.words
    page = browser.submit("//main//form[@method='post']", button="create")
    new = page.select("//code[@id='key-id']")[0].text
    page = browser.get("/users/robot/rotate")
    assert "Give the new key to whatever uses the old one" in page.words and "192.0.2.7" in page.words
    used(console, new, days_ago=0)
    page = browser.get("/users/robot/rotate")
    assert "Wait until the old key is silent" in page.words
    for do in ("off", "delete"):
        assert browser.post("/users/robot/rotate", {"do": do}).status == 400
    console.world.clock.advance(days=8)
    browser = console.browser()
    browser.sign_in("admin")
    assert "Deactivate the old key" in browser.get("/users/robot/rotate").words
    assert f"Key {old} is off." in browser.submit("//main//form[@method='post']", button="off").words
    assert f"Key {old} is on." in browser.submit("//form[.//button[@value='on']]", button="on").words
    browser.submit("//main//form[@method='post']", button="off")
    used(console, old, days_ago=0)
    page = browser.get("/users/robot/rotate")
    assert "is kept until then" in page.words and not page.select("//button[@value='delete']")
    assert browser.post("/users/robot/rotate", {"do": "delete"}).status == 400
    console.world.clock.advance(days=8)
    browser.sign_in("admin")
    browser.get("/users/robot/rotate")
    assert f"Key {old} is deleted." in browser.submit("//form[.//button[@value='delete']]", button="delete").words
    left = console.world.call("iam:ListAccessKeys", UserName="robot")["AccessKeyMetadata"]
    assert [each["AccessKeyId"] for each in left] == [new]


def test_rotation_is_for_whom_the_policies_permit_it(console: Console) -> None:
    console.user("robot")
    watcher = console.signed_in("ann", document(["iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"]))
    page = watcher.get("/users/robot/rotate")
    assert page.select("//button[@aria-disabled='true' and contains(., 'Create access key')]")
    page = watcher.post("/users/robot/rotate", {"do": "create"})
    assert page.status == 400 and "not authorized to perform: iam:CreateAccessKey" in page.words
    assert console.signed_in("bob").get("/users/robot/rotate").status == 403
    assert watcher.get("/users/nobody/rotate").status == 404
    assert watcher.get("/me/rotate").status == 200


@pytest.mark.parametrize("path", ["/mfa/enrol", "/mfa/enrol/token", "/mfa/remove?serial=x", "/mfa/resync?serial=x"])
def test_pages_of_devices_are_there_for_another_user(console: Console, path: str) -> None:
    console.user("ann")
    browser = console.administrator()
    page = browser.get(f"{path}{'&' if '?' in path else '?'}user=ann")
    assert page.status == 200 and "/users/ann" in page.text
