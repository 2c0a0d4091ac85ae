"""Server certificates."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from ostiary.credentials.certificates import read_private_key
from ostiary.credentials.vault import SealBroken
from tests.credentials.certs import Made, make, rsa_key
from tests.iam.asking import Iam
from tests.iam.having import everything, tags_kept
from tests.world import ACCOUNT, NOW

ARN = f"arn:aws:iam::{ACCOUNT}:server-certificate"


def upload(iam: Iam, name: str = "web", made: Made | None = None, **more: Any) -> dict[str, Any]:
    made = made or make()
    body, key = made.pem, made.key_pem
    given = iam("UploadServerCertificate", ServerCertificateName=name, CertificateBody=body, PrivateKey=key, **more)
    shown: dict[str, Any] = given["ServerCertificateMetadata"]
    return shown


def refused(iam: Iam, made: Made, **more: Any) -> tuple[str, str]:
    params = {"ServerCertificateName": "web", "CertificateBody": made.pem, "PrivateKey": made.key_pem, **more}
    return iam.fault("UploadServerCertificate", **params)


def test_a_certificate_is_uploaded_shown_listed_and_deleted(iam: Iam) -> None:
    made = make(ends=NOW + timedelta(days=30))
    shown = upload(iam, made=made, Path="/cloudfront/test/")
    assert re.fullmatch(r"ASCA[A-Z2-7]{17}", shown["ServerCertificateId"])
    assert shown == {
        "Path": "/cloudfront/test/",
        "ServerCertificateName": "web",
        "ServerCertificateId": shown["ServerCertificateId"],
        "Arn": f"{ARN}/cloudfront/test/web",
        "UploadDate": NOW,
        "Expiration": NOW + timedelta(days=30),
    }
    whole = iam("GetServerCertificate", ServerCertificateName="web")["ServerCertificate"]
    assert whole == {"ServerCertificateMetadata": shown, "CertificateBody": made.pem.strip(), "Tags": []}
    listed = iam("ListServerCertificates")
    assert listed == {"ServerCertificateMetadataList": [shown], "IsTruncated": False}
    assert iam("GetAccountSummary")["SummaryMap"]["ServerCertificates"] == 1
    iam("DeleteServerCertificate", ServerCertificateName="web")
    for operation in ("GetServerCertificate", "DeleteServerCertificate"):
        said = iam.fault(operation, ServerCertificateName="web")
        assert said == ("NoSuchEntity", "The Server Certificate with name web cannot be found.")


def test_the_private_key_is_sealed_for_its_certificate_and_never_answered(iam: Iam) -> None:
    made = make()
    shown = upload(iam, made=made)
    with iam.world.house.store.read() as tx:
        record, account = tx.server_certificates.get(ACCOUNT, "web"), tx.accounts.get(ACCOUNT)
    assert record is not None and account is not None
    open_it = iam.world.house.vault.unseal
    assert open_it(ACCOUNT, account.data_key, record.private_key, shown["ServerCertificateId"]) == made.key_pem
    with pytest.raises(SealBroken):
        open_it(ACCOUNT, account.data_key, record.private_key, "ASCAOTHER")
    secret = made.key_pem.splitlines()[1]
    assert secret not in repr(iam("GetServerCertificate", ServerCertificateName="web"))
    with iam.world.house.store.read() as tx:
        recorded = [each.body for each in tx.events.latest(100)]
    assert any("UploadServerCertificate" in each for each in recorded)
    assert not any(secret in each for each in recorded)


def test_a_key_of_rsa_or_of_a_curve_must_be_the_certificates(iam: Iam) -> None:
    upload(iam, "curve", make())
    upload(iam, "rsa", make(key=rsa_key()))
    said = refused(iam, make(), PrivateKey=make().key_pem)
    assert said == ("KeyPairMismatch", "Public Key Certificate and Private Key doesn't match.")
    assert refused(iam, make(key=rsa_key()), PrivateKey=make().key_pem)[0] == "KeyPairMismatch"
    assert refused(iam, make(), PrivateKey="no key") == ("MalformedCertificate", "Invalid Private Key.")


def test_what_is_no_certificate_is_refused(iam: Iam) -> None:
    text = "Unable to parse certificate. Please ensure the certificate is in PEM format."
    made = make()
    for body in ("no certificate", made.key_pem, made.pem * 2, "Bag Attributes\n" + made.pem):
        assert refused(iam, made, CertificateBody=body) == ("MalformedCertificate", text)
    assert refused(iam, made, CertificateChain="no chain") == ("MalformedCertificate", text)


def test_a_certificate_must_be_in_its_time(iam: Iam) -> None:
    over = make(begins=NOW - timedelta(days=2), ends=NOW - timedelta(seconds=1))
    said = refused(iam, over)
    text = "Certificate is no longer valid. The 'Not After' date restriction on the certificate has passed."
    assert said == ("MalformedCertificate", text)
    assert refused(iam, make(begins=NOW + timedelta(days=1)))[0] == "MalformedCertificate"


def test_a_chain_begins_with_who_signed_the_certificate(iam: Iam) -> None:
    root = make("root")
    middle = make("middle", root)
    leaf = make("leaf", middle)
    text = (
        "Unable to validate certificate chain. The certificate chain must start with the immediate signing "
        "certificate, followed by any intermediaries in order. The index within the chain of the invalid certificate "
        "is: "
    )
    assert refused(iam, leaf, CertificateChain=root.pem + middle.pem) == ("MalformedCertificate", text + "-1")
    assert refused(iam, leaf, CertificateChain=middle.pem + make("root").pem) == ("MalformedCertificate", text + "0")
    upload(iam, made=leaf, CertificateChain=middle.pem + "\n" + root.pem)
    shown = iam("GetServerCertificate", ServerCertificateName="web")["ServerCertificate"]
    assert shown["CertificateChain"] == (middle.pem + "\n" + root.pem).strip()


def test_a_name_is_one_certificates_in_whatever_letter_case(iam: Iam) -> None:
    upload(iam)
    assert refused(iam, make()) == ("EntityAlreadyExists", "The Server Certificate with name web already exists.")
    assert refused(iam, make(), ServerCertificateName="WEB")[0] == "EntityAlreadyExists"


def test_certificates_are_listed_by_name_page_by_page_and_by_path(iam: Iam) -> None:
    made = make()
    for name, path in (("c", "/"), ("a", "/x/"), ("b", "/x/y/")):
        upload(iam, name, made, Path=path)
    found = everything(iam, "ListServerCertificates", "ServerCertificateMetadataList", MaxItems=2)
    assert [each["ServerCertificateName"] for each in found] == ["a", "b", "c"]
    under = iam("ListServerCertificates", PathPrefix="/x/")["ServerCertificateMetadataList"]
    assert [each["ServerCertificateName"] for each in under] == ["a", "b"]


def test_a_certificate_is_renamed_and_moved_and_stays_the_same(iam: Iam) -> None:
    before = upload(iam)
    upload(iam, "taken")
    iam("UpdateServerCertificate", ServerCertificateName="web", NewServerCertificateName="shop", NewPath="/s/")
    after = iam("GetServerCertificate", ServerCertificateName="shop")["ServerCertificate"]["ServerCertificateMetadata"]
    assert after == {**before, "ServerCertificateName": "shop", "Path": "/s/", "Arn": f"{ARN}/s/shop"}
    said = iam.fault("UpdateServerCertificate", ServerCertificateName="shop", NewServerCertificateName="taken")
    assert said == ("EntityAlreadyExists", "The Server Certificate with name taken already exists.")


def test_tags_come_with_the_upload_and_go_with_the_certificate(iam: Iam) -> None:
    tags = [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]
    made = make()
    given = iam(
        "UploadServerCertificate",
        ServerCertificateName="web",
        CertificateBody=made.pem,
        PrivateKey=made.key_pem,
        Tags=tags,
    )
    assert given["Tags"] == tags
    iam("TagServerCertificate", ServerCertificateName="web", Tags=[{"Key": "x", "Value": ""}])
    iam("UntagServerCertificate", ServerCertificateName="web", TagKeys=["Team", "unknown"])
    kept = [{"Key": "team", "Value": "b"}, {"Key": "x", "Value": ""}]
    assert iam("ListServerCertificateTags", ServerCertificateName="web")["Tags"] == kept
    assert iam("GetServerCertificate", ServerCertificateName="web")["ServerCertificate"]["Tags"] == kept
    iam("DeleteServerCertificate", ServerCertificateName="web")
    assert tags_kept(iam, given["ServerCertificateMetadata"]["ServerCertificateId"]) == 0


def test_a_chain_has_a_length_that_can_be_checked(iam: Iam) -> None:
    """Two million characters have room for a thousand certificates, each with a signature to verify."""
    made = [make("root")]
    for number in range(21):
        made.append(make(f"{number}", made[-1]))
    leaf, *chain = reversed(made)
    upload(iam, made=leaf, CertificateChain="".join(each.pem for each in chain[:20]))
    too_long = refused(iam, leaf, CertificateChain="".join(each.pem for each in chain))
    assert too_long == ("MalformedCertificate", "The certificate chain must not have more than 20 certificates.")


def test_nobody_waits_for_the_check_of_a_certificate(iam: Iam, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes before the transaction of the change, and after the permission."""
    store, open_now = iam.world.house.store, []
    write = type(store).write

    def counted(self: Any) -> Any:
        open_now.append(True)
        return write(self)

    def checked(text: str) -> Any:
        assert not open_now
        return read_private_key(text)

    monkeypatch.setattr(type(store), "write", counted)
    monkeypatch.setattr("ostiary.services.iam.server_certificates.read_private_key", checked)
    upload(iam)
    assert open_now
