"""The real aws CLI: a phone is enrolled and proves its owner; a hardware token whose seed the operator loaded."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pyotp
import pytest

from tests.clients.conftest import Account
from tests.clients.test_aws_cli import Cli
from tests.live import BIN

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]


@pytest.fixture(scope="module")
def aws(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(account, tmp_path_factory.mktemp("home"))


def code(seed: str, step: int) -> str:
    return pyotp.TOTP(seed).at(int(time.time()), counter_offset=step)


def test_the_life_of_a_phone(aws: Cli, account: Account) -> None:
    aws("iam create-user --user-name minsu")
    key = account.client("iam").create_access_key(UserName="minsu")["AccessKey"]
    own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    create = "iam create-virtual-mfa-device --virtual-mfa-device-name"
    aws(f"{create} picture --outfile code.png --bootstrap-method QRCodePNG")
    assert (aws.home / "code.png").read_bytes().startswith(b"\x89PNG\r\n")
    serial = aws(f"{create} minsu --outfile seed.txt --bootstrap-method Base32StringSeed")["VirtualMFADevice"][
        "SerialNumber"
    ]
    seed = (aws.home / "seed.txt").read_text()
    enable = f"iam enable-mfa-device --user-name minsu --serial-number {serial}"
    assert "(InvalidAuthenticationCode)" in aws.fails(
        f"{enable} --authentication-code1 000000 --authentication-code2 111111"
    )
    aws(f"{enable} --authentication-code1 {code(seed, -2)} --authentication-code2 {code(seed, -1)}")
    assert aws("iam list-mfa-devices --user-name minsu --query MFADevices[].SerialNumber") == [serial]
    token = f"sts get-session-token --serial-number {serial} --token-code"
    assert "invalid MFA one time pass code" in aws.fails(f"{token} 000000", **own)
    assert aws(f"{token} {code(seed, 0)}", **own)["Credentials"]["SessionToken"]
    aws(f"iam deactivate-mfa-device --user-name minsu --serial-number {serial}")
    aws(f"iam delete-virtual-mfa-device --serial-number {serial}")


def test_a_hardware_token_whose_seed_was_loaded(aws: Cli, account: Account, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.csv"
    seeds.write_text(f"serial,seed\nGAHT00000001,{'A' * 32}\n")
    load = [str(BIN / "ostiary"), "mfa", "import", str(seeds), "--account", account.id]
    load += ["--data", str(account.server.data)]
    done = subprocess.run(load, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.split(";")[0]) == (0, "imported 1 hardware token"), done.stderr
    again = subprocess.run(load, capture_output=True, text=True, timeout=60)
    assert again.returncode == 1
    assert again.stderr == (
        "ostiary: nothing was imported: line 2: the serial number `GAHT00000001` is known already\n"
    )
    iam = account.client("iam")
    iam.create_user(UserName="carrier")
    codes = {"AuthenticationCode1": code("A" * 32, -1), "AuthenticationCode2": code("A" * 32, 0)}
    iam.enable_mfa_device(UserName="carrier", SerialNumber="GAHT00000001", **codes)
    assert iam.list_mfa_devices(UserName="carrier")["MFADevices"][0]["SerialNumber"] == "GAHT00000001"
