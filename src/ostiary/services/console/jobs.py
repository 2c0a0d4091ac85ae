"""services/console: what groups by job are made of: ready policies, as narrow as the job allows (S26, S27)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_AWS: Final = "arn:aws:iam::aws:policy/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A template of a group."""

    id: str
    group: str
    """What the group may be called."""
    policies: tuple[str, ...]
    """ARNs."""
    inline: tuple[tuple[str, str], ...] = ()
    """Names and documents."""


_WORK_ON_OBJECTS: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "FindBuckets",
                "Effect": "Allow",
                "Action": ["s3:ListAllMyBuckets", "s3:ListBucket*", "s3:GetBucketLocation"],
                "Resource": "*",
            },
            {
                "Sid": "WorkOnObjects",
                "Effect": "Allow",
                "Action": [
                    "s3:GetObject*",
                    "s3:PutObject",
                    "s3:PutObjectTagging",
                    "s3:DeleteObject",
                    "s3:ListMultipartUploadParts",
                    "s3:AbortMultipartUpload",
                ],
                "Resource": "arn:aws:s3:::*/*",
            },
        ],
    },
    indent=4,
)

JOBS: Final[Mapping[str, Job]] = {
    job.id: job
    for job in (
        Job(id="s3-read", group="S3-Readers", policies=(f"{_AWS}AmazonS3ReadOnlyAccess",)),
        Job(id="s3-work", group="S3-Writers", policies=(), inline=(("WorkOnObjects", _WORK_ON_OBJECTS),)),
        Job(id="route53", group="DNS", policies=(f"{_AWS}AmazonRoute53FullAccess",)),
        Job(id="beanstalk", group="Beanstalk", policies=(f"{_AWS}AdministratorAccess-AWSElasticBeanstalk",)),
        Job(id="audit", group="Auditors", policies=(f"{_AWS}SecurityAudit", f"{_AWS}job-function/ViewOnlyAccess")),
        Job(id="operate", group="Operators", policies=(f"{_AWS}PowerUserAccess",)),
        Job(id="administer", group="Administrators", policies=(f"{_AWS}AdministratorAccess",)),
    )
}
