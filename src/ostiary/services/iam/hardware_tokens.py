"""services/iam: hardware tokens that show time-based codes: their seeds come from the vendor, in a file.

AWS knows the seeds of the tokens that its vendors sell. Here whoever runs the installation loads them
(`ostiary mfa import`); then EnableMFADevice takes a token by the number that is printed on it.

Source: IAM User Guide, "Assign a hardware TOTP token in the AWS Management Console".
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ostiary.credentials.totp import PERIOD, NotASeed, read_seed
from ostiary.entropy import letters
from ostiary.services.iam.mfa_codes import seed_purpose
from ostiary.services.operation import House
from ostiary.store.mfa import HARDWARE, MfaDeviceRecord
from ostiary.store.records import AlreadyExists

_SERIAL: Final = re.compile(r"[\w+=,.@-]{9,256}", re.ASCII)
"""What EnableMFADevice takes, but for the `:` and `/` of ARNs."""
_PERIODS: Final = frozenset({"30", "60"})
_ID_LETTERS: Final = 17


class CannotImport(Exception):
    """The file can't be read, or a token can't be kept; the text says which line, and never a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A line of the file."""

    line: int
    serial: str
    seed: str = field(repr=False)
    period: int


def read_tokens(lines: Iterable[str]) -> Iterator[Token]:
    """The tokens of a file: a line each, `serial,seed` or `serial,seed,period`.

    A seed is written in base32 or hexadecimal; a period is 30 seconds, or 60. Empty lines and those that begin with
    `#` are passed over, and a first line that begins with `serial`.

    Raises:
        CannotImport: at the first line that is otherwise.
    """
    for number, row in enumerate(csv.reader(lines), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#") or (number == 1 and cells[0].lower().startswith("serial")):
            continue
        yield _read(number, cells)


def import_tokens(house: House, account: str, tokens: Iterable[Token]) -> int:
    """Keep tokens of an account, all or none; how many they are.

    Raises:
        CannotImport: there is no such account, or a serial number is known already.
    """
    count = 0
    with house.store.write() as tx:
        record = tx.accounts.get(account)
        if record is None:
            raise CannotImport(f"there is no account `{account}`")
        for token in tokens:
            sealed = house.vault.seal(account, record.data_key, token.seed, seed_purpose(token.serial))
            device = MfaDeviceRecord(
                id="MFA" + letters(house.entropy, _ID_LETTERS),
                serial=token.serial,
                account=account,
                kind=HARDWARE,
                created=int(house.clock.now().timestamp()),
                seed=sealed,
                period=token.period,
            )
            try:
                tx.mfa_devices.add(device)
            except AlreadyExists:
                raise CannotImport(f"line {token.line}: the serial number `{token.serial}` is known already") from None
            count += 1
    return count


def _read(number: int, cells: list[str]) -> Token:
    if len(cells) not in (2, 3):
        raise CannotImport(f"line {number}: it must hold a serial number and a seed, and at most a period besides")
    if not _SERIAL.fullmatch(cells[0]):
        raise CannotImport(f"line {number}: a serial number has 9 to 256 characters of A–Z, a–z, 0–9 and _+=,.@-")
    if len(cells) == 3 and cells[2] not in _PERIODS:
        raise CannotImport(f"line {number}: a period is 30 or 60 seconds")
    try:
        seed = read_seed(cells[1])
    except NotASeed as reason:
        raise CannotImport(f"line {number}: {reason}") from None
    return Token(line=number, serial=cells[0], seed=seed, period=int(cells[2]) if len(cells) == 3 else PERIOD)
