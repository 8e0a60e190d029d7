'use strict';
// Loaded before the program: its globals, and the report at its end.

const { isMainThread } = require('worker_threads');
const run = isMainThread ? require('./run.cjs') : null;

// Started ahead of its job: Node calls this when all of its own start is done.
function waitForJob() {
  delete process.env.SANDLOFT_WAITS;
  const Module = require('module');
  const runMain = Module.runMain;
  const given = process.argv[1];
  const settle = (value) => Object.defineProperty(Module, 'runMain', { value, writable: true, enumerable: true, configurable: true });
  // A getter, so that no function of ours stands below the program in its stack traces.
  const get = () => {
    settle(runMain);
    const job = run.awaitJob();
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, job.env);
    process.argv.splice(1, process.argv.length, job.main, ...job.args);
    begin(job);
    return job.main === given ? runMain : runMain.bind(Module, job.main);
  };
  Object.defineProperty(Module, 'runMain', { get, configurable: true });
}

if (run && process.env.SANDLOFT_WAITS) waitForJob();
else if (run) begin(run.readJob());

function begin(job) {
  if (!job) return;
  process.execArgv.length = 0;
  if (job.argv1) process.argv[1] = job.argv1;
  if (job.globals_for_modules) offerCommonJs(job.argv1);
  for (const [name, value] of Object.entries(job.context)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
  }
  if (job.entry_point === null) reportAtExit(job.result_bytes);
  else globalThis[Symbol.for('sandloft.job')] = { job, run };
}

// TypeScript that imports may still say `require` or `module`, as its compilers have long allowed.
function offerCommonJs(path) {
  const require = process.getBuiltinModule
    ? process.getBuiltinModule('module').createRequire(path)
    : module.constructor.createRequire(path);
  const main = { exports: {}, filename: path, id: '.' };
  require.main = main;
  for (const [name, value] of Object.entries({ require, module: main, exports: main.exports })) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

function reportAtExit(limit) {
  let error = null;
  process.on('uncaughtExceptionMonitor', (fault) => { error = run.describe(fault); });
  process.on('exit', () => {
    const found = run.scriptResult();
    if (found.hasResult || error !== null) run.send(limit, { ...found, error });
  });
}
