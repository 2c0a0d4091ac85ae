"""Explain a denial: what each policy says of the request, and what would change the answer.

    python examples/explain_a_denial.py

A role may do everything with S3, its permissions boundary lets it read only, and the session was opened for one folder.
"""

from __future__ import annotations

import json

from ostiary.policy import (
    Attached,
    InForce,
    PolicyType,
    Request,
    RoleSession,
    Source,
    compile_policy,
    denial_message,
    explain,
)

SESSION = RoleSession(
    arn="arn:aws:sts::111122223333:assumed-role/deployer/ci-7",
    role_arn="arn:aws:iam::111122223333:role/ci/deployer",
    account="111122223333",
)


def policy(kind: PolicyType, name: str, actions: list[str], resource: str = "*") -> list[Attached]:
    """A policy with one Allow."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return [Attached(compile_policy(text), Source(type=kind, name=name))]


def main() -> None:
    """A refused upload."""
    in_force = InForce(
        identity=policy(PolicyType.IDENTITY, "s3-everything", ["s3:*"]),
        boundary=policy(PolicyType.BOUNDARY, "readers-only", ["s3:Get*", "s3:List*"]),
        session=policy(PolicyType.SESSION, "this-folder", ["s3:*"], "arn:aws:s3:::artifacts/ci/*"),
    )
    request = Request(
        principal=SESSION,
        action="s3:PutObject",
        resource="arn:aws:s3:::artifacts/ci/app.zip",
        resource_account="111122223333",
        context={},
    )
    told = explain(in_force, request)

    print(denial_message(told.decision, SESSION.arn, request.action, request.resource, quote_resource=True))
    for report in told.types:
        print(f"{report.type.value}: {report.verdict.value}")
        for one in report.statements:
            why = "matches" if one.matched else f"does not match in {', '.join(one.failed)}"
            print(f"  {one.statement.source.name}, statement {one.statement.statement_index}: {why}")
    for suggestion in told.suggestions:
        print(f"would change it: {suggestion.text} ({suggestion.width} of {suggestion.among} requests like it)")


if __name__ == "__main__":
    main()
