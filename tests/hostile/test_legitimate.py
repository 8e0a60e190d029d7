"""What honest programs do must work, however tight the sandbox is."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from runtimes.types import MIB, Limits, Status
from tests.runtimes.engine import STARTS, run


@dataclass(frozen=True)
class Honest:
    name: str
    language: str
    program: str
    stdout: str
    stdin: str = ""
    limits: Limits = field(default_factory=Limits)


_WASM = (
    "0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11"
)

EVERY = [
    Honest(
        "threads",
        "python",
        "from concurrent.futures import ThreadPoolExecutor as E\nprint(sum(E(16).map(abs, range(100))))",
        "4950\n",
    ),
    Honest(
        "asyncio",
        "python",
        "import asyncio\nasync def f(n):\n    await asyncio.sleep(0.01 * n)\n    print(n)\n"
        "async def m(): await asyncio.gather(*map(f, (2, 1)))\nasyncio.run(m())",
        "1\n2\n",
    ),
    Honest(
        "asyncio subprocess",
        "python",
        "import asyncio\nasync def m():\n    p = await asyncio.create_subprocess_exec('echo', 'hi', stdout=-1)\n"
        "    print(await p.communicate())\nasyncio.run(m())",
        "(b'hi\\n', None)\n",
    ),
    Honest(
        "multiprocessing by fork",
        "python",
        "import multiprocessing as m\ndef f(x): return x * x\nif __name__ == '__main__':\n    print(m.Pool(2).map(f, range(4)))",
        "[0, 1, 4, 9]\n",
    ),
    Honest(
        "multiprocessing by spawn",
        "python",
        "import multiprocessing as m\ndef f(q): q.put(7)\nif __name__ == '__main__':\n    c = m.get_context('spawn')\n"
        "    q = c.Queue(); p = c.Process(target=f, args=(q,)); p.start(); print(q.get()); p.join()",
        "7\n",
    ),
    Honest(
        "shared memory and managers",
        "python",
        "import multiprocessing as m\nfrom multiprocessing import shared_memory as s\nif __name__ == '__main__':\n"
        "    d = m.Manager().dict(a=1); x = s.SharedMemory(create=True, size=9); x.buf[0] = 5\n"
        "    print(d['a'], x.buf[0], m.Value('i', 3).value); x.close(); x.unlink()",
        "1 5 3\n",
    ),
    Honest(
        "subprocesses with an environment of their own",
        "python",
        "import subprocess as s, sys\nprint(s.check_output([sys.executable, '-c', 'import ssl, sqlite3; print(5)'], env={'A': 'b'}).decode(), end='')",
        "5\n",
    ),
    Honest(
        "pipes of tools",
        "python",
        "import subprocess as s\nprint(s.getoutput('seq 9 | sort -rn | head -2 | paste -sd+'))",
        "9+8\n",
    ),
    Honest(
        "files that come and go",
        "python",
        "import tempfile, os\nwith tempfile.TemporaryDirectory() as d:\n    open(d + '/x', 'w').write('y'); print(os.listdir(d))\nos.mkfifo('f'); print(os.path.exists('f'))",
        "['x']\nTrue\n",
    ),
    Honest(
        "sqlite",
        "python",
        "import sqlite3\nc = sqlite3.connect('x.db'); c.execute('pragma journal_mode=wal'); c.execute('create table t(a)')\n"
        "c.execute('insert into t values (4)'); c.commit(); print(c.execute('select a from t').fetchall())",
        "[(4,)]\n",
    ),
    Honest("ctypes", "python", "import ctypes; print(ctypes.CDLL(None).abs(-3))", "3\n"),
    Honest(
        "unix sockets",
        "python",
        "import socket as s\na = s.socket(s.AF_UNIX); a.bind('s'); a.listen(); b = s.socket(s.AF_UNIX); b.connect('s')\n"
        "a.accept()[0].send(b'x'); print(b.recv(1))",
        "b'x'\n",
    ),
    Honest("a megabyte of output", "python", "print('x' * 1000000)", "x" * 1000000 + "\n"),
    Honest("a long line of input", "python", "print(len(input()))", "300000\n", stdin="y" * 300000 + "\n"),
    Honest(
        "signals to oneself",
        "python",
        "import signal, os\nsignal.signal(10, lambda *_: print('got')); os.kill(os.getpid(), 10)",
        "got\n",
    ),
    Honest(
        "deep recursion",
        "python",
        "import sys\nsys.setrecursionlimit(9000)\ndef f(n): return n and 1 + f(n - 1)\nprint(f(8000))",
        "8000\n",
    ),
    Honest(
        "worker threads",
        "javascript",
        "const w = require('worker_threads')\nif (w.isMainThread) new w.Worker(__filename).on('message', (m) => console.log(m))\n"
        "else w.parentPort.postMessage('from worker')",
        "from worker\n",
    ),
    Honest(
        "web assembly",
        "javascript",
        f"WebAssembly.instantiate(new Uint8Array([{_WASM}])).then((m) => console.log(m.instance.exports.add(2, 3)))",
        "5\n",
    ),
    Honest(
        "children of node",
        "javascript",
        "const c = require('child_process'); console.log(c.execSync('echo a | tr a b').toString().trim())\n"
        "c.spawn(process.execPath, ['-e', 'console.log(1)'], { stdio: 'inherit' })",
        "b\n1\n",
    ),
    Honest(
        "zlib and crypto in node's pool",
        "javascript",
        "require('zlib').gzip('x', (e, b) => console.log(require('zlib').gunzipSync(b).toString(), "
        "require('crypto').createHash('sha1').update('a').digest('hex').slice(0, 6)))",
        "x 86f7e4\n",
    ),
    Honest(
        "node in little memory",
        "javascript",
        "const a = []; for (let i = 0; i < 2e5; i++) a.push({ i }); console.log(a.length)",
        "200000\n",
        limits=Limits(memory_bytes=128 * MIB),
    ),
    Honest(
        "modules with await at the top",
        "javascript",
        "import fs from 'fs'\nconsole.log(await fs.promises.readdir('.'))",
        "[ 'main.js', 'out' ]\n",
    ),
    Honest(
        "enums, parameter properties and namespaces",
        "typescript",
        "enum A { x = 3 }\nconst enum B { y = 4 }\nnamespace N { export const z = 5 }\n"
        "class C { constructor(private readonly n: number) {} get(): number { return this.n } }\n"
        "console.log(A.x, B.y, N.z, new C(6).get(), A[3])",
        "3 4 5 6 x\n",
    ),
    Honest(
        "awk, sed and grep",
        "bash",
        "printf '%s\\n' b a c | sort | sed 's/b/B/' | awk '{print NR $1}' | grep -v c",
        "1a\n2B\n",
    ),
    Honest(
        "process substitution, arrays and traps",
        "bash",
        "set -euo pipefail\ntrap 'echo bye' EXIT\ndeclare -A m=([k]=v)\necho \"${m[k]}\"\ndiff <(echo a) <(echo a)\nread -r x < <(echo y)\necho $x",
        "v\ny\nbye\n",
    ),
    Honest(
        "what runs on when the script has ended",
        "bash",
        "(sleep 0.1; echo late) &\necho early",
        "early\nlate\n",
    ),
    Honest(
        "here documents and pipes into loops",
        "bash",
        'while read -r l; do echo "[$l]"; done <<E\n$(seq 2)\nE',
        "[1]\n[2]\n",
    ),
]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name.replace(" ", "-"))
def test_honest_program_works(case: Honest, start: str) -> None:
    ran = run(case.program, case.language, case.limits, stdin=case.stdin, on=STARTS[start]())
    assert (ran.stdout, ran.status) == (case.stdout, Status.SUCCEEDED), (ran.outcome.error, ran.stderr[-500:])
