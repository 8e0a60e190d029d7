"""JavaScript and TypeScript."""

from __future__ import annotations

import pytest

from runtimes.types import Status
from tests.runtimes.engine import call, run


@pytest.mark.parametrize(
    ("files", "entry", "stdout"),
    [
        (
            {
                "main.js": "console.log(require('./a').x, require('./d.json').y)",
                "a.js": "exports.x = 1",
                "d.json": '{"y": 2}',
            },
            "main.js",
            "1 2\n",
        ),
        (
            {"main.js": "import { x } from './a.js'\nconsole.log(x, await 5)", "a.js": "export const x = 1"},
            "main.js",
            "1 5\n",
        ),
        (
            {"main.mjs": "import a from './a.cjs'\nconsole.log(a.x)", "a.cjs": "exports.x = 1"},
            "main.mjs",
            "1\n",
        ),
        ({"main.cjs": "console.log(require.main === module, __dirname)"}, "main.cjs", "true /agent\n"),
        (
            {"sub/main.js": "console.log(require('../a').x, process.argv[1])", "a.js": "exports.x = 1"},
            "sub/main.js",
            "1 /agent/sub/main.js\n",
        ),
    ],
)
def test_module_kinds(files: dict[str, str], entry: str, stdout: str) -> None:
    ran = run(files, "javascript", entry=entry)
    assert (ran.stdout, ran.status) == (stdout, Status.SUCCEEDED), ran.stderr


@pytest.mark.parametrize(
    ("program", "code", "kind"),
    [
        ("process.exit(0)", 0, None),
        ("process.exitCode = 4", 4, "Exit"),
        ("throw new RangeError('x')", 1, "RangeError"),
        ("throw 'words'", 1, "Error"),
        ("Promise.reject(new TypeError('x'))", 1, "TypeError"),
        ("import 'fs'; await new Promise(() => {})", 13, "Exit"),
        ("process.kill(process.pid, 'SIGTERM')", 143, "Signal"),
        ("process.abort()", 134, "Signal"),
    ],
)
def test_exit_codes(program: str, code: int, kind: str | None) -> None:
    ran = run(program, "javascript")
    assert ran.outcome.exit_code == code, ran.stderr
    assert (ran.outcome.error.type if ran.outcome.error else None) == kind


@pytest.mark.parametrize(
    ("source", "value", "result"),
    [
        ("export const main = (input) => input", {"a": 1}, {"a": 1}),
        ("export default (a, b = 3) => a + b", {"a": 1}, 4),
        ("export default function ({ a, b }) { return a * b }", {"a": 2, "b": 3}, 6),
        ("exports.main = async (x) => x + 1", 1, 2),
        ("module.exports = (x) => x", 5, 5),
        ("module.exports = { main: (n) => n }", {"n": 4}, 4),
        ("function main(a, /* c, d */ b) { return [a, b] }", {"a": 1, "b": [2]}, [1, [2]]),
        ("const main = async () => undefined", None, None),
        (
            "export const main = () => ({ d: new Date(0), u: undefined, n: null, a: [undefined] })",
            None,
            {"d": "1970-01-01T00:00:00.000Z", "n": None, "a": [None]},
        ),
        ("exports.main = () => { setInterval(() => {}, 1000); return 1 }", None, 1),
    ],
)
def test_function_mode(source: str, value: object, result: object) -> None:
    ran = call(source, value, "javascript")  # type: ignore[arg-type]  # plain JSON
    assert (ran.status, ran.result) == (Status.SUCCEEDED, result), (ran.outcome.error, ran.stderr)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("({ items: [1, { price: NaN }] })", "result.items[1].price is NaN"),
        ("new Map()", "result is a Map"),
        ("[10n]", "result[0] is a BigInt"),
        ("({ f() {} })", "result.f is a function"),
        ("(() => { const a = []; a.push(a); return a })()", "result[0] refers back"),
        ("[Promise.resolve()]", "result[0] is a Promise"),
        ("[new Error('x')]", "result[0] is a Error"),
        (
            "(() => { let a = 1; for (let i = 0; i < 5000; i++) a = [a]; return a })()",
            "nested deeper than 200",
        ),
    ],
)
def test_a_result_that_is_not_json_names_the_place(expression: str, words: str) -> None:
    ran = call(f"export const main = () => {expression}", None, "javascript")
    assert (ran.status, ran.error.type) == (Status.FAILED, "ResultInvalid"), ran.outcome
    assert words in ran.error.message


@pytest.mark.parametrize(
    ("program", "has", "result"),
    [
        ("result = { a: 1 }", True, {"a": 1}),
        ("globalThis.result = [1]", True, [1]),
        ("const result = { a: 2 }", True, {"a": 2}),
        ("import 'fs'\nexport let result = 1\nresult = 7", True, 7),
        ("const result = new Map()", False, None),
        ("function result() {}", False, None),
    ],
)
def test_the_result_of_a_script(program: str, has: bool, result: object) -> None:
    ran = run(program, "javascript")
    assert (ran.status, ran.outcome.has_result, ran.result) == (Status.SUCCEEDED, has, result), ran.outcome


def test_an_error_names_the_user_s_place() -> None:
    ran = run(
        {"main.js": "require('./lib').go()", "lib.js": "exports.go = () => {\n  null.x\n}"}, "javascript"
    )
    assert (ran.error.type, ran.error.file, ran.error.line) == ("TypeError", "lib.js", 2)
    assert "node:" not in ran.error.traceback


def test_a_syntax_error_in_a_module_is_placed() -> None:
    ran = run({"main.js": "import './b.js'", "b.js": "export const a = 1\nconst a = 2"}, "javascript")
    assert (ran.error.type, ran.error.file, ran.error.line) == ("SyntaxError", "b.js", 2), ran.outcome


TYPESCRIPT = {
    "types vanish, whichever way they are imported": (
        {
            "main.ts": "import { T, make } from './t'\nimport type { U } from './t.js'\nexport type { T }\nconst x: T = make()\nconst u: U = 2\nconsole.log(x, u)",
            "t.ts": "export interface T { a: number }\nexport type U = number\nexport { W } from './w'\nexport const make = (): T => ({ a: 1 })",
            "w.ts": "export interface W {}",
        },
        "{ a: 1 } 2\n",
    ),
    "paths without an end, with .js, with .ts, of folders, of JSON": (
        {
            "main.ts": "import a from './a'\nimport b from './b.js'\nimport c from './c.ts'\nimport d from './d'\nimport e from './e.json'\nconsole.log(a, b, c, d, e.k)",
            "a.ts": "export default 1",
            "b.ts": "export default 2",
            "c.ts": "export default 3",
            "d/index.ts": "export default 4",
            "e.json": '{"k": 5}',
        },
        "1 2 3 4 5\n",
    ),
    "export assignment and require": (
        {
            "main.ts": "import fs = require('fs')\nimport lib = require('./lib')\nconsole.log(typeof fs.readFileSync, lib.v)",
            "lib.ts": "const o = { v: 5 }\nexport = o",
        },
        "function 5\n",
    ),
    "decorators as they were": (
        {
            "main.ts": "function log(t: any, key: string, d: PropertyDescriptor) { const f = d.value; d.value = (...a: any[]) => { console.log(key); return f(...a) } }\n"
            "class A { @log add(a: number) { return a + 1 } }\nconsole.log(new A().add(1))"
        },
        "add\n2\n",
    ),
    "decorators as they are": (
        {
            "main.ts": "function log(f: any, c: ClassMethodDecoratorContext) { return (...a: any[]) => { console.log(String(c.name)); return f(...a) } }\n"
            "class A { @log add(a: number) { return a + 1 } }\nconsole.log(new A().add(1))"
        },
        "add\n2\n",
    ),
    "const enums across files": (
        {
            "main.ts": "import { E, F } from './e'\nconsole.log(E.b, F.x, F[1])",
            "e.ts": "export const enum E { a = 1 << 2, b }\nexport enum F { x = 'y', z = 1 }",
        },
        "5 y z\n",
    ),
    "await in a script": ({"main.ts": "try { console.log(await Promise.resolve(4)) } catch {}"}, "4\n"),
    "the main guard": (
        {"main.ts": "import 'fs'\nif (require.main === module) console.log(__dirname, process.argv[1])"},
        "/agent /agent/main.ts\n",
    ),
    "names of classes that meet in one bundle": (
        {
            "main.ts": "import { A as B } from './a'\nclass A {}\nconsole.log(new A(), new B())",
            "a.ts": "export class A {}",
        },
        "A {} A {}\n",
    ),
    "a configuration of one's own": (
        {
            "main.ts": "class A { x?: number }\nconsole.log(new A())",
            "tsconfig.json": '{"compilerOptions": {"useDefineForClassFields": false}}',
        },
        "A {}\n",
    ),
}


@pytest.mark.parametrize("name", TYPESCRIPT)
def test_typescript(name: str) -> None:
    files, stdout = TYPESCRIPT[name]
    ran = run(files, "typescript")
    assert (ran.stdout, ran.status) == (stdout, Status.SUCCEEDED), ran.stderr


def test_tsx() -> None:
    source = "const React = { createElement: (t: any, p: any, ...c: any[]) => [t, p, c] }\nconsole.log(JSON.stringify(<b id='x'>hi</b>))"
    assert run({"main.tsx": source}, "typescript", entry="main.tsx").stdout == '["b",{"id":"x"},["hi"]]\n'


def test_typescript_errors_are_placed_in_the_user_s_files() -> None:
    files = {
        "main.ts": "import { go } from './lib'\n\ngo({ a: 1 })",
        "lib.ts": "interface A { a: number }\n\nexport function go(a: A): void {\n  throw new RangeError('no')\n}",
    }
    ran = run(files, "typescript")
    assert (ran.error.type, ran.error.file, ran.error.line) == ("RangeError", "lib.ts", 4)
    assert "/agent/lib.ts:4" in ran.stderr


def test_a_missing_import_is_told() -> None:
    ran = run("import { x } from './nowhere'\nconsole.log(x)", "typescript")
    assert (ran.status, ran.error.type, ran.error.file, ran.error.line) == (
        Status.FAILED,
        "ImportError",
        "main.ts",
        1,
    )
    assert "./nowhere" in ran.error.message
