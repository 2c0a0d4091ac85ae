"""Credentials: QR codes of what an authenticator app is told.

Source: ISO/IEC 18004, by segno; IAM API Reference, VirtualMFADevice (`QRCodePNG`).
"""

from __future__ import annotations

import io
from typing import Final

import segno

_SCALE: Final = 5
"""Pixels of a module: a code of 45 modules with its margin is 265 pixels wide."""


def png(text: str) -> bytes:
    """A PNG image, black on white, with the quiet zone that readers need."""
    image = io.BytesIO()
    segno.make_qr(text).save(image, kind="png", scale=_SCALE)
    return image.getvalue()


def svg(text: str) -> str:
    """The same as a fragment of SVG, for a page; it grows with its box."""
    return segno.make_qr(text).svg_inline(omitsize=True)
