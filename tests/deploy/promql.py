"""What a PromQL query asks for."""

from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

SCRAPED = frozenset({"job", "instance"})
"""Labels that Prometheus gives to every sample."""
OWN = {"up": frozenset()}
"""Samples that Prometheus makes itself, with their labels."""


@dataclass(frozen=True)
class Exported:
    """What /metrics shows: by sample name the values of each label."""

    samples: dict[str, dict[str, set[str]]]

    def labels(self, name: str) -> set[str]:
        """The labels of a sample, with those that a scrape adds."""
        return set(self.samples.get(name, {})) | SCRAPED


def parsed(query: str):
    """The query, with Grafana's variables put in.

    Raises:
        ValueError: Prometheus could not read it.
    """
    return promql_parser.parse(query.replace("$__rate_interval", "1m").replace("$instance", ".*"))


def below(node) -> Iterator:
    """A node and all below it."""
    yield node
    match node:
        case AggregateExpr():
            inner = [node.expr, *([node.param] if node.param is not None else [])]
        case Call():
            inner = node.args
        case BinaryExpr():
            inner = [node.lhs, node.rhs]
        case MatrixSelector():
            inner = [node.vector_selector]
        case ParenExpr() | UnaryExpr() | SubqueryExpr():
            inner = [node.expr]
        case VectorSelector() | NumberLiteral() | StringLiteral():
            inner = []
    for each in inner:
        yield from below(each)


def faults(query: str, exported: Exported, job: str) -> list[str]:
    """Whatever of a query no sample answers to: names, labels, values of labels."""
    found: list[str] = []
    for node in below(parsed(query)):
        match node:
            case VectorSelector():
                found += _faults_of_selector(node, exported, job)
            case AggregateExpr() if node.modifier is not None:
                names = [each.name for each in below(node) if isinstance(each, VectorSelector)]
                known = set.union(*(exported.labels(name) for name in names))
                found += [
                    f"no sample below has the label {label}" for label in node.modifier.labels if label not in known
                ]
            case _:
                pass
    return found


def _faults_of_selector(node: VectorSelector, exported: Exported, job: str) -> list[str]:
    if node.name not in exported.samples and node.name not in OWN:
        return [f"there is no {node.name}"]
    values = exported.samples.get(node.name, {})
    found: list[str] = []
    for each in node.matchers.matchers:
        if each.name not in exported.labels(node.name):
            found.append(f"{node.name} has no label {each.name}")
        elif each.name == "job" and each.value != job:
            found.append(f"no job is called {each.value}")
        elif each.name not in SCRAPED and each.op == MatchOp.Equal and each.value not in values[each.name]:
            found.append(f"{node.name} never has {each.name}={each.value}")
    return found


def labels_of_result(query: str) -> set[str]:
    """The labels that the result has, where an aggregation says so; else those of every scrape."""
    top = parsed(query)
    while isinstance(top, (BinaryExpr, Call, ParenExpr)):
        top = top.lhs if isinstance(top, BinaryExpr) else top.args[-1] if isinstance(top, Call) else top.expr
    if isinstance(top, AggregateExpr):
        return set(top.modifier.labels) if top.modifier is not None else set()
    return set(SCRAPED)
