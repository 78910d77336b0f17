"""`ipse verifier serve` end to end: real processes, HTTPS on loopback, wallets that are not ours."""

from __future__ import annotations

import pytest

from tests.cli.verifier_serving import TYPE, Holder, Pki, Serving, claims
from tests.conftest import Ipse


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki.make(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def holder(pki: Pki) -> Holder:
    return Holder(pki)


def test_one_answer_is_verified_and_printed(ipse: Ipse, pki: Pki, holder: Holder) -> None:
    asks = ["--type", TYPE, "--claim", "given_name", "--issuer", holder.issuer, "--once", "--json"]
    with Serving(ipse, *pki.options(), *asks) as serving:
        asked = holder.wallet.fetch(serving.link())
        reply = holder.wallet.send(asked)
        run = serving.ended()
    assert reply.status == 200, (reply.json, run.err)
    assert reply.json["redirect_uri"].startswith("https://127.0.0.1:")
    assert run.code == 0, run.err
    assert run.json["status"] == "verified"
    assert claims(run.json) == [{"given_name": "Ada"}]
