"""``python -m tests.tools.mutate_source --count 400 --seed 1``: mutation testing of rtcheck/geometry and rtcheck/dvh.

A mutant is the package with one operator, number, condition or statement of one function changed. All that are possible
are listed, a seeded sample of them is drawn, and each is tried in a process of its own: the code of the function is
replaced there, what functions remember is forgotten, then the tests that reach the changed line run until one fails:
first those that are quick for what they killed so far and unlike those that ran. The score is the share of mutants that
some test kills, by failing or by running out of its time. Survivors are printed, before and after; a survivor means the
same as the original (an equivalent mutant), or shows what no test looks at.

Texts and what is computed for messages are left alone, as are constants of modules: only code of functions changes.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import inspect
import os
import random
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("rtcheck/geometry", "rtcheck/dvh")
TESTS = ("tests/geometry", "tests/dvh", "tests/analytic", "tests/test_conformity.py", "tests/test_surroundings.py")
_MEMORY = 6 << 30
_NOT_RUN = ("annotation", "returns", "decorator_list")
_NO_TEST, _SURVIVED, _KILLED, _TIMEOUT = "no test", "survived", "killed", "timeout"

_COMPARED: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_COMPUTED: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}  # fmt: skip
_NAMED = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "fmin": "fmax", "fmax": "fmin",
    "any": "all", "all": "any", "floor": "ceil", "ceil": "floor", "argmin": "argmax", "argmax": "argmin",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: the file, the function (qualified name), the line, and the number of the change in the function."""

    path: str
    function: str
    line: int
    number: int
    what: str

    @property
    def name(self) -> str:
        return f"{self.path}:{self.line} {self.function} {self.what}"


def changes(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, str]]:
    """Each change of a function: the node to put in place of one of its own is swapped in while the caller looks."""
    for parent, field, index, node in _nodes(function):
        for new in _instead(node):
            before, after = ast.unparse(node), ast.unparse(new) if isinstance(new, ast.AST) else "nothing"
            if before == after:
                continue
            ast.copy_location(new, node)
            _put(parent, field, index, new)
            yield node, f"{before}  ->  {after}"
            _put(parent, field, index, node)


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _nodes(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node of the body with its place, except docstrings, annotations, messages and assertions."""
    waiting: list[tuple[ast.AST, str]] = [(function, "body")]
    while waiting:
        parent, field = waiting.pop(0)
        value = getattr(parent, field)
        places = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, node in places:
            text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not isinstance(node, ast.AST) or text or isinstance(node, (ast.JoinedStr, ast.Raise, ast.Assert)):
                continue
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("finding", "frozen"):
                continue
            yield parent, field, index, node
            waiting += [(node, name) for name in node._fields if name not in _NOT_RUN]


def _instead(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of a node."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in _COMPARED[type(node.ops[0])]:
            yield ast.Compare(node.left, [other()], node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED:
        yield ast.BinOp(node.left, _COMPUTED[type(node.op)](), node.right)
    elif isinstance(node, ast.AugAssign) and type(node.op) in _COMPUTED:
        yield ast.AugAssign(node.target, _COMPUTED[type(node.op)](), node.value)
        yield ast.Pass()
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node, ast.Constant) and node.value in ("left", "right"):
        yield ast.Constant("right" if node.value == "left" else "left")
    elif isinstance(node, ast.Attribute) and node.attr in _NAMED:
        yield ast.Attribute(node.value, _NAMED[node.attr], node.ctx)
    elif isinstance(node, ast.Name) and node.id in _NAMED and isinstance(node.ctx, ast.Load):
        yield ast.Name(_NAMED[node.id], node.ctx)
    elif isinstance(node, (ast.If, ast.IfExp)):
        for outcome in (True, False):
            changed = copy.copy(node)
            changed.test = ast.Constant(outcome)
            yield changed
    elif isinstance(node, ast.Expr):
        yield ast.Pass()
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions of a module and methods of its classes, by qualified name; nested ones belong to the outer."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, ast.FunctionDef))


def mutants() -> list[Mutant]:
    """Every mutant there is, in order."""
    out = []
    for source in SOURCES:
        for file in sorted((ROOT / source).glob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            for name, function in functions(ast.parse(file.read_text(encoding="utf-8"))):
                for number, (node, what) in enumerate(changes(function)):
                    out.append(Mutant(path, name, node.lineno, number, " ".join(what.split())))
    return out


def apply(mutant: Mutant) -> None:
    """Replace the code of the function in this process, wherever it has been imported to."""
    tree = ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))
    function = dict(functions(tree))[mutant.function]
    for number, _ in enumerate(changes(function)):
        if number == mutant.number:
            code = compile(ast.fix_missing_locations(tree), str(ROOT / mutant.path), "exec", dont_inherit=True)
            break
    module = importlib.import_module(mutant.path[:-3].replace("/", "."))
    target: object = module
    for part in mutant.function.split("."):
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == part)
        target = inspect.getattr_static(target, part)
    target = getattr(target, "fget", None) or getattr(target, "__func__", None) or target
    found = inspect.unwrap(target)
    assert isinstance(found, FunctionType), mutant
    found.__code__ = code


def remembering() -> list[Any]:
    """Functions of the package that remember results: what they remember hides whom a changed line would reach."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("rtcheck", "tests"):
            found.update({id(value): value for value in vars(module).values() if hasattr(value, "cache_clear")})
    return list(found.values())


class Runner:
    """A plugin that takes over the running of the collected tests."""

    def __init__(self, chosen: list[Mutant], most: float, minutes: float) -> None:
        self.chosen, self.most, self.minutes = chosen, most, minutes
        self.kills: Counter[tuple[str, str]] = Counter()
        self.seconds: dict[str, float] = {}
        self.reaching: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.results: list[tuple[Mutant, str, str, int]] = []

    def pytest_configure(self) -> None:
        """A failing example kills a mutant: nobody wants to see a smaller one."""
        import hypothesis

        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("mutants", phases=phases, database=None, deadline=None)
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        self._look(items)
        slow = sum(self.seconds.values())
        print(f"{len(items)} tests, {slow:.0f} s; {len(self.chosen)} mutants", flush=True)
        end_at = time.monotonic() + 60 * self.minutes if self.minutes else float("inf")
        for mutant in self.chosen:
            if time.monotonic() > end_at:
                break
            names = self._in_turn(mutant)
            kept, spent = [], 0.0
            for name in names:
                spent += self.seconds[name]
                if kept and self.most and spent > self.most:
                    break
                kept.append(name)
            end, by = self._try(mutant, [items[name] for name in kept]) if kept else (_NO_TEST, "")
            if end == _KILLED:
                self.kills[mutant.path, by] += 1
            self.results.append((mutant, end, by, len(names) - len(kept) if end == _SURVIVED else 0))
            if end in (_SURVIVED, _NO_TEST):
                left = f"  ({len(names) - len(kept)} slow tests left out)" if len(names) > len(kept) else ""
                print(f"{end}: {mutant.name}{left}", flush=True)
            if len(self.results) % 25 == 0:
                print(f"{len(self.results)} tried: {dict(Counter(one[1] for one in self.results))}", flush=True)
        return True

    def _in_turn(self, mutant: Mutant) -> list[str]:
        """Tests that reach a mutant, the quicker and the more they killed in the same file the sooner.

        Of the cases of one test all but the first wait for those of other tests: they would say much the same.
        """
        cost = {
            name: (0.01 + self.seconds[name]) / (1 + 3 * self.kills[mutant.path, name])
            for name in self.reaching[mutant.path, mutant.line]
        }
        before: Counter[str] = Counter()
        turns = []
        for name in sorted(cost, key=lambda name: (cost[name], name)):
            test = name.split("[", maxsplit=1)[0]
            turns.append((cost[name] * (1 + before[test]), name))
            before[test] += 1
        return [name for _, name in sorted(turns)]

    def _look(self, items: dict[str, pytest.Item]) -> None:
        """Run all tests once, unchanged: how long each takes, and which lines it reaches."""
        cov = coverage.Coverage(data_file=None, config_file=False, source=[str(ROOT / each) for each in SOURCES])
        cov.start()
        for name, item in items.items():
            cov.switch_context(name)
            for each in remembering():
                each.cache_clear()
            start = time.process_time()
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=None)):
                raise SystemExit(f"{name} fails without any change")
            self.seconds[name] = time.process_time() - start
        cov.stop()
        data = cov.get_data()
        for file in data.measured_files():
            path = Path(file).relative_to(ROOT).as_posix()
            for line, names in data.contexts_by_lineno(file).items():
                self.reaching[path, line].update(name for name in names if name)

    def _try(self, mutant: Mutant, items: list[pytest.Item]) -> tuple[str, str]:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            self._child(mutant, items, writer)
        os.close(writer)
        with os.fdopen(reader) as stream:
            said = stream.read().split("\n")
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return (_TIMEOUT if os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGALRM) else _KILLED), said[-1]
        return (_SURVIVED if os.WEXITSTATUS(status) == 0 else _KILLED), said[-1]

    def _child(self, mutant: Mutant, items: list[pytest.Item], writer: int) -> None:
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            apply(mutant)
            for each in remembering():
                each.cache_clear()
            for item in items:
                signal.setitimer(signal.ITIMER_PROF, 3 + 6 * self.seconds[item.nodeid])
                os.write(writer, f"\n{item.nodeid}".encode())
                if any(report.failed for report in runtestprotocol(item, log=False, nextitem=None)):
                    break
            else:
                status = 0
        finally:
            os._exit(status)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=400, help="how many mutants are drawn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip", type=int, default=0, help="leave out so many of the drawn, to go on after a stop")
    parser.add_argument("--only", nargs="*", default=[""], help="only mutants whose printed name holds one of these")
    parser.add_argument("--most", type=float, default=0.0, help="processor seconds of tests for each mutant; 0: all")
    parser.add_argument("--minutes", type=float, default=0.0, help="draw no more mutants after so long; 0: all")
    parser.add_argument("--tests", nargs="*", default=list(TESTS))
    options = parser.parse_args()
    every = [mutant for mutant in mutants() if any(text in mutant.name for text in options.only)]
    random.Random(options.seed).shuffle(every)
    chosen = every[options.skip : options.count]
    os.chdir(ROOT)
    runner = Runner(chosen, options.most, options.minutes)
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "--tb=no", "-s", *options.tests]
    pytest.main(arguments, plugins=[runner])
    ends = Counter(end for _, end, _, _ in runner.results)
    modules: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant, end, _, _ in runner.results:
        modules[mutant.path][end] += 1
    for path, found in sorted(modules.items()):
        print(f"{path}: {', '.join(f'{number} {end}' for end, number in sorted(found.items()))}")
    tried = len(runner.results)
    dead = ends[_KILLED] + ends[_TIMEOUT]
    print(f"{len(every)} possible, {tried} tried: {dict(ends)}; score {dead / max(tried, 1):.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
