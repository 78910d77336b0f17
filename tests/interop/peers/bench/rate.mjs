// How often `work` is done per second, over `seconds`, after a fifth of that to warm up.
export async function perSecond(seconds, work) {
  await measured(seconds / 5, work);
  return measured(seconds, work);
}

async function measured(seconds, work) {
  const start = performance.now();
  let done = 0;
  let spent = 0;
  while(spent < seconds * 1000) {
    await work();
    done += 1;
    spent = performance.now() - start;
  }
  return done / (spent / 1000);
}
