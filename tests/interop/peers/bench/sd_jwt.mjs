// sd-jwt-js: issue and verify per second, with the claims on stdin, of which `hidden` are disclosable:
//   node sd_jwt.mjs SECONDS NAME,NAME,... < claims.json
import {readFileSync} from 'node:fs';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';
import {createHash, randomBytes, sign, verify as check, generateKeyPairSync} from 'node:crypto';
import {perSecond} from './rate.mjs';

const [seconds, hidden] = process.argv.slice(2);
const {privateKey, publicKey} = generateKeyPairSync('ed25519');
const bytes = data => typeof data === 'string' ? Buffer.from(data) : data;
const instance = new SDJwtVcInstance({
  hasher: data => new Uint8Array(createHash('sha256').update(bytes(data)).digest()),
  hashAlg: 'sha-256',
  saltGenerator: length => randomBytes(length).toString('base64url'),
  signAlg: 'EdDSA',
  signer: data => sign(null, Buffer.from(data), privateKey).toString('base64url'),
  verifier: (data, signature) =>
    check(null, Buffer.from(data), publicKey, Buffer.from(signature, 'base64url'))
});

const claims = JSON.parse(readFileSync(0, 'utf8'));
const frame = {_sd: hidden.split(',')};
let issued;
const issue = await perSecond(Number(seconds), async () => {
  issued = await instance.issue({...claims}, frame);
});
const verify = await perSecond(Number(seconds), async () => {
  await instance.verify(issued);
});
console.log(JSON.stringify({issue, verify}));
