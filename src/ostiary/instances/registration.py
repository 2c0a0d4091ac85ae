"""The instance as EC2's API knows it: made by RunInstances, ended by TerminateInstances, as the calling user.

Credentials, region and endpoint are found as every AWS client finds them. A request never goes to AWS itself: where
nothing names an endpoint, it is the local server's.

Source: Amazon EC2 API Reference, RunInstances, TerminateInstances.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ostiary.instances import InstanceError

DEFAULT_ENDPOINT: Final = "http://127.0.0.1:4700"
DEFAULT_REGION: Final = "us-east-1"
IMAGE_ID: Final = "ami-00000000000000001"
"""What a process on this machine was launched from: no image. RunInstances wants one."""
INSTANCE_TYPE: Final = "t3.micro"

_CONFIG: Final = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2, "mode": "standard"})
_AWS_DOMAINS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An instance that the server knows."""

    instance_id: str
    hop_limit: int
    """1 to 64, from the instance's metadata options."""


class Registry(Protocol):
    """Where instances are made known."""

    endpoint: str
    """URL of the AWS endpoint."""

    def register(self, name: str) -> Registered:
        """Make an instance. Raises `InstanceError` when the server refuses."""
        ...

    def terminate(self, instance_id: str) -> None:
        """End it. Raises `InstanceError` when the server can't be told."""
        ...


class Ec2Registry:
    """The EC2 API of an endpoint, with signed calls.

    Args:
        instance_profile: name or ARN of the instance profile.
        endpoint: URL; None for the one the caller's configuration names, or the local server's.
        aws_profile: the profile in the caller's AWS configuration; None for the default one.
        region: None for the configured one, or us-east-1.
        image_id, instance_type: shown by the API and by the metadata.
        tokens_required: IMDSv2 only.

    Raises:
        InstanceError: the configuration can't be read.
    """

    def __init__(
        self, *, instance_profile: str, endpoint: str | None = None, aws_profile: str | None = None,
        region: str | None = None, image_id: str = IMAGE_ID, instance_type: str = INSTANCE_TYPE,
        tokens_required: bool = False,
    ) -> None:  # fmt: skip
        kind = "Arn" if instance_profile.startswith("arn:") else "Name"
        self._request: dict[str, Any] = {
            "ImageId": image_id,
            "InstanceType": instance_type,
            "MinCount": 1,
            "MaxCount": 1,
            "IamInstanceProfile": {kind: instance_profile},
            "MetadataOptions": {"HttpTokens": "required" if tokens_required else "optional", "HttpEndpoint": "enabled"},
        }
        try:
            self._client = _client(endpoint, aws_profile, region)
        except (BotoCoreError, ValueError) as error:
            raise InstanceError(f"cannot use the AWS configuration: {error}") from None
        self.endpoint: str = self._client.meta.endpoint_url

    def register(self, name: str) -> Registered:
        named = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name[:256]}]}]
        answer = self._call("run_instances", **self._request, TagSpecifications=named)
        instance = answer["Instances"][0]
        hop_limit = instance.get("MetadataOptions", {}).get("HttpPutResponseHopLimit", 1)
        return Registered(instance_id=instance["InstanceId"], hop_limit=hop_limit)

    def terminate(self, instance_id: str) -> None:
        self._call("terminate_instances", InstanceIds=[instance_id])

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**parameters)
        except ClientError as error:
            raise InstanceError(str(error)) from None
        except BotoCoreError as error:
            raise InstanceError(f"{error} (endpoint {self.endpoint})") from None
        return answer


def _client(endpoint: str | None, aws_profile: str | None, region: str | None) -> Any:
    session = botocore.session.Session(profile=aws_profile)
    region = region or session.get_config_variable("region") or DEFAULT_REGION
    client = session.create_client("ec2", region_name=region, endpoint_url=endpoint, config=_CONFIG)
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    if endpoint is None and host.endswith(_AWS_DOMAINS):
        client = session.create_client("ec2", region_name=region, endpoint_url=DEFAULT_ENDPOINT, config=_CONFIG)
    return client
