"""The mutation operators: what can stand instead of a place in a module's syntax tree.

A mutant is a slip that people make: a limit one off, `<` for `<=`, `and` for `or`, a `not`
forgotten, a step left out, nothing returned. Texts, annotations and decorators are left
alone.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
}
_CALLS: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_LEFT_ALONE: Final = frozenset({"annotation", "returns", "decorator_list", "bases"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """At `field` of `parent` (and `index` in it, where it is a list) stands `instead`.

    `name` says which it is, and stays as it is when lines above it change.
    """

    name: str
    lines: frozenset[int]
    parent: ast.AST
    field: str
    index: int | None
    instead: ast.AST

    def apply(self) -> None:
        """Change the tree that it was found in."""
        if self.index is None:
            setattr(self.parent, self.field, self.instead)
        else:
            getattr(self.parent, self.field)[self.index] = self.instead


def mutants_of(source: str, tree: ast.Module) -> list[Mutant]:
    """All of `tree`, which was parsed from `source`."""
    lines = source.splitlines()
    seen: Counter[str] = Counter()
    found = []
    for scope, parent, field, index, node in _walk(tree, ()):
        for before, after, instead in _instead(node):
            at = lines[node.lineno - 1].strip()
            name = f"{'.'.join(scope) or 'module'} | {at} | {before} → {after}"
            seen[name] += 1
            if seen[name] > 1:
                name += f" ({seen[name]})"
            ast.copy_location(instead, node)
            ast.fix_missing_locations(instead)
            touched = frozenset(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            found.append(Mutant(name, touched, parent, field, index, instead))
    return found


Place = tuple[tuple[str, ...], ast.AST, str, int | None, ast.expr | ast.stmt]


def _walk(node: ast.AST, scope: tuple[str, ...]) -> Iterator[Place]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        scope = (*scope, node.name)
    for field, value in ast.iter_fields(node):
        if field in _LEFT_ALONE or isinstance(node, ast.Assert):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.expr | ast.stmt):
                yield scope, node, field, index, child
            if isinstance(child, ast.AST):
                yield from _walk(child, scope)


def _instead(node: ast.expr | ast.stmt) -> Iterator[tuple[str, str, ast.AST]]:
    """What can stand instead of `node`: in words what stood there, what does now, and that."""
    match node:
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                for other in _COMPARISONS[type(op)]:
                    mutant = deepcopy(node)
                    mutant.ops[place] = other()
                    yield ast.unparse(node), ast.unparse(mutant), mutant
        case ast.BoolOp(op=op):
            mutated_bool = deepcopy(node)
            mutated_bool.op = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield ast.unparse(node), ast.unparse(mutated_bool), mutated_bool
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield ast.unparse(node), ast.unparse(operand), deepcopy(operand)
        case ast.BinOp(op=op) if not _is_type(node.left) and type(op) in _OPERATORS:
            mutated_bin = deepcopy(node)
            mutated_bin.op = _OPERATORS[type(op)]()
            yield ast.unparse(node), ast.unparse(mutated_bin), mutated_bin
        case ast.Constant(value=bool() as truth):
            yield str(truth), str(not truth), ast.Constant(not truth)
        case ast.Constant(value=int() | float() as number):
            for other_number in (number + 1, number - 1):
                yield str(number), str(other_number), ast.Constant(other_number)
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            mutated_call = deepcopy(node)
            mutated_call.func = ast.Name(_CALLS[name], ast.Load())
            yield name, _CALLS[name], mutated_call
        case ast.IfExp(test=test) if _is_plain(test):
            mutated_if = deepcopy(node)
            mutated_if.test = ast.UnaryOp(ast.Not(), mutated_if.test)
            yield ast.unparse(test), f"not {ast.unparse(test)}", mutated_if
        case _:
            yield from _instead_of_step(node)


def _instead_of_step(node: ast.AST) -> Iterator[tuple[str, str, ast.AST]]:
    match node:
        case ast.If(test=test) | ast.While(test=test) if _is_plain(test):
            mutant = deepcopy(node)
            mutant.test = ast.UnaryOp(ast.Not(), mutant.test)
            yield ast.unparse(test), f"not {ast.unparse(test)}", mutant
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield ast.unparse(node), "return None", ast.Return(ast.Constant(None))
        case ast.AugAssign(op=op):
            yield ast.unparse(node), "nothing", ast.Pass()
            if type(op) in _OPERATORS:
                mutated_aug = deepcopy(node)
                mutated_aug.op = _OPERATORS[type(op)]()
                yield ast.unparse(node), ast.unparse(mutated_aug), mutated_aug
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.unparse(node), "nothing", ast.Pass()
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.Delete():
            yield ast.unparse(node).splitlines()[0], "nothing", ast.Pass()
        case ast.Continue():
            yield "continue", "break", ast.Break()
        case ast.Break():
            yield "break", "continue", ast.Continue()


def _is_plain(test: ast.expr) -> bool:
    """Whether no operator of its own applies to the condition."""
    return not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _is_type(operand: ast.expr) -> bool:
    """Whether this is one of `A | B`, as types are written."""
    while isinstance(operand, ast.BinOp):
        operand = operand.left
    return isinstance(operand, ast.Name) and operand.id[0].isupper() and not operand.id.isupper()
