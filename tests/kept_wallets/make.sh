#!/usr/bin/env bash
# Makes a wallet with something of everything in it, to be kept as it is for later versions to open.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$1                       # a folder that does not exist yet
data=$here/../../examples/data
mkdir -p "$target"
export IPSE_HOME=$target/wallet IPSE_PASSPHRASE_FILE=$target/passphrase
(umask 077 && printf 'correct horse battery staple\n' > "$IPSE_PASSPHRASE_FILE")
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cp "$data"/* "$work"; cd "$work"

ipse init --keystore file -q
ME=$(ipse did create --name me)
UNI=$(ipse did create --name university)
ipse did create --name shop --method jwk --key-type P-256 >/dev/null
ipse did create --name site --method web --domain university.example -o did.json >/dev/null
ipse vc status create degrees --issuer university --url https://university.example/status/degrees -q
ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json --undefined-terms -o w3c.json
ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json --undefined-terms --format jwt -o w3c.jwt
ipse vc issue --issuer university --subject "$ME" --type https://university.example/card --claims card.json --format sd-jwt -o card.txt
ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json --format w3c-1.1 -o old.json
ipse vc issue --issuer university --subject "$ME" --type DegreeCredential --claims claims.json --undefined-terms --id https://university.example/degrees/7 --status degrees -o revoked.json
ipse vc revoke https://university.example/degrees/7 -q
for file in w3c.json w3c.jwt card.txt old.json; do ipse vc add "$file" >/dev/null; done
CARD=$(ipse vc list --json | python3 -c 'import json,sys; print(next(c["id"] for c in json.load(sys.stdin)["credentials"] if c["format"]=="sd-jwt"))')
ipse vc present "$CARD" --audience https://museum.example --nonce 51d0e2 --disclose faculty -q -o shown.txt
ipse trust add "$UNI" --for DegreeCredential
ipse profile import books.csv -q
ipse profile like "anything about whales, tides and the deep sea" -q
ipse profile dislike "management advice in twelve easy steps" -q
ipse profile like "swimming in cold lakes" --sensitivity private -q
ipse profile like "my physiotherapist on Tuesdays" --sensitivity secret -q
ipse profile topics close hiking -q
ipse profile topics add "tide pools" -q
ipse dapp request --audience https://shop.example --purpose "to show you three books" --candidates candidates.txt --top 3 -o request.json
ipse dapp grant https://shop.example --level choose --per-day 1 --until 2100-01-01 --allow-unsigned -q
ipse dapp answer request.json > answer.txt
LIBRARY=$(ipse did create --name library)
ipse dapp request --as library --audience https://library.example --purpose "to invite you to talks on mathematics and poems" --level topics --topics mathematics,poetry -o signed.jwt
ipse dapp grant "$LIBRARY" --level topics --topics mathematics,poetry --until 2100-01-01 -q
ipse dapp answer signed.jwt > topics.txt
cp revoked.json answer.txt request.json "$target"
rm -rf "$IPSE_HOME/cache" "$IPSE_PASSPHRASE_FILE"
