"""A trap of those who tell why a request was decided. The number is a name only."""

from __future__ import annotations

from ostiary.audit.explanation import explained
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.judge import Ask
from tests.audit.recording import happened
from tests.sts.people import add_user, judged
from tests.world import World

TEXT = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
  ]
}"""


def test_t38_the_record_tells_a_statement_s_place_as_the_simulator_counts_and_its_own_line(
    world: World, audit: AuditWriter
) -> None:
    """The second of a list starts, for AWS, right after the brace of the first; a reader is shown line 5."""
    alice = add_user(world, "alice", TEXT)
    judgement = judged(world, alice, Ask(action="s3:GetObject", resource="arn:aws:s3:::b/k"))
    audit.note(happened(world, "r1", alice, judgement))
    audit.flush()
    with world.house.store.read() as tx:
        (event,) = explained(tx, "r1")
    (ask,) = event.asks
    (told,) = ask.as_dict()["because"]
    first = TEXT.split("\n")[3]
    offset = len("\n".join(TEXT.split("\n")[:3])) + len(first)
    assert told["start"] == {"line": 4, "column": len(first), "offset": offset}
    end = len("\n".join(TEXT.split("\n")[:5]))
    assert told["end"] == {"line": 5, "column": len(TEXT.split("\n")[4]) + 1, "offset": end}
    assert ask.explanation is not None
    assert ask.line_of(ask.explanation.decision.matched[0]) == 5
