"""Each check with a policy that it speaks of and one that it does not; and what AWS itself published."""

from __future__ import annotations

import json
import re
import time
from importlib.util import find_spec
from pathlib import Path

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary import catalog
from ostiary.analysis import ISSUES, FindingType, PolicyType, ResourceType, validate
from ostiary.analysis.reference import overlap
from ostiary.analysis.regions import PARTITIONS, REGIONS
from ostiary.policy import DOCUMENT_LIMIT
from ostiary.policy.globs import glob
from tests.analysis.build import Policy, identity
from tests.analysis.cases_errors import ERRORS
from tests.analysis.cases_warnings import SECURITY_WARNINGS, SUGGESTIONS, WARNINGS

TABLES = {
    FindingType.ERROR: ERRORS,
    FindingType.WARNING: WARNINGS,
    FindingType.SECURITY_WARNING: SECURITY_WARNINGS,
    FindingType.SUGGESTION: SUGGESTIONS,
}
CASES = [(code, *pair) for table in TABLES.values() for code, pair in table.items()]
VECTORS = Path(__file__).parent.parent / "vectors" / "validation" / "validation.json"
KINDS = {
    "identity": (PolicyType.IDENTITY, None),
    "managed": (PolicyType.IDENTITY, None),
    "user-inline": (PolicyType.IDENTITY, None),
    "trust": (PolicyType.RESOURCE, ResourceType.ROLE_TRUST),
    "resource": (PolicyType.RESOURCE, None),
    "scp": (PolicyType.SCP, None),
    "rcp": (PolicyType.RCP, None),
}
MANAGED_ERRORS: dict[str, list[str]] = json.loads((Path(__file__).parent / "managed_errors.json").read_text("utf-8"))


def test_every_issue_has_its_cases_and_its_weight() -> None:
    assert {code: kind for kind, table in TABLES.items() for code in table} == {
        code: issue.type for code, issue in ISSUES.items()
    }


@pytest.mark.parametrize(("code", "positive", "negative"), CASES, ids=[case[0] for case in CASES])
def test_a_check_speaks_where_it_should_and_nowhere_else(code: str, positive: Policy, negative: Policy) -> None:
    assert code in positive.codes()
    assert code not in negative.codes()


@pytest.mark.parametrize("policy", [pair[0] for _, *pair in CASES], ids=[case[0] for case in CASES])
def test_findings_are_worded_located_and_of_the_apis_shape(policy: Policy) -> None:
    shape = botocore.session.get_session().get_service_model("accessanalyzer").shape_for("ValidatePolicyFinding")
    for finding in validate(policy.text, policy.type, policy.resource_type):
        shown = finding.as_dict()
        assert set(shown) == set(shape.members)
        assert finding.details
        assert not re.search(r"(?<!\$)\{[a-z_]*\}", finding.details)
        assert finding.locations
        for location in finding.locations:
            start, end = location.span.start, location.span.end
            assert 0 <= start.offset <= end.offset <= len(policy.text)
            before = policy.text[: start.offset]
            assert (start.line, start.column) == (before.count("\n") + 1, start.offset - (before.rfind("\n") + 1))


def test_aws_own_example_gives_what_aws_shows() -> None:
    package = find_spec("awscli")  # not imported: it would put its own botocore in the place of the installed one
    assert package is not None and package.origin is not None
    page = Path(package.origin).parent / "examples" / "accessanalyzer" / "validate-policy.rst"
    blocks = re.findall(r"::\n\n((?:    .*\n|\n)+)", page.read_text("utf-8"))
    text, answer = ("\n".join(line[4:] for line in block.rstrip("\n").split("\n")) for block in blocks[-2:])
    expected = json.loads(answer)["findings"]
    # The page shows another value than the one that was judged: it ends two characters earlier.
    edited = expected[2]["locations"][1]["span"]["end"]
    edited["column"], edited["offset"] = edited["column"] - 2, edited["offset"] - 2
    found = validate(text.strip("\n"), PolicyType.RESOURCE)
    assert [finding.as_dict() for finding in found] == expected


def test_the_wording_is_that_of_recorded_answers() -> None:
    # Seen in answers of Access Analyzer that people have published.
    def details(policy: Policy) -> list[str]:
        return [finding.details for finding in validate(policy.text, policy.type, policy.resource_type)]

    assert "The effect Denys is not valid. Use Allow or Deny." in details(identity(Effect="Denys"))
    assert "The action sqs:DeleteMessageBatch does not exist." in [
        line.partition(" Did")[0] for line in details(identity(Action="sqs:DeleteMessageBatch", Resource="*"))
    ]
    assert (
        "The action s3:ListBuckets does not exist. Did you mean s3:ListAllMyBuckets? The API called ListBuckets "
        "authorizes against the IAM action s3:ListAllMyBuckets."
    ) in details(identity(Action="s3:ListBuckets", Resource="*"))
    assert "The service DOES_NOT_EXIST:* specified in the action does not exist." in details(
        identity(Action="DOES_NOT_EXIST:*", Resource="*")
    )


@pytest.mark.parametrize(
    "entry",
    [each for each in json.loads(VECTORS.read_text("utf-8")) if "finding" in each["expected"]],
    ids=lambda entry: str(entry["id"]),
)
def test_a_validation_vector_that_names_a_finding_has_it(entry: dict[str, dict[str, str]]) -> None:
    kind, resource_type = KINDS[str(entry["kind"])]
    assert entry["expected"]["finding"] in Policy(str(entry["document"]), kind, resource_type).codes()


@pytest.fixture(scope="module")
def managed() -> dict[str, dict[str, set[str]]]:
    """Codes by weight of each of AWS's managed policies that has findings."""
    found: dict[str, dict[str, set[str]]] = {}
    for policy in catalog.managed_policies():
        for finding in validate(catalog.document(policy.arn, policy.default_version), PolicyType.IDENTITY):
            found.setdefault(policy.name, {}).setdefault(finding.finding_type.value, set()).add(finding.issue_code)
    return found


def test_aws_own_policies_have_no_errors_but_the_ones_that_were_looked_at(
    managed: dict[str, dict[str, set[str]]],
) -> None:
    errors = {name: sorted(codes["ERROR"]) for name, codes in managed.items() if "ERROR" in codes}
    assert errors == MANAGED_ERRORS
    assert len(errors) < 90


def test_the_policies_that_aws_names_for_a_finding_have_it(managed: dict[str, dict[str, set[str]]]) -> None:
    # IAM User Guide, check reference, "AWS managed policies with this …"
    named = {
        "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE": ("AdministratorAccess", "IAMFullAccess"),
        "PASS_ROLE_WITH_STAR_IN_RESOURCE": ("AdministratorAccess-Amplify", "AWSElasticBeanstalkService"),
        "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE": ("AdministratorAccess", "IAMFullAccess"),
        "CREATE_SLR_WITH_STAR_IN_RESOURCE": ("PowerUserAccess",),
        "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA": ("ReadOnlyAccess", "AWSSupportServiceRolePolicy"),
        "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS": (
            "AmazonSecurityLakeAdministrator",
            "AWSCodePipeline_FullAccess",
            "AWSCodePipeline_ReadOnlyAccess",
            "S3UnlockBucketPolicy",
            "SQSUnlockQueuePolicy",
        ),
    }
    for code, names in named.items():
        for name in names:
            assert code in set().union(*managed[name].values()), (code, name)


@pytest.mark.parametrize(
    "text",
    ["", " ", "null", "[]", '"x"', "1", "{", "[" * 100_000, '{"a":' * 50_000, '{"Statement":{"Sid":"\\ud800"}}',
     '{"Version":"2012-10-17","Version":"2012-10-17"}', '{"Statement":[[],1,null,{"Condition":{"\\ud800":{"":[{}]}}}]}',
     '{"Statement":{"Principal":[[]],"Action":{},"Resource":{"a":1},"Condition":[1]}}', "NaN", "\x00", "é\U0001f600"],
)  # fmt: skip
@pytest.mark.parametrize("kind", list(PolicyType))
def test_any_text_gives_findings_that_can_be_written(text: str, kind: PolicyType) -> None:
    found = validate(text, kind)
    assert found
    json.dumps([finding.as_dict() for finding in found], ensure_ascii=False).encode("utf-8")


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=6),
    st.sampled_from(["*", "Allow", "s3:*", "arn:aws:s3:::b/${aws:username", "10.0.0.0/8", "2012-10-17", "${}", "a:b"]),
)  # fmt: skip
NAMES = st.sampled_from(
    ["Version", "Statement", "Sid", "Effect", "Action", "NotAction", "Resource", "Principal", "Condition", "AWS",
     "StringLike", "Bool", "IpAddress", "DateLessThan", "aws:SourceIp", "aws:TagKeys", "s3:prefix", "", "x:y"]
)  # fmt: skip
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4))


@settings(max_examples=150, deadline=None)
@given(
    VALUES.flatmap(lambda value: st.just({"Statement": value})),
    st.sampled_from(PolicyType),
    st.sampled_from([None, *ResourceType]),
)
def test_whatever_stands_where_nothing_is_raised(value: object, kind: PolicyType, of: ResourceType | None) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=1)):
        for finding in validate(text, kind, of):
            assert finding.locations


@given(st.text("ab*?", max_size=6), st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_patterns_that_cover_the_same_text_overlap(one: str, other: str, text: str) -> None:
    if glob(one).matches(text) and glob(other).matches(text):
        assert overlap(one, other)
    if not any(sign in one for sign in "*?"):
        assert overlap(one, other) == glob(other).matches(one)


def test_the_regions_are_those_of_botocore() -> None:
    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    assert set(partitions) == set(PARTITIONS)
    assert {region for name in partitions for region in session.get_available_regions("ec2", name)} == REGIONS


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "*", "Resource": "arn:aws:s3:::" + "${" * 50_000},
        {"Action": "*", "Resource": [f"arn:aws:ec2:*:*:*a*{number}*" for number in range(4_000)]},
        {"Action": ["sts:AssumeRole"] * 3_000, "Principal": {"Federated": ["accounts.google.com"] * 3_000}},
        {
            "Action": ["iam:GetRole"] * 2_000 + ["iam:PassRole"],
            "Resource": "*",
            "Condition": {"StringEquals": {f"iam:ResourceTag/{number}": "x" for number in range(2_000)}},
        },
    ],
    ids=["braces", "patterns", "principals", "keys"],
)
@pytest.mark.parametrize("kind", [PolicyType.IDENTITY, PolicyType.RESOURCE])
def test_what_was_made_to_take_long_does_not(statement: dict[str, object], kind: PolicyType) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})
    assert len(text) < DOCUMENT_LIMIT * 1.2
    began = time.process_time()
    found = validate(text, kind)
    assert time.process_time() - began < 15
    assert sum(len(finding.locations) for finding in found) < 40_000


def test_the_longest_documents_are_judged_in_time() -> None:
    actions = [f"s3:a{number}*b" for number in range(DOCUMENT_LIMIT // 14)]
    text = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}})
    began = time.monotonic()
    assert validate(text[:DOCUMENT_LIMIT], PolicyType.IDENTITY)
    assert validate(text, PolicyType.IDENTITY)
    assert time.monotonic() - began < 20


def test_a_hundred_policies_are_judged_in_a_second() -> None:
    documents = [catalog.document(each.arn, each.default_version) for each in catalog.managed_policies()[:200]]
    validate(documents[0], PolicyType.IDENTITY)  # reads the reference
    began = time.process_time()
    for text in documents:
        validate(text, PolicyType.IDENTITY)
    assert len(documents) / (time.process_time() - began) > 100
