"""Two or three examples of each command, as its help page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["EXAMPLES"]

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "": (
        "ipse init",
        "ipse did create --name me",
        "ipse vc verify degree.json --issuer did:web:university.example",
        'ipse profile like "quiet novels about the sea"',
    ),
    "init": ("ipse init", "ipse init --keystore file --passphrase-file passphrase.txt"),
    "status": ("ipse status", "ipse status --json"),
    "doctor": ("ipse doctor", "ipse doctor --fix"),
    "unlock": ("ipse unlock", "ipse unlock --for 8h"),
    "lock": ("ipse lock", "ipse lock --quiet"),
    "did": ("ipse did create --name me", "ipse did list"),
    "did create": (
        "ipse did create --name me",
        "ipse did create --name me --key-type P-256",
        "ipse did create --name uni --method web --domain university.example",
    ),
    "did list": ("ipse did list", "ipse did list --json"),
    "did show": ("ipse did show me", "ipse did show me --json"),
    "did document": ("ipse did document me", "ipse did document university > did.json"),
    "did resolve": (
        "ipse did resolve did:web:university.example",
        "ipse did resolve did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
    ),
    "did default": ("ipse did default", "ipse did default me"),
    "did rename": ("ipse did rename me home", "ipse did rename university uni"),
    "did rotate": (
        "ipse did rotate me",
        "ipse did rotate uni -o did.json",
        "ipse did rotate uni --retire -o new.json",
    ),
    "did export": (
        "ipse did export me -o me.key",
        "ipse did export me -o me.key --key-passphrase-file passphrase.txt",
    ),
    "did import": (
        "ipse did import me.key --name me",
        "ipse did import key.pem --name uni --method web --domain university.example",
    ),
    "did delete": ("ipse did delete old", "ipse did delete old --confirm old"),
    "keystore": ("ipse keystore move --to os",),
    "keystore move": (
        "ipse keystore move --to os",
        "ipse keystore move --to file --new-passphrase-file passphrase.txt",
    ),
    "keystore passphrase": (
        "ipse keystore passphrase",
        "ipse keystore passphrase --new-passphrase-file new.txt",
    ),
    "backup": ("ipse backup create -o wallet.age", "ipse backup restore wallet.age --dry-run"),
    "backup create": (
        "ipse backup create -o wallet.age",
        "ipse backup create -o wallet.age --backup-passphrase-file backup.txt",
    ),
    "backup verify": (
        "ipse backup verify wallet.age",
        "ipse backup verify wallet.age --backup-passphrase-file backup.txt",
    ),
    "backup restore": (
        "ipse backup restore wallet.age --dry-run",
        "ipse backup restore wallet.age --keystore os",
    ),
    "wipe": ("ipse wipe", "ipse wipe --json"),
    "vc": ("ipse vc add degree.json", "ipse vc verify degree.json --issuer did:web:uni.example"),
    "vc issue": (
        "ipse vc issue --type DegreeCredential --claims claims.json --subject me",
        "ipse vc issue --format sd-jwt --type Degree --claims claims.json -o degree",
        "ipse vc issue --batch members.csv --template card.json -o cards.ndjson",
    ),
    "vc verify": (
        "ipse vc verify degree.json --issuer did:web:university.example",
        "ipse vc verify shown.json --audience https://shop.example --nonce n-1",
        "ipse vc verify --batch cards.ndjson -o reports.ndjson",
    ),
    "vc lint": ("ipse vc lint degree.json", "ipse vc lint - < degree.json"),
    "vc add": ("ipse vc add degree.json", "ipse vc add - < degree.json"),
    "vc list": (
        "ipse vc list",
        "ipse vc list --type DegreeCredential --status valid",
        "ipse vc list --expires-before 2027-01-01",
    ),
    "vc show": ("ipse vc show 4f2a", "ipse vc show 4f2a --json"),
    "vc check": ("ipse vc check 4f2a", "ipse vc check 4f2a --json"),
    "vc export": ("ipse vc export 4f2a", "ipse vc export 4f2a -o degree.json"),
    "vc delete": ("ipse vc delete 4f2a", "ipse vc delete 4f2a --confirm 4f2a9c01"),
    "vc present": (
        "ipse vc present 4f2a --audience https://shop.example --nonce n-1 --preview",
        "ipse vc present 4f2a --audience https://shop.example --nonce n-1 -o shown",
        "ipse vc present 4f2a --audience shop --nonce n-1 --disclose degree.name",
    ),
    "vc holder-key": ("ipse vc holder-key", "ipse vc holder-key --jwk"),
    "vc revoke": ("ipse vc revoke urn:uuid:0cd2…", "ipse vc revoke urn:uuid:0cd2… --json"),
    "vc suspend": ("ipse vc suspend urn:uuid:0cd2…", "ipse vc suspend urn:uuid:0cd2… --json"),
    "vc reinstate": ("ipse vc reinstate urn:uuid:0cd2…", "ipse vc reinstate urn:uuid:0cd2… --json"),
    "vc status": ("ipse vc status list", "ipse vc status publish degrees -o degrees.json"),
    "vc status create": (
        "ipse vc status create degrees --issuer uni",
        "ipse vc status create cards --kind token --url https://uni.example/cards",
    ),
    "vc status list": ("ipse vc status list", "ipse vc status list --json"),
    "vc status publish": (
        "ipse vc status publish degrees -o degrees.json",
        "ipse vc status publish degrees --ttl 15m --valid-for 7d -o degrees.json",
    ),
    "answer": (
        "ipse answer request.json",
        "ipse answer 'openid4vp://?client_id=…'",
        "ipse answer - --origin https://shop.example < request.json",
    ),
    "trust": ("ipse trust list", "ipse trust add did:web:university.example --for '*'"),
    "trust add": (
        "ipse trust add did:web:university.example --for DegreeCredential",
        "ipse trust add --ca verifiers.pem --for verifier",
    ),
    "trust list": ("ipse trust list", "ipse trust list --json"),
    "trust delete": (
        "ipse trust delete did:web:university.example",
        "ipse trust delete 3fb0 --for verifier",
    ),
    "profile": ('ipse profile like "quiet novels"', "ipse profile rank candidates.txt"),
    "profile import": (
        "ipse profile import books.csv --dry-run",
        "ipse profile import books.csv --source books --sensitivity public",
    ),
    "profile like": (
        'ipse profile like "quiet novels about the sea"',
        'ipse profile like "strong tea" --strength 5 --sensitivity public',
        "ipse profile like - < liked.txt",
    ),
    "profile dislike": (
        'ipse profile dislike "loud restaurants"',
        'ipse profile dislike "coriander" --strength 5 --since 2020-01-01',
    ),
    "profile add": (
        'ipse profile add "I live by the sea"',
        'ipse profile add "I am left-handed" --sensitivity secret',
    ),
    "profile feedback": (
        "ipse profile feedback 2",
        "ipse profile feedback --took 1 --refused 3,4",
        "ipse profile feedback --none --ranking 7",
    ),
    "profile list": (
        "ipse profile list",
        "ipse profile list --liked --since 2026-01-01",
        'ipse profile list --match "sea" --all',
    ),
    "profile show": ("ipse profile show 3", "ipse profile show 3 --json"),
    "profile edit": (
        'ipse profile edit 3 --text "quiet novels" --strength 5',
        "ipse profile edit 3 4 5 --sensitivity secret",
    ),
    "profile supersede": (
        'ipse profile supersede 3 "short novels" --like',
        "ipse profile supersede 3 --by 7",
    ),
    "profile forget": (
        "ipse profile forget 3",
        "ipse profile forget --source books",
        "ipse profile forget --before 2020-01-01",
    ),
    "profile export": (
        "ipse profile export -o profile.ndjson",
        "ipse profile export --format csv --no-secret -o profile.csv",
    ),
    "profile search": ('ipse profile search "the sea"', 'ipse profile search "food" --limit 20'),
    "profile rank": (
        "ipse profile rank candidates.txt",
        "ipse profile rank candidates.txt --top 3 --explain",
        "ipse profile rank - < candidates.txt",
    ),
    "profile interests": ("ipse profile interests", "ipse profile interests 2"),
    "profile why": ('ipse profile why "a novel about a harbour"', 'ipse profile why "jazz" --json'),
    "profile contradictions": (
        "ipse profile contradictions",
        "ipse profile contradictions --both 3 7",
    ),
    "profile map": ("ipse profile map -o map.html", "ipse profile map -o map.svg"),
    "profile stats": ("ipse profile stats", "ipse profile stats --json"),
    "profile topics": ("ipse profile topics", "ipse profile topics close health"),
    "profile topics add": (
        "ipse profile topics add sailing",
        'ipse profile topics add sailing --means "boats, harbours, wind"',
    ),
    "profile topics delete": ("ipse profile topics delete sailing", "ipse profile topics rm sailing"),
    "profile topics close": ("ipse profile topics close health", 'ipse profile topics close "Faith"'),
    "profile topics open": ("ipse profile topics open health", 'ipse profile topics open "Faith"'),
    "profile model": ("ipse profile model list", "ipse profile model use default"),
    "profile model list": ("ipse profile model list", "ipse profile model list --json"),
    "profile model use": ("ipse profile model use default", "ipse profile model use ./my-model"),
    "profile model rebuild": ("ipse profile model rebuild", "ipse profile model rebuild --all"),
    "profile model fetch": (
        "ipse profile model fetch intfloat/multilingual-e5-small",
        "ipse profile model fetch intfloat/multilingual-e5-small --revision main",
    ),
    "dapp": ("ipse dapp answer request.json", "ipse dapp grants"),
    "dapp request": (
        "ipse dapp request --audience https://shop.example --purpose 'find books'",
        "ipse dapp request --audience https://shop.example --purpose books -o ask.json",
    ),
    "dapp answer": (
        "ipse dapp answer request.json",
        "ipse dapp answer 'openid4vp://?client_id=…' --open",
    ),
    "dapp verify": (
        "ipse dapp verify answer.json --request request.json",
        "ipse dapp verify - --request request.json < answer.json",
    ),
    "dapp receipt": (
        "ipse dapp receipt terms.json --request ask.json --answer answer.json --as me",
        "ipse dapp receipt - --request ask.json --answer answer.json --as me < terms",
    ),
    "dapp withdraw": (
        "ipse dapp withdraw 3 -o withdrawal.json",
        "ipse dapp withdraw 3 --reply reply.json",
    ),
    "dapp reply": (
        "ipse dapp reply withdrawal.json --receipt receipt.json --as shop --deleted",
        "ipse dapp reply withdrawal.json --receipt receipt.json --as shop --refused tax",
    ),
    "dapp grant": (
        "ipse dapp grant https://shop.example --level bands",
        "ipse dapp grant https://shop.example --level order --exact --per-day 5",
    ),
    "dapp grants": ("ipse dapp grants", "ipse dapp grants --json"),
    "dapp revoke": (
        "ipse dapp revoke https://shop.example",
        "ipse dapp revoke https://shop.example --withdrawals withdrawals",
    ),
    "dapp summary": ("ipse dapp summary", "ipse dapp summary --year 1 --life 5"),
    "dapp summary renew": ("ipse dapp summary renew", "ipse dapp summary renew --json"),
    "dapp exposure": ("ipse dapp exposure", "ipse dapp exposure --json"),
    "dapp date": ("ipse dapp date", "ipse dapp date --json"),
    "verifier": ("ipse verifier serve --type Degree --once",),
    "verifier serve": (
        "ipse verifier serve --type DegreeCredential --claim degree.name --once",
        "ipse verifier serve --query query.json --once --json",
    ),
    "handler": ("ipse handler install",),
    "handler install": ("ipse handler install", "ipse handler install --json"),
    "handler remove": ("ipse handler remove", "ipse handler remove --json"),
    "handler open": ("ipse handler open 'openid4vp://?client_id=…'", "ipse handler open haip-vp://x"),
    "log": ("ipse log list", "ipse log verify"),
    "log list": ("ipse log list", "ipse log list --json"),
    "log show": ("ipse log show 1", "ipse log show 1 --json"),
    "log verify": ("ipse log verify", "ipse log verify --json"),
    "log accept": ("ipse log accept", "ipse log accept --json"),
    "log export": ("ipse log export -o log.ndjson", "ipse log export > log.ndjson"),
    "log receipts": (
        "ipse log receipts",
        "ipse log receipts 3 -o receipt.json",
        "ipse log receipts --export -o evidence.json",
    ),
    "completion": (
        "ipse completion bash > ~/.local/share/bash-completion/completions/ipse",
        "ipse completion fish > ~/.config/fish/completions/ipse.fish",
    ),
    "help": ("ipse help", "ipse help exit-codes", "ipse help vc verify"),
}
