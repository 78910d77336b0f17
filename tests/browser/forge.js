// An answer to the page's own request, signed by keys made for it, and what the page makes of it: {believed} or
// {reason}. KIND is order or card; CHANGE is where the parts are changed before they are signed.
const {exportJWK, generateKeyPair, CompactSign} = await import('jose');
const {askForOrder, askForCard, base64url} = await import('./request.js');
const {Refused, Rejected, transactionOf, verifyCard, verifyOrder} = await import('./answer.js');
const text = value => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const digest = async value => base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', text(value))));
const shop = await (await fetch('shop.json')).json();
const address = location.href, now = Math.floor(Date.now() / 1000);
const pair = await generateKeyPair('EdDSA', {crv: 'Ed25519', extractable: true});
const other = await generateKeyPair('EdDSA', {crv: 'Ed25519', extractable: true});
const jwk = await exportJWK(pair.publicKey);
const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const didKey = ({x}) => {
  const raw = [0xed, 1, ...Array.from(atob(x.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))];
  let number = raw.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n), text = '';
  for(; number; number /= 58n) text = digits[Number(number % 58n)] + text;
  return `did:key:z${text}`;
};
const didJwk = key => `did:jwk:${base64url(text(key))}`;
const kind = 'KIND';
const {request} = kind === 'order' ? askForOrder({address, ...shop})
  : askForCard({address, retention: shop.retention, ...shop.card});
const asked = transactionOf(request);
const iss = kind === 'order' ? didKey(jwk) : didJwk(jwk);
const parts = {
  kind, request, now, issuers: [iss], signer: pair.privateKey, binder: pair.privateKey,
  header: {typ: 'dc+sd-jwt', alg: 'EdDSA'},
  payload: {
    iss, sub: iss, cnf: {jwk}, iat: now, exp: now + 86400,
    vct: request.dcql_query.credentials[0].meta.vct_values[0],
    ...(kind === 'order' ? {
      level: 'order', method: 'owner', order: ['3', '1', '12'],
      terms: {purpose: asked.purpose, retention: asked.retention}
    } : {member: true})
  },
  bindingHeader: {typ: 'kb+jwt', alg: 'EdDSA'},
  binding: {
    iat: now, aud: request.client_id, nonce: request.nonce,
    transaction_data_hashes: await Promise.all(request.transaction_data.map(digest))
  },
  query: request.dcql_query.credentials[0].id, error: null,
  wrap: presented => JSON.stringify({[parts.query]: [presented]})
};
const sign = (payload, header, key) => new CompactSign(text(payload)).setProtectedHeader(header).sign(key);
{
  const {request, header, payload, binding, bindingHeader, query} = parts;
  // CHANGE
}
const credential = `${await sign(parts.payload, parts.header, parts.signer)}~`;
const bound = {sd_hash: await digest(credential), ...parts.binding};
const presented = credential + await sign(bound, parts.bindingHeader, parts.binder);
const answer = {state: request.state, error: parts.error, token: parts.wrap(presented, credential)};
try {
  return {believed: kind === 'order' ? await verifyOrder(answer, request, parts.now)
    : await verifyCard(answer, request, {claim: 'member', issuers: parts.issuers}, parts.now)};
} catch(error) {
  const known = error instanceof Rejected || error instanceof Refused;
  return {reason: known ? error.message : `not ours: ${error.stack}`};
}
