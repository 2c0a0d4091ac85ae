"""Passkeys of a real browser, with Chromium's virtual authenticator; a QR code read off the screen."""

from __future__ import annotations

import io
import time
import zlib
from typing import Any

import pyotp
import zxingcpp

from tests.console.chromium import Watched
from tests.console.people import PASSWORD
from tests.live import Server

_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def person(live: Server, name: str) -> str:
    """A user with a password who may everything; the account."""
    iam = live.client("iam")
    iam.create_user(UserName=name)
    iam.create_login_profile(UserName=name, Password=PASSWORD)
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return str(live.client("sts").get_caller_identity()["Account"])


def pixels(png: bytes) -> memoryview:
    """A grey image of a PNG as Chromium writes them: eight bits, RGB or RGBA, not interlaced."""
    file = io.BytesIO(png[8:])
    width = height = depth = 0
    packed = b""
    while head := file.read(8):
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        body = file.read(size)
        file.read(4)
        if kind == b"IHDR":
            width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            depth = {2: 3, 6: 4}[body[9]]
        elif kind == b"IDAT":
            packed += body
    raw, stride, before, grey = zlib.decompress(packed), width * depth, bytes(width * depth), bytearray()
    for y in range(height):
        at = y * (stride + 1)
        kind, line = raw[at], bytearray(raw[at + 1 : at + 1 + stride])
        for x in range(stride):
            left = line[x - depth] if x >= depth else 0
            corner = before[x - depth] if x >= depth else 0
            line[x] = (line[x] + _predicted(kind, left, before[x], corner)) & 0xFF
        grey += line[1::depth]
        before = bytes(line)
    return memoryview(bytes(grey)).cast("B", (height, width))


def _predicted(kind: int, left: int, above: int, corner: int) -> int:
    if kind == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda each: abs(guess - each))
    return (0, left, above, (left + above) // 2)[kind]


def authenticator(page: Any) -> tuple[Any, dict[str, Any]]:
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    made = client.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
    return client, {"authenticatorId": made["authenticatorId"]}


def sign_out(window: Watched) -> None:
    window.page.click("header summary")
    window.page.click("form[action='/signout'] button")


def test_a_browsers_passkey_is_registered_shown_and_enough_until_it_is_removed(window: Watched, live: Server) -> None:
    account = person(live, "passkey-person")
    page = window.page
    client, key = authenticator(page)
    window.sign_in(account, "passkey-person", PASSWORD)
    window.go("/mfa/enrol")
    page.fill("#name", "laptop")
    page.click("main button.primary")
    page.wait_for_url("**/mfa/enrol/passkey*")
    page.click("form[data-passkey] button")
    page.wait_for_url("**/me")
    assert "Passkey or security key" in page.inner_text("main")
    serial = live.client("iam").list_mfa_devices(UserName="passkey-person")["MFADevices"][0]["SerialNumber"]

    client.send("WebAuthn.setAutomaticPresenceSimulation", {**key, "enabled": False})
    sign_out(window)
    window.sign_in(account, "passkey-person", PASSWORD)
    page.wait_for_url("**/signin/mfa")
    client.send("WebAuthn.setAutomaticPresenceSimulation", {**key, "enabled": True})
    page.click("form[data-passkey] button")
    page.wait_for_selector("h1 >> text=Security dashboard")
    assert "MFA" in page.inner_text("header")

    # the browser offers the passkey by itself among the names, and this authenticator takes every offer
    sign_out(window)
    page.wait_for_url(f"{live.console}/")
    live.client("iam").deactivate_mfa_device(UserName="passkey-person", SerialNumber=serial)
    sign_out(window)
    page.wait_for_selector("text=That passkey does not sign in alone here.")


def test_a_qr_code_is_read_off_the_screen_and_the_screens_are_accessible(window: Watched, live: Server) -> None:
    account = person(live, "app-person")
    page = window.page
    window.sign_in(account, "app-person", PASSWORD)
    window.go("/mfa/enrol")
    window.check_accessibility()
    page.check("input[value=totp]")
    page.fill("#name", "app-phone")
    page.click("main button.primary")
    page.wait_for_selector("#qr")
    (code,) = zxingcpp.read_barcodes(pixels(page.locator("#qr").screenshot()))
    totp = pyotp.parse_uri(code.text)
    assert isinstance(totp, pyotp.TOTP) and totp.secret in page.content()
    now = time.time()
    page.fill("#code1", totp.at(now - 30))
    page.fill("#code2", totp.at(now))
    page.click("main button.primary")
    page.wait_for_url("**/me")
    window.check_accessibility()
    for path in ("/settings", "/settings/password-policy", "/users/app-person/rotate"):
        window.go(path)
        window.check_accessibility()
    window.go("/settings/password-policy")
    page.fill("#MinimumPasswordLength", "33")
    page.wait_for_selector("#words >> text=At least 33 characters.")
