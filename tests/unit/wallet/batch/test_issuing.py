"""Issuing in batches: one line for each row, in order, each a credential that verifies or the row's error."""

from __future__ import annotations

import io
import json
import re
import stat
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import json_ld, jws, model
from ipse.credentials.formats import data_integrity, sd_jwt
from ipse.credentials.formats.jose import vc_jwt
from ipse.dids import did_key
from ipse.encoding.strict_json import JsonObject
from ipse.errors import AlreadyExists, CorruptData, MalformedInput, StorageError, Undetermined, UsageError
from ipse.keys.ecdsa import PrivateKey as EcdsaKey
from ipse.wallet.batch import Job, Progress, issue
from tests.unit.wallet.batch.jobs import (
    CLAIMS,
    DID,
    KEY,
    METHOD,
    NOW,
    TEMPLATE,
    job,
    lines,
    ndjson,
    one_row,
    people,
    reading,
    run,
)

OTHER = EcdsaKey("P-256", bytes(31) + b"\2")
ACCOUNT = "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a"
LATER = NOW + timedelta(days=1)


def signed_by_the_batch(credential: JsonObject) -> JsonObject:
    """What the credential's proof covers; fails if it is not a right one."""
    proof = data_integrity.proof_of(credential)
    document: JsonObject = data_integrity.verify_proof(credential, proof, KEY.public())
    return document


def test_each_row_becomes_a_credential_in_the_order_of_the_rows(tmp_path: Path) -> None:
    output = tmp_path / "out.ndjson"
    summary = run(ndjson(people(1001)), output)
    assert (summary.rows, summary.counts, summary.resumed_at) == (1001, Counter(issued=1001), 0)
    credentials = [line["credential"] for line in lines(output)]
    assert [each["credentialSubject"]["name"] for each in credentials] == [
        f"Ada {number}" for number in range(1, 1002)
    ]
    for credential in (credentials[0], credentials[-1]):
        document = signed_by_the_batch(credential)
        assert model.violations(document) == []
        assert document["issuer"] == DID
        assert document["validFrom"] == "2026-01-31T12:00:00Z"
        assert credential["proof"]["created"] == "2026-01-31T12:00:00Z"
        assert credential["proof"]["verificationMethod"] == METHOD
    assert len({each["id"] for each in credentials}) == 1001
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4.*", each["id"]) for each in credentials)
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["out.ndjson"]


def test_a_row_that_fails_is_a_line_with_its_error_and_the_others_are_issued(tmp_path: Path) -> None:
    rows = [people(1)[0], {"n": "2"}, {"n": 3, "name": "Ada"}, "no object", people(1)[0]]
    output = tmp_path / "out.ndjson"
    summary = run(ndjson(rows)[:-1] + b"\n\n", output)
    found = lines(output)
    assert summary.counts == Counter(issued=2, error=4)
    assert [list(line) for line in found] == [
        ["row", member] for member in ("credential", "error", "error", "error", "credential", "error")
    ]
    assert found[1]["error"] == {"code": "malformed", "message": "the row has no 'name'"}
    assert "'n' is a JSON number" in found[2]["error"]["message"]
    assert found[3]["error"]["message"] == "the row is a JSON string, an object is expected"
    assert found[5]["error"]["message"] == "the row is empty, JSON expected"


@pytest.mark.parametrize(
    "cell", ['"},"issuer":"did:example:mallory', "{{n}}", '{"@value": 1}', "\\", "\u2028", '"', "a\nb"]
)
def test_a_csv_cell_cannot_become_anything_but_its_own_value(tmp_path: Path, cell: str) -> None:
    quoted = cell.replace('"', '""')
    line = one_row(tmp_path, f'n,name\n1,"{quoted}"\n'.encode(), form="csv")
    document = signed_by_the_batch(line["credential"])
    assert document["credentialSubject"] == {"id": "did:example:1", "name": cell}
    assert document["issuer"] == DID
    assert set(document) == {"@context", "id", "type", "issuer", "validFrom", "credentialSubject"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"n,name\n1\n", "the row has 1 cells, there are 2 columns"),
        (b"n,name\n1,a,b\n", "the row has 3 cells, there are 2 columns"),
        (b"n,name\n1,a\0b\n", "'name' is no text: it holds a NUL"),
        (b"n,name\n1,\xff\n", "'name' is not UTF-8 text"),
    ],
)
def test_a_csv_row_that_is_wrong_is_the_row_s_error(tmp_path: Path, data: bytes, message: str) -> None:
    assert one_row(tmp_path, data, form="csv")["error"]["message"] == message


def test_an_empty_cell_is_an_empty_string(tmp_path: Path) -> None:
    line = one_row(tmp_path, b"n,name\n1,\n", form="csv")
    assert line["credential"]["credentialSubject"]["name"] == ""


def test_a_place_takes_the_types_of_json_and_of_the_schema(tmp_path: Path) -> None:
    template = {**TEMPLATE, "credentialSubject": {"age": "{{age}}"}}
    schema = {"properties": {"age": {"type": "integer"}}, "required": ["age"]}
    by_form = [
        one_row(tmp_path, {"age": 36}, job(template=template)),
        one_row(tmp_path, b"age\n36\n", job(template=template, schema=schema), form="csv"),
    ]
    for line in by_form:
        assert line["credential"]["credentialSubject"] == {"age": 36}
    untyped = one_row(tmp_path, b"age\n36\n", job(template=template), form="csv")
    assert untyped["credential"]["credentialSubject"] == {"age": "36"}
    broken = one_row(tmp_path, b"age\nx\n", job(template=template, schema=schema), form="csv")
    assert broken["error"]["message"] == "'age' is 'x', not of type integer"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"id": "{{name}}"}, "/id"),
        ({"validUntil": "{{name}}"}, "/validUntil"),
        ({"type": ["VerifiableCredential", "{{name}}", "{{name}}"]}, "/type"),
        ({"credentialSubject": "{{name}}"}, "/credentialSubject"),
        ({"credentialSchema": {"id": "{{name}}", "type": "JsonSchema"}}, "/credentialSchema/id"),
    ],
)
def test_every_credential_is_held_to_the_data_model(
    tmp_path: Path, members: dict[str, Any], pointer: str
) -> None:
    line = one_row(tmp_path, {"n": "1", "name": "no such thing"}, job(template={**TEMPLATE, **members}))
    assert line["error"]["message"].startswith(f"not a credential: {pointer} ")


def test_a_credential_that_no_verifier_would_read_is_not_issued(tmp_path: Path) -> None:
    row = b'{"n": "1", "name": ' + b"[" * 127 + b"]" * 127 + b"}"
    line = one_row(tmp_path, row)
    assert line["error"]["message"] == "the credential is nested deeper than 128 levels"


def test_what_the_template_says_itself_is_kept(tmp_path: Path) -> None:
    own = {"id": "https://example.org/{{n}}", "validFrom": "2020-01-01T00:00:00Z", "name": "A {{{{x}}"}
    template = {**TEMPLATE, **own}
    credential = one_row(tmp_path, people(1)[0], job(template=template))["credential"]
    assert credential["id"] == "https://example.org/1"
    assert credential["validFrom"] == "2020-01-01T00:00:00Z"
    assert credential["name"] == "A {{x}}"


@pytest.mark.parametrize(
    ("which", "error", "message"),
    [
        (job(template={**TEMPLATE, "issuer": DID}), MalformedInput, "the template has 'issuer'"),
        (job(template={**TEMPLATE, "proof": {}}), MalformedInput, "the template has 'proof'"),
        (job(template={"type": []}), MalformedInput, "the template is not a credential: /@context"),
        (job(template={**TEMPLATE, "type": "X"}), MalformedInput, "the template is not a credential: /type"),
        (job(template={**TEMPLATE, "x": "{{"}), MalformedInput, "make no place"),
        (job("x"), UsageError, "not a credential format"),
        (job(suite="ecdsa-jcs-2019"), UsageError, "no cryptosuite"),
        (job("jwt", suite="eddsa-jcs-2022"), UsageError, "does not take --suite"),
        (job("jwt", disclosable=("x",)), UsageError, "does not take --disclosable"),
        (job("jwt", did=ACCOUNT), UsageError, "publishes no key"),
        (job("sd-jwt", did=ACCOUNT), UsageError, "publishes no key"),
        (job("sd-jwt", {**CLAIMS, "iss": "x"}), MalformedInput, "the template has 'iss'"),
        (job(schema={"type": "x"}), MalformedInput, "not a JSON Schema"),
    ],
)  # fmt: skip
def test_a_job_that_cannot_be_done_is_refused_before_anything_is_written(
    tmp_path: Path, which: Job, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(ndjson(people(1)), tmp_path / "out.ndjson", which)
    assert list(tmp_path.iterdir()) == []


def test_a_column_that_is_not_there_is_refused_before_the_first_row(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="column 'name', which the rows do not have"):
        run(b"n,Name\n1,Ada\n", tmp_path / "out.ndjson", form="csv")
    assert list(tmp_path.iterdir()) == []


def test_csv_with_a_fault_anywhere_is_refused_before_the_first_row(tmp_path: Path) -> None:
    with pytest.raises(MalformedInput, match="is not CSV"):
        run(b"n,name\n" + b"1,Ada\n" * 5000 + b'2,"a"b\n', tmp_path / "out.ndjson", form="csv")
    assert list(tmp_path.iterdir()) == []


def test_another_key_type_has_its_own_cryptosuite(tmp_path: Path) -> None:
    key, output = EcdsaKey("P-256", bytes(31) + b"\1"), tmp_path / "out.ndjson"
    issue(job(key=key), reading(ndjson(people(3))), output, now=NOW, workers=1)
    for line in lines(output):
        proof = data_integrity.proof_of(line["credential"])
        assert line["credential"]["proof"]["cryptosuite"] == "ecdsa-jcs-2019"
        assert data_integrity.verify_proof(line["credential"], proof, key.public())


def test_jwts(tmp_path: Path) -> None:
    token = vc_jwt.read(one_row(tmp_path, people(1)[0], job("jwt"))["credential"], what="it")
    vc_jwt.verify_signature(token, KEY.public())
    assert token.kid == METHOD
    assert token.document["issuer"] == DID
    assert token.document["credentialSubject"] == {"id": "did:example:1", "name": "Ada 1"}


def test_sd_jwts_hide_what_is_to_be_disclosable_under_fresh_salts(tmp_path: Path) -> None:
    output = tmp_path / "out.ndjson"
    run(ndjson([people(1)[0]] * 3), output, job("sd-jwt", disclosable=("name",), decoys=2))
    parsed = [sd_jwt.parse(line["credential"]) for line in lines(output)]
    assert len({each.disclosures for each in parsed}) == 3
    payload = parsed[0].jwt.payload
    assert payload["iss"] == DID
    assert payload["iat"] == int(NOW.timestamp())
    assert (payload["vct"], payload["sub"]) == ("https://example.org/person", "did:example:1")
    assert "name" not in payload
    assert len(payload["_sd"]) == 3
    assert parsed[0].jwt.header == {"typ": "dc+sd-jwt", "alg": "EdDSA", "kid": METHOD}


@pytest.mark.parametrize(
    ("form", "identity", "member"),
    [("w3c", "id", "credentialStatus"), ("jwt", "id", "credentialStatus"), ("sd-jwt", "jti", "status")],
)
def test_status_entries_go_to_the_credentials_whose_ids_they_were_given_for(
    tmp_path: Path, form: str, identity: str, member: str
) -> None:
    given: dict[str, int] = {}

    def status(ids: Sequence[str]) -> list[JsonObject]:
        given.update({each: len(given) + position for position, each in enumerate(ids)})
        return [{"type": "Entry", "index": given[each]} for each in ids]

    output = tmp_path / "out.ndjson"
    run(ndjson(people(600)), output, job(form), status=status)
    assert len(given) == 600
    for position, line in enumerate(lines(output)):
        if form == "w3c":
            content = line["credential"]
        else:
            content = jws.read(line["credential"].split("~")[0], what="it").payload
        assert content[member] == {"type": "Entry", "index": position}
        assert given[content[identity]] == position
    if form == "w3c":
        signed_by_the_batch(content)


@pytest.mark.parametrize(
    ("form", "members"),
    [
        ("w3c", {**TEMPLATE, "credentialStatus": {"type": "x"}}),
        ("w3c", {**TEMPLATE, "id": "urn:x:{{n}}"}),
        ("sd-jwt", {**CLAIMS, "status": {}}),
        ("sd-jwt", {**CLAIMS, "jti": "{{n}}"}),
    ],
)
def test_what_belongs_to_the_status_cannot_come_from_the_template_too(
    tmp_path: Path, form: str, members: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match=f"the template has a {list(members)[-1]} of its own"):
        run(b"", tmp_path / "out.ndjson", job(form, members), status=lambda ids: [{} for _ in ids])


def test_contexts_of_the_user_are_signed_over(tmp_path: Path) -> None:
    url = "https://example.org/context"
    template = {**TEMPLATE, "@context": [*TEMPLATE["@context"], url]}
    with pytest.raises(Undetermined, match=r"example\.org/context"):
        run(ndjson(people(1)), tmp_path / "out.ndjson", job(template=template, suite="eddsa-rdfc-2022"))
    contexts = {url: {"@context": {"name": "https://schema.org/name"}}}
    rdfc = job(template=template, suite="eddsa-rdfc-2022", contexts=json_ld.known().with_extra(contexts))
    credential = one_row(tmp_path, people(1)[0], rdfc)["credential"]
    known = json_ld.known().with_extra(contexts)
    proof = data_integrity.proof_of(credential)
    assert data_integrity.verify_proof(credential, proof, KEY.public(), contexts=known)


def test_a_term_of_the_template_that_would_not_be_signed_is_refused_before_the_first_row(
    tmp_path: Path,
) -> None:
    template = {**TEMPLATE, "credentialSubject": {"unheardOf": "{{name}}"}}
    with pytest.raises(MalformedInput, match="unheardOf"):
        run(ndjson(people(1)), tmp_path / "out.ndjson", job(template=template, suite="eddsa-rdfc-2022"))
    assert list(tmp_path.iterdir()) == []


def test_a_term_of_a_row_that_would_not_be_signed_is_the_row_s_error(tmp_path: Path) -> None:
    row = {"n": 1, "name": {"unheardOf": "x"}}
    template = {**TEMPLATE, "credentialSubject": {"name": "{{name}}"}}
    line = one_row(tmp_path, row, job(template=template, suite="eddsa-rdfc-2022"))
    assert "unheardOf" in line["error"]["message"]


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    seen: list[Progress] = []
    run(ndjson(people(777)), tmp_path / "out.ndjson", progress=seen.append)
    assert (seen[-1].rows, seen[-1].total) == (777, 777)
    assert [each.rows for each in seen] == sorted(each.rows for each in seen)


def test_no_rows_are_no_lines(tmp_path: Path) -> None:
    summary = run(b"", tmp_path / "out.ndjson")
    assert (summary.rows, summary.counts) == (0, Counter())
    assert (tmp_path / "out.ndjson").read_bytes() == b""


def test_a_stream_takes_the_lines_too_and_nothing_is_written_beside_it() -> None:
    stream = io.BytesIO()
    issue(job(), reading(ndjson(people(300))), stream, now=NOW, workers=2)
    assert [json.loads(line)["row"] for line in stream.getvalue().splitlines()] == list(range(1, 301))
    with pytest.raises(UsageError, match="only a file can be resumed"):
        issue(job(), reading(b""), stream, now=NOW, resume=True)


def test_the_secret_is_in_no_repr_and_no_file(tmp_path: Path) -> None:
    from ipse.wallet.batch.issuing import Settings
    from ipse.wallet.batch.worker import Task

    settings = Settings(job(), None, NOW, has_status=False)
    for shown in (repr(settings), repr(Task("x:y", settings)), repr(job().signing_key)):
        assert KEY.secret.hex() not in shown
        assert repr(KEY.secret) not in shown


def stopped(tmp_path: Path, rows: int = 1000, **options: Any) -> Path:
    """An output that a run has begun and not finished."""
    output = tmp_path / "out.ndjson"

    def stop(progress: Progress) -> None:
        if progress.rows >= 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(ndjson(people(rows)), output, progress=stop, **options)
    assert output.with_name("out.ndjson.resume").exists()
    return output


def test_a_resumed_run_repeats_no_row_and_keeps_the_time_of_the_batch(tmp_path: Path) -> None:
    output = stopped(tmp_path)
    before = output.read_bytes()
    done = before.count(b"\n")

    def status(ids: Sequence[str]) -> list[None]:
        return [None for _ in ids]

    with pytest.raises(UsageError, match="begun with another job"):
        run(ndjson(people(1000)), output, resume=True, now=LATER, status=status)
    summary = run(ndjson(people(1000)), output, resume=True, now=LATER)
    assert output.read_bytes().startswith(before)
    assert (summary.rows, summary.counts, summary.resumed_at) == (1000, Counter(issued=1000), done)
    found = lines(output)
    assert {line["credential"]["proof"]["created"] for line in found} == {"2026-01-31T12:00:00Z"}
    assert {line["credential"]["validFrom"] for line in found} == {"2026-01-31T12:00:00Z"}
    assert [line["credential"]["credentialSubject"]["name"] for line in found] == [
        row["name"] for row in people(1000)
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["out.ndjson"]


def test_a_resumed_run_counts_the_rows_that_failed_before(tmp_path: Path) -> None:
    output, rows = tmp_path / "out.ndjson", [{}, *people(999)]

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(ndjson(rows), output, progress=stop)
    assert run(ndjson(rows), output, resume=True).counts == Counter(issued=999, error=1)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "torn", [b'{"row":', b'{"row":1001,"credential":{"a":1}', b"\0" * 5000, b"\0\0\n\0\n"]
)
def test_a_torn_end_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    output = stopped(tmp_path)
    before = output.read_bytes()
    output.write_bytes(before + torn)
    assert run(ndjson(people(1000)), output, resume=True).resumed_at == before.count(b"\n")
    assert len(lines(output)) == 1000


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: b"x\n" + data, id="a line before"),
        pytest.param(lambda data: data.split(b"\n", 1)[1], id="the first line gone"),
        pytest.param(lambda data: data.replace(b'{"row":7,', b'{"row":8,'), id="another number"),
        pytest.param(lambda data: data + b'{"row":1,"credential":{}}\n', id="a row again"),
        pytest.param(lambda data: data + b"\n", id="an empty line"),
        pytest.param(lambda data: data + b'{"row":501,"else":{}}\n', id="another member"),
    ],
)
def test_a_file_that_is_not_the_beginning_of_the_batch_is_left_as_it_is(tmp_path: Path, change: Any) -> None:
    output = stopped(tmp_path)
    output.write_bytes(changed := change(output.read_bytes()))
    with pytest.raises(CorruptData, match=r"out\.ndjson, line"):
        run(ndjson(people(1000)), output, resume=True)
    assert output.read_bytes() == changed


def test_more_rows_than_the_input_has_are_not_the_batch_s(tmp_path: Path) -> None:
    output = stopped(tmp_path)
    done = output.read_bytes().count(b"\n")
    with output.open("ab") as file:
        for number in range(done + 1, 1002):
            file.write(b'{"row":%d,"credential":{}}\n' % number)
    with pytest.raises(CorruptData, match="1001 rows"):
        run(ndjson(people(1000)), output, resume=True)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("which", "rows", "what"),
    [
        (job(template={**TEMPLATE, "name": "x"}), 1000, "job"),
        (job(schema={}), 1000, "job"),
        (job("jwt"), 1000, "job"),
        (job(did=did_key.from_public_key(OTHER.public())), 1000, "job"),
        (job(), 1001, "input"),
        (job(), 999, "input"),
    ],
)
def test_another_job_or_other_rows_are_not_gone_on_with(
    tmp_path: Path, which: Job, rows: int, what: str
) -> None:
    output = stopped(tmp_path)
    before = output.read_bytes()
    with pytest.raises(UsageError, match=f"begun with another {what}"):
        run(ndjson(people(rows)), output, which, resume=True)
    assert output.read_bytes() == before


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    output = tmp_path / "out.ndjson"
    output.write_text("mine")
    with pytest.raises(AlreadyExists, match="there is a file"):
        run(ndjson(people(1)), output)
    with pytest.raises(UsageError, match="nothing to resume"):
        run(ndjson(people(1)), output, resume=True)
    assert output.read_text() == "mine"
    output.unlink()
    output.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AlreadyExists):
        run(ndjson(people(1)), output)
    assert not (tmp_path / "elsewhere").exists()


def test_an_unfinished_batch_is_named_where_its_file_is_taken_for_another(tmp_path: Path) -> None:
    output = stopped(tmp_path)
    with pytest.raises(AlreadyExists, match="was begun by a batch that did not finish"):
        run(ndjson(people(1000)), output)


def test_resuming_what_was_never_begun_begins_it(tmp_path: Path) -> None:
    assert run(ndjson(people(3)), tmp_path / "out.ndjson", resume=True).rows == 3


def test_a_note_that_is_no_note_is_corrupt(tmp_path: Path) -> None:
    output = stopped(tmp_path)
    output.with_name("out.ndjson.resume").write_text("{")
    with pytest.raises(CorruptData, match="not what a batch leaves"):
        run(ndjson(people(1000)), output, resume=True)


def test_rows_from_a_pipe_are_issued_and_cannot_be_resumed(tmp_path: Path) -> None:
    from ipse.wallet.batch import Rows

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    output = tmp_path / "out.ndjson"

    def stop(progress: Progress) -> None:
        assert progress.total is None
        raise KeyboardInterrupt

    def again(**options: Any) -> None:
        rows = Rows(Pipe(ndjson(people(10))), "ndjson", what="-")
        issue(job(), rows, output, now=NOW, workers=1, **options)

    with pytest.raises(KeyboardInterrupt):
        again(progress=stop)
    with pytest.raises(UsageError, match="not from a pipe"):
        again(resume=True)
    output.unlink()
    again()
    assert len(lines(output)) == 10


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no folder"):
        run(ndjson(people(1)), tmp_path / "absent" / "out.ndjson")
