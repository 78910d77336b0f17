"""`--batch`: a line for every row, in order, whatever the rows hold and however often the run was killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pexpect
import pytest

from ipse.credentials.formats.vcdm11 import didkit_process
from ipse.encoding import base64url
from tests.cli.test_vc import V2, assert_told, checks, in_process, issued, reason
from tests.conftest import Ipse, Run
from tests.waiting import PATIENCE

needs_didkit = pytest.mark.skipif(not didkit_process.available(), reason="didkit is not installed")
_TEMPLATE: dict[str, Any] = {
    "@context": [V2],
    "type": ["VerifiableCredential"],
    "credentialSubject": {"name": "{{name}}", "description": "since {{since}}"},
}
_CLAIMS: dict[str, Any] = {
    "vct": "https://example.org/member",
    "name": "{{name}}",
    "seat": {"row": "{{since}}"},
}
_CELLS = (
    '=HYPERLINK("https://evil.example")',
    "@SUM(1)",
    "+1|cmd",
    "{{since}}",
    "{{{{",
    '","issuer":"did:example:evil","x":"',
    '{"id": "did:example:evil"}',
    "\u202eadA",
    "a\nb",
    "\x1b[31mred",
    "Ada, the first",
)


def _write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with the columns `name` and `since`."""
    return _write(tmp_path / "template.json", _TEMPLATE)


def _csv(path: Path, rows: Sequence[Sequence[str]], columns: str = "name,since") -> Path:
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    path.write_text("\n".join([columns, *quoted, ""]), newline="")
    return path


def _lines(text: str) -> list[Any]:
    found = [json.loads(line) for line in text.splitlines()]
    assert [line["row"] for line in found] == list(range(1, len(found) + 1))
    return found


def _issue(ipse: Ipse, rows: Path | str, template: Path, *options: str | Path, code: int = 0) -> Run:
    return ipse("vc", "issue", "--batch", rows, "--template", template, "-q", *options, code=code)


def _payload(token: str) -> Any:
    return json.loads(base64url.decode(token.split(".")[1]))


def test_each_row_of_csv_is_a_credential_in_its_place(ipse: Ipse, template: Path, tmp_path: Path) -> None:
    rows = _csv(tmp_path / "rows.csv", [("Ada", "1842"), ("Grace", "1944"), ("Ada", "1842")])
    run = _issue(ipse, rows, template)
    assert run.err == ""
    credentials = [line["credential"] for line in _lines(run.out)]
    subjects = [credential["credentialSubject"] for credential in credentials]
    assert [subject["name"] for subject in subjects] == ["Ada", "Grace", "Ada"]
    assert subjects[1]["description"] == "since 1944"
    assert len({credential["id"] for credential in credentials}) == 3
    verified = ipse("vc", "verify", "--batch", "-", "--any-issuer", stdin=run.out)
    assert [line["report"]["outcome"] for line in _lines(verified.out)] == ["passed"] * 3


def test_a_cell_is_text_whatever_it_looks_like(ipse: Ipse, template: Path, tmp_path: Path) -> None:
    rows = _csv(tmp_path / "rows.csv", [(cell, "1842") for cell in _CELLS])
    run = _issue(ipse, rows, template)
    for line, cell in zip(_lines(run.out), _CELLS, strict=True):
        credential = line["credential"]
        assert credential["credentialSubject"] == {"name": cell, "description": "since 1842"}
        assert credential["issuer"].startswith("did:key:")
    assert ipse("vc", "verify", "--batch", "-", "--any-issuer", "-q", stdin=run.out).err == ""


def test_ndjson_keeps_types_and_takes_standard_input(ipse: Ipse, tmp_path: Path) -> None:
    template = _write(tmp_path / "template.json", {**_TEMPLATE, "credentialSubject": {"name": "{{value}}"}})
    rows = '{"value": "Ada"}\r\n{"value": ["a", "b"]}\n{"value": "last, without an end of line"}'
    run = ipse("vc", "issue", "--batch", "-", "--template", template, "-q", stdin=rows)
    names = [line["credential"]["credentialSubject"]["name"] for line in _lines(run.out)]
    assert names == ["Ada", ["a", "b"], "last, without an end of line"]


def test_a_row_that_can_not_be_issued_is_its_own_error_and_the_rest_are_issued(
    ipse: Ipse, template: Path, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.ndjson"
    good = '{"name": "Ada", "since": "1842"}'
    bad = [
        "Dear wallet", "", "[]", '{"name": "Ada"}', '{"name": "Ada", "name": "Eve", "since": "1"}',
        '{"name": "Ada", "since": 1842}', '{"name": "' + "x" * (1 << 20) + '", "since": "1842"}',
    ]  # fmt: skip
    rows.write_text("\n".join([good, *bad, good]))
    run = ipse("vc", "issue", "--batch", rows, "--template", template, code=6)
    lines = _lines(run.out)
    assert ["error" in line for line in lines] == [False, *[True] * len(bad), False]
    for line in lines[1:-1]:
        assert set(line["error"]) == {"code", "message"}
    assert lines[4]["error"]["message"] == "the row has no 'since'"
    assert lines[7]["error"]["code"] == "too-large"
    said = run.err.splitlines()
    assert said[0] == "9 rows: 2 issued, 7 error"
    assert said[1] == "error: 7 of 9 rows were not issued"
    assert said[2].startswith("hint: ")


@pytest.mark.parametrize(
    ("content", "options", "code", "word"),
    [
        ({**_TEMPLATE, "credentialSubject": {"name": "{{nome}}"}}, (), 2, "'nome'"),
        ({**_TEMPLATE, "credentialSubject": {"{{name}}": "x"}}, (), 6, "name of a member"),
        ({**_TEMPLATE, "credentialSubject": {"name": "{{name"}}, (), 6, "/credentialSubject/name"),
        ({**_TEMPLATE, "@context": [V2, "{{name}}"]}, (), 6, "@context"),
        ({**_TEMPLATE, "issuer": "did:example:me"}, (), 6, "'issuer'"),
        ({**_TEMPLATE, "proof": {}}, (), 6, "'proof'"),
        ({**_TEMPLATE, "validFrom": "soon"}, (), 6, "/validFrom"),
        ({**_CLAIMS, "iss": "did:example:me"}, ("--format", "sd-jwt"), 6, "'iss'"),
        (_CLAIMS, ("--format", "sd-jwt", "--disclosable", "age"), 2, "'age'"),
        pytest.param(
            *(_TEMPLATE, ("--format", "w3c-1.1"), 6, "/@context must begin with"), marks=needs_didkit
        ),
        (_TEMPLATE, ("--format", "jwt", "--suite", "eddsa-jcs-2022"), 2, "jwt"),
        (_TEMPLATE, ("--suite", "ecdsa-jcs-2019"), 2, "ecdsa-jcs-2019"),
        (_TEMPLATE, ("--status", "nothing"), 5, "'nothing'"),
        (_TEMPLATE, ("--issuer", "nobody"), 5, "nobody"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_template_is_said_before_the_first_row(
    ipse: Ipse, tmp_path: Path, content: dict[str, Any], options: tuple[str, ...], code: int, word: str
) -> None:
    ipse = in_process(ipse)
    rows = _csv(tmp_path / "rows.csv", [("Ada", "1842")])
    output = tmp_path / "out.ndjson"
    template = _write(tmp_path / "template.json", content)
    run = _issue(ipse, rows, template, *options, "-o", output, code=code)
    assert_told(run, word)
    assert run.out == ""
    assert not output.exists()


@pytest.mark.parametrize(
    "content",
    ["", "\n", "name,name\nAda,1\n", "name,\nAda,1\n", 'name,since\n"Ada,1842\n'],
    ids=["empty", "no names", "a name twice", "no name", "an open quote"],
)
def test_csv_without_usable_columns_is_malformed_before_the_first_row(
    ipse: Ipse, template: Path, tmp_path: Path, content: str
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(content)
    run = _issue(ipse, rows, template, code=6)
    assert_told(run, "rows.csv")
    assert run.out == ""


def test_a_row_schema_gives_cells_their_types_and_refuses_rows(ipse: Ipse, tmp_path: Path) -> None:
    subject = {"name": "{{name}}", "age": "{{age}}", "member": "{{member}}"}
    template = _write(tmp_path / "template.json", {**_TEMPLATE, "credentialSubject": subject})
    types = {"age": {"type": "integer", "minimum": 18}, "member": {"type": ["boolean", "null"]}}
    schema = _write(tmp_path / "schema.json", {"type": "object", "properties": types})
    people = [
        ("Ada", "36", "true"), ("12", "18", ""), ("Eve", "17", "true"), ("Bob", "old", "false"),
        ("Eve", "20", "yes"),
    ]  # fmt: skip
    rows = _csv(tmp_path / "rows.csv", people, "name,age,member")
    run = _issue(ipse, rows, template, "--row-schema", schema, "--undefined-terms", code=6)
    lines = _lines(run.out)
    assert [line["credential"]["credentialSubject"] for line in lines[:2]] == [
        {"name": "Ada", "age": 36, "member": True},
        {"name": "12", "age": 18, "member": None},
    ]
    assert [line["error"]["message"].split()[0:1] for line in lines[2:]] == [["the"], ["'age'"], ["'member'"]]
    assert "/age" in lines[2]["error"]["message"]


@pytest.mark.parametrize("form", ["jwt", "sd-jwt"])
def test_tokens_are_issued_in_batches_too(ipse: Ipse, template: Path, tmp_path: Path, form: str) -> None:
    rows = _csv(tmp_path / "rows.csv", [("Ada", "1842"), ("Grace", "1944")])
    options: tuple[str, ...] = ("--format", form)
    if form == "sd-jwt":
        template = _write(tmp_path / "claims.json", _CLAIMS)
        options += ("--disclosable", "name", "--disclosable", "seat.row")
    run = _issue(ipse, rows, template, *options)
    tokens = [line["credential"] for line in _lines(run.out)]
    assert [token.count("~") for token in tokens] == ([3, 3] if form == "sd-jwt" else [0, 0])
    assert '"Ada"' not in json.dumps(_payload(tokens[0])) or form == "jwt"
    verified = ipse("vc", "verify", "--batch", "-", "--any-issuer", "-q", stdin="\n".join(tokens))
    assert [line["report"]["outcome"] for line in _lines(verified.out)] == ["passed", "passed"]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("form", "kind"), [("w3c", "w3c"), ("jwt", "w3c"), ("sd-jwt", "token")])
def test_every_row_has_an_entry_of_its_own_and_can_be_revoked(
    ipse: Ipse, template: Path, tmp_path: Path, form: str, kind: str
) -> None:
    ipse("vc", "status", "create", "rev", "--url", "https://example.org/rev", "--kind", kind)
    rows = _csv(tmp_path / "rows.csv", [(f"person {number}", "1842") for number in range(40)])
    template = _write(tmp_path / "claims.json", _CLAIMS) if form == "sd-jwt" else template
    run = _issue(ipse, rows, template, "--format", form, "--status", "rev")
    indexes, ids = [], []
    for line in _lines(run.out):
        made = line["credential"]
        document = made if form == "w3c" else _payload(made.partition("~")[0])
        ids.append(document["jti" if form == "sd-jwt" else "id"])
        indexes.append(_index(document))
    assert len(set(indexes)) == len(set(ids)) == 40
    assert ipse("vc", "revoke", ids[7], "--json").json["publish"] == ["rev"]
    [row] = ipse("vc", "status", "list", "--json").json["lists"]
    assert row["used"] == 40


def _index(document: Any) -> int:
    if "status" in document:
        return int(document["status"]["status_list"]["idx"])
    return int(document["credentialStatus"]["statusListIndex"])


def test_a_file_that_is_there_is_never_written_over(ipse: Ipse, template: Path, tmp_path: Path) -> None:
    rows = _csv(tmp_path / "rows.csv", [("Ada", "1842")])
    output = tmp_path / "out.ndjson"
    output.write_text("mine\n")
    assert_told(_issue(ipse, rows, template, "-o", output, code=2), str(output))
    assert_told(_issue(ipse, rows, template, "-o", output, "--resume", code=2), "nothing to resume")
    assert output.read_text() == "mine\n"
    made = tmp_path / "made.ndjson"
    assert ipse(
        "vc", "issue", "--batch", rows, "--template", template, "-o", made, "--json"
    ).json == {"file": str(made), "rows": 1, "counts": {"issued": 1}}  # fmt: skip
    assert made.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir() if "made" in path.name} == {"made.ndjson"}
    assert_told(_issue(ipse, rows, template, "-o", "-", "--resume", code=2), "resume")
    assert_told(_issue(ipse, rows, template, "-o", tmp_path / "no" / "out", code=6))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_run_that_is_killed_goes_on_and_no_row_is_lost_or_done_twice(
    ipse: Ipse, template: Path, tmp_path: Path
) -> None:
    total = 5000
    ipse("vc", "status", "create", "rev", "--url", "https://example.org/rev")
    rows = _csv(tmp_path / "rows.csv", [(f"person {number}", "1842") for number in range(total)])
    output = tmp_path / "out.ndjson"
    batch = ("vc", "issue", "--batch", rows, "--template", template, "--status", "rev", "-o", output, "-q")
    for _ in range(3):
        _kill_midway(ipse, *batch, "--resume", output=output)
    ipse(*batch, "--resume", code=None)
    lines = _lines(output.read_text())
    names = [line["credential"]["credentialSubject"]["name"] for line in lines]
    assert names == [f"person {number}" for number in range(total)]
    assert len({_index(line["credential"]) for line in lines}) == total
    assert len({line["credential"]["id"] for line in lines}) == total
    assert len({line["credential"]["validFrom"] for line in lines}) == 1
    assert not output.with_name("out.ndjson.resume").exists()


def _kill_midway(ipse: Ipse, *arguments: str | Path, output: Path) -> None:
    """Kill the run once it has written some more, at a moment that nobody chose."""
    before = output.stat().st_size if output.exists() else 0
    child = subprocess.Popen(
        [sys.executable, "-m", "ipse", *map(str, arguments)],
        env=ipse.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while child.poll() is None and time.monotonic() < deadline:
        if output.exists() and output.stat().st_size > before:
            time.sleep(random.uniform(0, 0.1))
            break
        time.sleep(0.001)
    if child.poll() is None:
        os.kill(child.pid, signal.SIGKILL)
    child.wait()


def test_an_interrupted_batch_says_how_to_go_on(ipse: Ipse, template: Path, tmp_path: Path) -> None:
    rows = _csv(tmp_path / "rows.csv", [(f"person {number}", "1842") for number in range(60_000)])
    output = tmp_path / "out.ndjson"
    child = subprocess.Popen(
        [sys.executable, "-m", "ipse", "vc", "issue", "--batch", rows, "--template", template, "-o", output],
        env=ipse.variables,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while child.poll() is None and not output.exists():
        time.sleep(0.001)
    os.kill(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130
    assert "--resume" in err


def test_another_job_does_not_go_on_in_the_file_of_the_first(
    ipse: Ipse, template: Path, tmp_path: Path
) -> None:
    rows = _csv(tmp_path / "rows.csv", [(f"person {number}", "1842") for number in range(20_000)])
    output = tmp_path / "out.ndjson"
    _kill_midway(
        ipse, "vc", "issue", "--batch", rows, "--template", template, "-o", output, "-q", output=output
    )
    if not output.with_name("out.ndjson.resume").exists():
        pytest.skip("the run was over before it could be killed")
    begun = output.read_bytes()
    other = _write(tmp_path / "other.json", {**_TEMPLATE, "name": "Another"})
    assert_told(_issue(ipse, rows, other, "-o", output, "--resume", code=2), "another job")
    more = _csv(tmp_path / "more.csv", [("Eve", "1")])
    assert_told(_issue(ipse, more, template, "-o", output, "--resume", code=2), "another input")
    assert_told(_issue(ipse, rows, template, "-o", output, code=2), str(output), "--resume")
    assert output.read_bytes() == begun


def test_a_batch_of_verifications_ends_in_the_worst_that_it_found(ipse: Ipse, tmp_path: Path) -> None:
    good = json.dumps(json.loads(issued(ipse)))
    token = issued(ipse, "--format", "jwt").strip()
    bad = good.replace("Oceanography", "Oceanographx")
    strange = json.dumps({**json.loads(good), "issuer": "did:ion:EiClkZMDxPKqC9c"})
    not_issued = '{"row":1,"error":{"code":"malformed","message":"x"}}'
    verify = ("vc", "verify", "--any-issuer", "--batch")
    for lines, code, outcomes in (
        ([good, token, json.dumps(token)], 0, ["passed"] * 3),
        ([good, bad, strange, not_issued], 3, ["passed", "failed", "undetermined", "error"]),
        ([good, strange, not_issued, ""], 6, ["passed", "undetermined", "error", "error"]),
        ([strange, good], 9, ["undetermined", "passed"]),
        ([], 0, []),
    ):
        rows = tmp_path / "rows.ndjson"
        rows.write_text("".join(f"{line}\n" for line in lines))
        run = ipse(*verify, rows, code=code)
        found = [line["report"]["outcome"] if "report" in line else "error" for line in _lines(run.out)]
        assert found == outcomes
        assert run.err.startswith(f"{len(lines)} rows: ")


def test_a_batch_of_verifications_is_judged_under_one_policy(ipse: Ipse, tmp_path: Path) -> None:
    rows = tmp_path / "rows.ndjson"
    rows.write_text(json.dumps(json.loads(issued(ipse, "--valid-from", "2001-01-01"))) + "\n")
    verify = ("vc", "verify", "--batch", rows, "-q")
    [line] = _lines(ipse(*verify, code=9).out)
    assert checks(line["report"])["trust"] == "undetermined"
    [line] = _lines(ipse(*verify, "--any-issuer", "--at", "2000-01-01", code=3).out)
    assert reason(line["report"], "time") == "not valid yet"
    output = tmp_path / "out.ndjson"
    ipse(*verify, "--any-issuer", "-o", output)
    assert [line["report"]["outcome"] for line in _lines(output.read_text())] == ["passed"]
    assert_told(ipse(*verify, "--any-issuer", "-o", output, code=2), str(output))


@pytest.mark.skipif(os.name == "nt", reason="there is no pseudo-terminal on Windows")
def test_progress_is_shown_on_the_terminal_and_never_among_the_results(
    ipse: Ipse, template: Path, tmp_path: Path
) -> None:
    rows = _csv(tmp_path / "rows.csv", [("Ada", "1842"), ("Grace", "1944")])
    output = tmp_path / "out"
    command = f"{sys.executable} -m ipse vc issue --batch {rows} --template {template}"
    for quiet, shown in (("", True), (" -q", False)):
        said, code = pexpect.run(
            f"bash -c '{command}{quiet} >{output}'",
            timeout=PATIENCE,
            env=ipse.variables,
            encoding="utf-8",
            withexitstatus=True,
        )
        assert code == 0
        assert ("2 of 2 rows" in said) is shown
        assert len(_lines(output.read_text())) == 2


@pytest.mark.parametrize("form", ["jwt", "sd-jwt"])
def test_a_did_that_publishes_no_key_issues_no_batch_either(ipse: Ipse, tmp_path: Path, form: str) -> None:
    did = ipse("did", "create", "--name", "account", "--method", "pkh").out.strip()
    template = _write(tmp_path / "template.json", _CLAIMS if form == "sd-jwt" else _TEMPLATE)
    rows, output = _csv(tmp_path / "rows.csv", [("Ada", "1842")]), tmp_path / "out.ndjson"
    run = _issue(ipse, rows, template, "--issuer", did, "--format", form, "-o", output, code=2)
    assert_told(run, did, "publishes no key")
    assert not output.exists()


def test_an_sd_jwt_has_no_terms_to_define_in_a_batch_either(ipse: Ipse, tmp_path: Path) -> None:
    template = _write(tmp_path / "template.json", _CLAIMS)
    rows, output = _csv(tmp_path / "rows.csv", [("Ada", "1842")]), tmp_path / "out.ndjson"
    options = ("--format", "sd-jwt", "--undefined-terms", "-o", output)
    assert_told(_issue(ipse, rows, template, *options, code=2), "sd-jwt", "--undefined-terms")
    assert not output.exists()


def test_a_batch_says_that_a_context_was_not_checked(ipse: Ipse, tmp_path: Path) -> None:
    url = "https://issuer.example/terms/v1"
    template = _write(tmp_path / "template.json", {**_TEMPLATE, "@context": [V2, url]})
    rows = _csv(tmp_path / "rows.csv", [("Ada", "1842")])
    run = ipse("vc", "issue", "--batch", rows, "--template", template, "-o", tmp_path / "out.ndjson")
    assert "the JSON-LD contexts were not checked" in run.err
    assert url in run.err


@pytest.mark.sampled(1)
@needs_didkit
@pytest.mark.parametrize("suite", [None, "JWT"])
def test_a_batch_of_vcdm_11_is_issued_and_verifies(ipse: Ipse, tmp_path: Path, suite: str | None) -> None:
    document = {
        "@context": ["https://www.w3.org/2018/credentials/v1", {"name": "https://schema.org/name"}],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"id": "did:example:{{since}}", "name": "{{name}}"},
    }
    template = _write(tmp_path / "template.json", document)
    rows, output = _csv(tmp_path / "rows.csv", [("Ada", "1842"), ("Grace", "1944")]), tmp_path / "out.ndjson"
    options = ("--format", "w3c-1.1", *(("--suite", suite) if suite else ()), "-o", output)
    _issue(ipse, rows, template, *options)
    credentials = [line["credential"] for line in _lines(output.read_text())]
    assert {isinstance(each, str) for each in credentials} == {suite == "JWT"}
    reports = ipse("vc", "verify", "--batch", output, "--any-issuer", "-q")
    assert [line["report"]["outcome"] for line in _lines(reports.out)] == ["passed", "passed"]
