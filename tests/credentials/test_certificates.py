"""Certificates, chains and SSH keys; `cryptography`, openssl and ssh-keygen are the oracles."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ostiary.credentials.certificates import (
    NotACertificate,
    NotAPrivateKey,
    belong_together,
    break_in_chain,
    fingerprint,
    is_over,
    is_to_come,
    read_certificate,
    read_certificates,
    read_private_key,
)
from ostiary.credentials.ssh_keys import UnknownEncoding, UnusableKey, read_ssh_public_key
from tests.credentials.certs import long_key_pem, make, rsa_key, ssh_line, ssh_pem
from tests.needs import need


def test_a_certificate_is_read_with_space_around_it_and_nothing_else() -> None:
    made = make()
    for text in (made.pem, made.pem.strip(), f"\n {made.pem}\r\n", made.pem.replace("\n", "\r\n")):
        assert read_certificate(text) == made.certificate
    damaged = made.pem.replace(made.pem.splitlines()[2], "AAAA")
    for text in ("", "x", damaged, f"Bag Attributes\n{made.pem}", made.pem + "end", made.pem * 2, made.key_pem):
        with pytest.raises(NotACertificate):
            read_certificate(text)
    assert len(read_certificates(made.pem * 2)) == 2


def test_a_certificates_fingerprint_is_openssls(tmp_path: Path) -> None:
    need(shutil.which("openssl"), "openssl is not installed")
    made = make()
    (tmp_path / "c.pem").write_text(made.pem)
    said = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "c.pem", "-noout", "-fingerprint", "-sha256"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert fingerprint(made.certificate) == said.partition("=")[2].strip().replace(":", "").lower()


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_belongs_to_its_certificate_in_either_form(form: PrivateFormat) -> None:
    for made in (make(), make(key=rsa_key())):
        text = made.key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        assert belong_together(made.certificate, read_private_key(text))
        assert not belong_together(make().certificate, read_private_key(text))


def test_what_is_no_plain_rsa_or_ec_key_is_refused() -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    plain = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for text in (locked.decode(), plain.decode(), make().pem, "", "x"):
        with pytest.raises(NotAPrivateKey):
            read_private_key(text)


def test_a_chain_holds_in_order_only() -> None:
    root = make("root")
    middle = make("middle", root)
    leaf = make("leaf", middle)
    stranger = make("middle")
    chains = [
        ((), None),
        ((middle,), None),
        ((middle, root), None),
        ((root, middle), -1),
        ((leaf, middle), -1),
        ((stranger, root), -1),
        ((middle, stranger), 0),
        ((middle, root, stranger), 1),
    ]
    for chain, broken in chains:
        assert break_in_chain(leaf.certificate, [each.certificate for each in chain]) == broken


def test_the_chain_is_judged_as_openssl_judges_it(tmp_path: Path) -> None:
    need(shutil.which("openssl"), "openssl is not installed")
    root, impostor = make("root"), make("root")
    leaf = make("leaf", root)
    for issuer in (root, impostor):
        (tmp_path / "root.pem").write_text(issuer.pem)
        (tmp_path / "leaf.pem").write_text(leaf.pem)
        files = [str(tmp_path / "root.pem"), str(tmp_path / "leaf.pem")]
        command = ["openssl", "verify", "-no_check_time", "-CAfile", *files]
        done = subprocess.run(command, capture_output=True, check=False)
        assert (done.returncode == 0) == (break_in_chain(leaf.certificate, [issuer.certificate]) is None)


def test_a_certificate_has_its_time() -> None:
    made = make()
    begins, ends = made.certificate.not_valid_before_utc, made.certificate.not_valid_after_utc
    second = timedelta(seconds=1)
    assert [is_to_come(made.certificate, at) for at in (begins - second, begins, ends)] == [True, False, False]
    assert [is_over(made.certificate, at) for at in (begins, ends, ends + second)] == [False, False, True]


def test_an_ssh_key_is_the_same_in_either_encoding_and_its_fingerprint_ssh_keygens(tmp_path: Path) -> None:
    line = read_ssh_public_key(ssh_line() + " bob@example\n")
    pem = read_ssh_public_key("\n" + ssh_pem())
    assert line == pem
    assert line.line == ssh_line() and line.pem == ssh_pem()
    need(shutil.which("ssh-keygen"), "ssh-keygen is not installed")
    (tmp_path / "key.pub").write_text(ssh_line())
    command = ["ssh-keygen", "-l", "-E", "md5", "-f", str(tmp_path / "key.pub")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.split()[1] == "MD5:" + line.fingerprint


def test_only_rsa_of_2048_bits_and_more_is_a_key() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    ed = ed25519.Ed25519PrivateKey.generate().public_key()
    unusable = [
        ssh_line(bits=1024),
        curve.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
        curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        ed.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
        ssh_line()[:-20],
        "ssh-rsa AAAA",
        make().pem,
        make(key=rsa_key()).key_pem,
    ]
    for text in unusable:
        with pytest.raises(UnusableKey):
            read_ssh_public_key(text)
    for text in ("", "x", "ssh-rsa", ssh_line().split()[1], "ssh-rsa ####", "-----BEGIN PUBLIC KEY-----"):
        with pytest.raises(UnknownEncoding):
            read_ssh_public_key(text)


def test_a_key_whose_check_would_take_seconds_is_refused_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[bool] = []

    def load(text: bytes, password: None, *, unsafe_skip_rsa_key_validation: bool = False) -> Any:
        checked.append(not unsafe_skip_rsa_key_validation)
        return load_pem_private_key(text, password, unsafe_skip_rsa_key_validation=unsafe_skip_rsa_key_validation)

    monkeypatch.setattr("ostiary.credentials.certificates.load_pem_private_key", load)
    with pytest.raises(NotAPrivateKey):
        read_private_key(long_key_pem())
    assert checked == [False]
    read_private_key(make(key=rsa_key()).key_pem)
    assert checked[-1]
