// Other people's implementations behind one line of JSON each way:
//   {"command": "verify", ...arguments}  ->  {"result": ...} or {"error": "..."}
// A refusal is a result ({"verified": false, "reason"}); an error is a fault of the test. Ends with stdin.
import {createInterface} from 'node:readline';
import {issue, present, verify, verifyPresentation} from './data_integrity.mjs';
import {checkDcql, decideDcql, readsDcql} from './dcql.mjs';
import {createKey} from './keys.mjs';
import {answerRequest, createRequest, readAnswer, resolveRequest} from './openid4vp.mjs';
import {createTokenStatusList, issueSdJwt, presentSdJwt, verifySdJwt} from './sd_jwt.mjs';
import {signJwt, verifyJwt} from './jwt.mjs';
import {createStatusList, readStatusList} from './status_list.mjs';

const commands = {
  createKey,
  issue, verify, present, verifyPresentation,
  issueSdJwt, presentSdJwt, verifySdJwt,
  signJwt, verifyJwt,
  createStatusList, createTokenStatusList, readStatusList,
  createRequest, readAnswer, resolveRequest, answerRequest,
  checkDcql, decideDcql, readsDcql
};

async function answer(line) {
  try {
    const {command, ...given} = JSON.parse(line);
    if(!Object.hasOwn(commands, command)) {
      throw new Error(`no such command: ${command}`);
    }
    return {result: await commands[command](given)};
  } catch(error) {
    return {error: error.stack ?? String(error)};
  }
}

for await (const line of createInterface({input: process.stdin})) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
