"""Clients that were not written here: botocore's metadata fetchers, the aws CLI's credential chain, curl."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from botocore.utils import InstanceMetadataFetcher, InstanceMetadataRegionFetcher

from ostiary.doors.metadata import MetadataOptions
from tests.needs import need

from .conftest import CREDENTIALS, Door

EXPECTED = {
    "role_name": "ec2_s3_readonly",
    "access_key": CREDENTIALS.access_key_id,
    "secret_key": CREDENTIALS.secret_access_key,
    "token": CREDENTIALS.token,
    "expiry_time": "2099-05-17T15:09:54Z",
}


@pytest.mark.parametrize("tokens", ["optional", "required"])
def test_botocore_finds_role_credentials_and_region(door: Door, tokens: str) -> None:
    door.instances.change(options=MetadataOptions(http_tokens=tokens))  # type: ignore[arg-type]
    config = {"ec2_metadata_service_endpoint": door.url + "/"}
    assert InstanceMetadataFetcher(config=config).retrieve_iam_role_credentials() == EXPECTED
    assert InstanceMetadataRegionFetcher(config=config).retrieve_region() == "ap-northeast-2"


def test_botocore_falls_back_to_version_one_where_it_is_forbidden_a_token(door: Door) -> None:
    class Forwarded(InstanceMetadataFetcher):  # type: ignore[misc]
        def _add_user_agent(self, headers: dict[str, str]) -> None:
            headers["X-Forwarded-For"] = "198.51.100.7"

    fetcher = Forwarded(config={"ec2_metadata_service_endpoint": door.url + "/"})
    assert fetcher.retrieve_iam_role_credentials() == EXPECTED


def test_botocore_finds_nothing_on_an_instance_without_a_profile(door: Door) -> None:
    door.instances.change(profile=None)
    fetcher = InstanceMetadataFetcher(config={"ec2_metadata_service_endpoint": door.url + "/"})
    assert fetcher.retrieve_iam_role_credentials() == {}


def test_curl_follows_the_user_guides_two_commands(door: Door) -> None:
    need(shutil.which("curl"), "curl is not installed")
    script = (
        f'TOKEN=`curl -sS -X PUT "{door.url}/latest/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 21600"` '
        f'&& curl -sS -H "X-aws-ec2-metadata-token: $TOKEN" {door.url}/latest/meta-data/iam/security-credentials/'
    )
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "ec2_s3_readonly"
