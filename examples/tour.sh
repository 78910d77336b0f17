#!/usr/bin/env bash
# The whole story of ipse in one run, in a wallet that is thrown away at the end.
# Each command is printed before it runs; the first that fails stops the tour.
set -euo pipefail
data=$(cd "$(dirname "$0")/data" && pwd)

IPSE_HOME=$(mktemp -d "${TMPDIR:-/tmp}/ipse-tour.XXXXXX")
export IPSE_HOME IPSE_PASSPHRASE_FILE="$IPSE_HOME/passphrase"
trap 'rm -rf "$IPSE_HOME"' EXIT
(umask 077 && head -c 24 /dev/urandom | base64 > "$IPSE_PASSPHRASE_FILE")
mkdir "$IPSE_HOME/work"
cd "$IPSE_HOME/work"
cp "$data"/* .

run() {
    printf '\n$ %s\n' "$1"
    eval "$1" | tee last
}
chapter() { printf '\n# %s\n' "$1"; }

chapter 'A wallet. On a desktop `ipse init` puts the keys into the OS keyring; here it is a file.'
run 'ipse init --keystore file --passphrase-file "$IPSE_PASSPHRASE_FILE"'
run 'ipse status'

chapter 'Two identities: your own, and a university that will say something about you.'
run 'ipse did create --name me'
ME=$(cat last)
run 'ipse did create --name university'
UNI=$(cat last)
run 'ipse did list'
run 'ipse did show me --json'
run 'ipse did document me | sed -n 1,14p'

chapter 'The university issues a credential; anybody can verify it.'
run 'ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json --undefined-terms | tee degree.json'
run 'ipse vc verify degree.json --issuer "$UNI"'

chapter 'One changed byte, and it is no longer what the university signed (exit 3).'
run 'sed s/Oceanography/Oceanographx/ degree.json | ipse vc verify - --issuer "$UNI" || test $? -eq 3'

chapter 'The older data model, for the world that still speaks it.'
run 'ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json --format w3c-1.1 | ipse vc verify - --issuer "$UNI" | grep " proof "'

chapter 'You keep the credential.'
run 'ipse vc add degree.json'
DEGREE=$(cat last)
run 'ipse vc list'
run 'ipse vc show "$DEGREE" | sed -n 1,9p'

chapter 'You present it. The answer is bound to who asked and to the nonce they gave.'
run 'ipse vc present "$DEGREE" --audience https://jobs.example --nonce 7f3a9c -q -o presentation.json'
run 'ipse vc verify presentation.json --issuer "$UNI" --audience https://jobs.example --nonce 7f3a9c'

chapter 'A student card as SD-JWT: of its claims you show the two that the museum needs.'
run 'ipse vc issue --issuer university --subject "$ME" --type https://university.example/card --claims card.json --format sd-jwt -o card.txt'
run 'ipse vc add card.txt'
CARD=$(cat last)
run 'ipse vc present "$CARD" --audience https://museum.example --nonce 51d0e2 --disclose faculty --disclose address.city --preview'
run 'ipse vc present "$CARD" --audience https://museum.example --nonce 51d0e2 --disclose faculty --disclose address.city -q -o shown.txt'
run 'ipse vc verify shown.txt --issuer "$UNI" --audience https://museum.example --nonce 51d0e2 | grep binding'

chapter 'Sent a second time, it does not answer the new nonce (exit 3).'
run 'ipse vc verify shown.txt --issuer "$UNI" --audience https://museum.example --nonce b8c611 || test $? -eq 3'

chapter 'Whom you trust, and for what, can be said once.'
run 'ipse trust add "$UNI" --for DegreeCredential'
run 'ipse vc verify degree.json | grep trust'

chapter 'What was issued with a place in a status list can be revoked.'
run 'ipse vc status create degrees --issuer university --url https://university.example/status/degrees'
run 'ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json --undefined-terms --id https://university.example/degrees/7 --status degrees -o revocable.json'
run 'ipse vc revoke https://university.example/degrees/7'
run 'ipse vc status publish degrees --ttl 15m -o degrees-list.json'

chapter 'Many at once: a template, a row for each credential, a line for each row.'
run 'cat member.json members.csv'
run 'ipse vc issue --issuer university --batch members.csv --template member.json --row-schema row.schema.json --undefined-terms -o members.ndjson'
run 'ipse vc verify --batch members.ndjson --issuer "$UNI" -o reports.ndjson'
run 'cut -c 1-38 reports.ndjson'

chapter 'You teach the wallet what you like. It stays at home.'
run 'ipse profile import books.csv'
run 'ipse profile like "anything about whales, tides and the deep sea"'
run 'ipse profile dislike "management advice in twelve easy steps"'
run 'ipse profile search "stories on other planets" --limit 3'
run 'ipse profile rank candidates.txt --top 5 --explain'

chapter 'A travel agent asks: which three of these twenty? It gets an answer, never the profile.'
run 'ipse dapp request --audience https://travel.example --purpose "to propose three things to do" --candidates outings.txt --top 3 -o request.json'

chapter 'You would read it, tick and type yes. A script needs a grant; here one that takes requests nobody signed.'
run 'ipse dapp grant https://travel.example --level choose --per-day 3 --allow-unsigned'
run 'ipse dapp answer request.json | tee answer.txt'

chapter 'What it gets under a grant comes from a private summary, with noise that hides each thing you said.'
run 'ipse dapp verify answer.txt --request request.json'

chapter 'The same request a second time is a replay (exit 3).'
run 'ipse dapp answer request.json || test $? -eq 3'

chapter 'A library signs what it asks, so that nobody else can ask in its name.'
run 'ipse did create --name library'
LIBRARY=$(cat last)
run 'ipse dapp request --as library --audience https://library.example --purpose "to invite you to talks on mathematics, mountains and poems" --level topics --topics mathematics,hiking,poetry -o signed.jwt'
run 'ipse dapp grant "$LIBRARY" --level topics --topics mathematics,hiking --exact --cap 20'
run 'ipse dapp answer signed.jwt | tee topics.txt'
run 'ipse dapp verify topics.txt --request signed.jwt'

chapter 'However much is asked, the summary tells no more; what it cost and may cost is this.'
run 'ipse dapp summary'

chapter 'What you told exactly is metered: how well could they foretell you?'
run 'ipse dapp exposure'

chapter 'And you can see what left, word for word, in a log that shows it when something is missing.'
run 'ipse log list'
run 'ipse log verify'
run 'ipse log export -o log.ndjson'

chapter 'Both sides keep the terms: the wallet signs a receipt, and the library signs it too.'
run 'ipse log receipts 4 -q > receipt.json'
run 'ipse dapp receipt receipt.json --request signed.jwt --answer topics.txt --as library > countersigned.json'
run 'ipse log receipts 4 --countersigned countersigned.json > kept.json'
run 'ipse log receipts'
