"""Function mode: import the entry as a module and call one function of it."""

import importlib
import os
import sys

import sandloft_run  # type: ignore[import-not-found]  # lies beside it inside
import sitecustomize  # type: ignore[import-not-found]  # lies beside it inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    import inspect
    from collections.abc import Callable
    from types import CodeType, ModuleType
    from typing import Any, TypeAlias

    Function: TypeAlias = Callable[..., Any]
    Shape: TypeAlias = tuple[list[str], list[str], bool, list[str]]
    """Names, those without a default, whether it takes any name, those that go by position."""


def load(job: "sandloft_run.Job") -> "ModuleType":
    entry = "/agent/" + job["entry"]
    folder, name = os.path.split(entry)
    sys.argv[0] = entry
    sys.path[:0] = [folder] if folder == "/agent" else [folder, "/agent"]
    stem = name[:-3] if name.endswith(".py") else name
    if stem.isidentifier() and name.endswith(".py") and stem not in sys.modules:
        return importlib.import_module(stem)
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_loader

    spec = spec_from_loader("agent_entry", SourceFileLoader("agent_entry", entry))
    if spec is None:
        raise ImportError(entry)
    module = sys.modules["agent_entry"] = module_from_spec(spec)
    if spec.loader is not None:
        spec.loader.exec_module(module)
    return module


def arguments(function: "Function", value: "Any") -> "tuple[list[Any], dict[str, Any]]":
    """How `value` is passed: whole to one parameter, by name to several. Errors name the field."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_posonlyargcount or hasattr(function, "__wrapped__"):
        import inspect

        names, required, takes_all, first = _from_signature(inspect.signature(function))
    else:
        names, required, takes_all, first = _from_code(function, code)
    if not names:
        return [], (dict(value) if takes_all and isinstance(value, dict) else {})
    if len(names) == 1 and not takes_all:
        named = _single(names[0], required, value)
    else:
        named = dict(_by_name(function, names, required, takes_all, {} if value is None else value))
    return [named.pop(name) for name in first if name in named], named


def _from_code(function: "Any", code: "CodeType") -> "Shape":
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    positional = names[: code.co_argcount]
    optional = len(function.__defaults__ or ())
    with_default = set(positional[len(positional) - optional :] if optional else ())
    with_default |= set(function.__kwdefaults__ or ())
    if getattr(function, "__self__", None) is not None:
        names = names[1:]
    required = [name for name in names if name not in with_default]
    return list(names), required, bool(code.co_flags & 0x08), []


def _from_signature(signature: "inspect.Signature") -> "Shape":
    every = list(signature.parameters.values())
    takes_all = any(one.kind is one.VAR_KEYWORD for one in every)
    usable = [one for one in every if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    first = [one.name for one in usable if one.kind is one.POSITIONAL_ONLY]
    return (
        [one.name for one in usable],
        [one.name for one in usable if one.default is one.empty],
        takes_all,
        first,
    )


def _single(name: str, required: list[str], value: "Any") -> "dict[str, Any]":
    if name != "input" and isinstance(value, dict) and name in value:
        return {name: value[name]}
    return {} if value is None and not required else {name: value}


def _by_name(
    function: "Function", names: list[str], required: list[str], takes_all: bool, value: "Any"
) -> "dict[str, Any]":
    title = getattr(function, "__name__", "the function")
    if not isinstance(value, dict):
        wanted = "%s() takes %s by name, so its input must be an object, not %s"
        raise TypeError(wanted % (title, ", ".join(names), type(value).__name__))
    missing = [name for name in required if name not in value]
    if missing:
        raise TypeError(
            "%s() needs %s, which the input does not have" % (title, ", ".join(map(repr, missing)))
        )
    unknown = [key for key in value if key not in names]
    if unknown and not takes_all:
        raise TypeError("%s() has no parameter for %s of the input" % (title, ", ".join(map(repr, unknown))))
    return value


def call(job: "sandloft_run.Job") -> object:
    module = load(job)
    function = getattr(module, job["entry_point"], None)
    if not callable(function):
        raise AttributeError("%s has no function %s" % (job["entry"], job["entry_point"]))
    positional, named = arguments(function, job["input"])
    result = function(*positional, **named)
    if hasattr(result, "__await__"):
        import asyncio

        async def awaited() -> object:
            return await result

        result = asyncio.run(awaited())
    return result


def _forget_our_frames(error: BaseException) -> None:
    traceback = error.__traceback__
    while traceback is not None and not traceback.tb_frame.f_code.co_filename.startswith("/agent/"):
        traceback = traceback.tb_next
    error.__traceback__ = traceback


def main() -> None:
    job = sitecustomize.job
    if job is None:
        sys.exit("this program is started by the sandbox")
    limit = job["result_bytes"]
    try:
        result = call(job)
    except SystemExit:
        raise
    except BaseException as error:
        _forget_our_frames(error)
        sys.excepthook(type(error), error, error.__traceback__)
        sandloft_run.send(limit, error=sandloft_run.describe(error))
        sys.exit(1)
    invalid = sandloft_run.send(limit, has_result=True, result=result)
    if invalid is not None:
        sys.stderr.write("The result cannot be kept: %s\n" % invalid)
        sys.exit(1)


if __name__ == "__main__":
    main()
