"""The credential report: AWS's columns on a page, and the API's own bytes as a file."""

from __future__ import annotations

from ostiary.services.iam.credential_report import COLUMNS
from tests.console.people import Console
from tests.world import document


def test_a_report_is_asked_for_and_then_shown_in_awss_columns(console: Console) -> None:
    admin = console.administrator()
    page = admin.get("/report")
    assert page.status == 200 and "aws iam generate-credential-report" in page.words and not page.rows()
    page = admin.submit("//main//form", button="Generate report")
    assert page.path == "/report"
    assert [each.text_content() for each in page.select("//thead//th")] == list(COLUMNS)
    assert [row[0] for row in page.rows()] == ["<root_account>", "admin"]
    assert page.select("//td//span[contains(@class, 'status bad')]")  # a password without MFA


def test_the_file_is_what_the_api_gives_byte_for_byte(console: Console) -> None:
    admin = console.administrator()
    assert admin.get("/report/download").path == "/report"  # none was asked for: nothing to download
    console.world.call("iam:GenerateCredentialReport")
    kept = admin.http.get("/report/download")
    assert kept.content == console.world.call("iam:GetCredentialReport")["Content"]
    assert "attachment" in kept.headers["content-disposition"] and kept.headers["content-type"] == "text/csv"


def test_rows_are_found_by_name_and_by_what_is_wrong(console: Console) -> None:
    admin = console.administrator()
    console.user("robot", password=None)
    console.world.call("iam:GenerateCredentialReport")
    assert [row[0] for row in admin.get("/report?find=ROB").rows()] == ["robot"]
    assert [row[0] for row in admin.get("/report?only=password-no-mfa").rows()] == ["admin"]
    assert "Nobody is like that." in admin.get("/report?only=key-warning").words
    part = admin.get("/report?find=rob", **{"hx-request": "true"})
    assert "<html" not in part.text and "robot" in part.text


def test_without_permission_the_report_says_so(console: Console) -> None:
    console.world.call("iam:GenerateCredentialReport")
    browser = console.signed_in("eve")
    page = browser.get("/report")
    assert page.status == 403 and "iam:GetCredentialReport" in page.words
    assert browser.get("/report/download").status == 403
    viewer = console.signed_in("viewer", document("iam:GetCredentialReport"))
    assert len(viewer.get("/report").rows()) == 3
    console.world.clock.advance(hours=5)
    viewer.sign_in("viewer")
    expired = viewer.get("/report")
    assert expired.select("//button[@aria-disabled='true']")  # greyed: iam:GenerateCredentialReport is not allowed
    assert viewer.post("/report").status == 403
