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
run 'ipse did document me'

chapter 'The university issues a credential; anybody can verify it.'
run 'ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json | tee degree.json'
run 'ipse vc verify degree.json --issuer "$UNI"'

chapter 'One changed byte, and it is no longer what the university signed (exit 3).'
run 'sed s/Oceanography/Oceanographx/ degree.json | ipse vc verify - --issuer "$UNI" || test $? -eq 3'

chapter 'The older data model, for the world that still speaks it.'
run 'ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json --format w3c-1.1 | ipse vc verify - --issuer "$UNI"'

chapter 'You keep the credential.'
run 'ipse vc add degree.json'
ID=$(cat last)
run 'ipse vc list'
run 'ipse vc show "$ID" | head -8'

chapter 'You teach the wallet what you like. It stays at home.'
run 'ipse profile import books.csv'
run 'ipse profile like "anything about whales, tides and the deep sea"'
run 'ipse profile dislike "management advice in twelve easy steps"'
run 'ipse profile search "stories on other planets" --limit 3'
run 'ipse profile rank candidates.txt --top 5 --explain'

chapter 'An application asks: which three of these twenty? It gets an answer, never the profile.'
run 'ipse dapp request --audience https://shop.example --purpose "to show you three books" --candidates candidates.txt --top 3 -o request.json'
run 'ipse dapp grant https://shop.example --level choose'
run 'ipse dapp answer request.json | tee answer.txt'

chapter 'The application verifies what it got.'
run 'ipse dapp verify answer.txt --request request.json'

chapter 'And you can see what left.'
run 'ipse log list'
run 'ipse log verify'
