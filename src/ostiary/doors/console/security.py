"""doors/console: what a browser is told not to do, and how a form is known to be ours.

Source: Content Security Policy Level 3; Trusted Types; Fetch Metadata Request Headers; RFC 6265bis (`__Host-`);
OWASP Cross-Site Request Forgery Prevention Cheat Sheet.
"""

from __future__ import annotations

import hmac
from typing import Final

from ostiary.entropy import Entropy

SESSION_COOKIE: Final = "__Host-ostiary"
PENDING_COOKIE: Final = "__Host-ostiary-signing-in"
VISITOR_COOKIE: Final = "__Host-ostiary-visitor"
BACK_COOKIE: Final = "__Host-ostiary-back"
"""The session that waits while another role is played."""
SAID_COOKIE: Final = "__Host-ostiary-said"
LANGUAGE_COOKIE: Final = "__Host-ostiary-language"
THEME_COOKIE: Final = "__Host-ostiary-theme"

_POLICY: Final = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)


def new_nonce(entropy: Entropy) -> str:
    """For one page: what has it may run."""
    return entropy.draw(16).hex()


def headers(nonce: str, *, secure: bool) -> dict[str, str]:
    """Those of every page."""
    found = {
        "content-security-policy": _POLICY.format(nonce=nonce),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
        "publickey-credentials-get=(self), publickey-credentials-create=(self)",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "vary": "HX-Request, Cookie, Accept-Language",
    }
    if secure:
        found["strict-transport-security"] = "max-age=31536000"
    return found


def form_token(key: bytes, secret: str) -> str:
    """What a form carries: nobody can make it who does not know the session's, or the visitor's, secret."""
    return hmac.digest(key, b"form/" + secret.encode(), "sha256").hex()


def is_own_form(key: bytes, secret: str, token: str) -> bool:
    """Whether a form was made by a page of this session."""
    return bool(secret) and hmac.compare_digest(form_token(key, secret).encode(), token.encode("utf-8", "replace"))


def from_own_page(fetch_site: str | None, origin: str | None, own: str) -> bool:
    """Whether a change is asked for by a page of ours, as far as the browser says."""
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin is None or origin == own


def cookie(name: str, value: str, *, seconds: int | None = None, lax: bool = False) -> str:
    """A `Set-Cookie` value. Without a time it ends with the browser; an empty value removes it."""
    age = "; Max-Age=0" if not value else "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite={'Lax' if lax else 'Strict'}{age}"
