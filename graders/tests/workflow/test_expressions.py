"""GitHub's expressions, case by case after its documentation and its runner."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from mlops_grader.instruments.workflow.expressions import (
    ExpressionError,
    Value,
    calls,
    condition,
    evaluate,
    references,
    resolve,
    substitute,
)

CONTEXTS: dict[str, Value] = {
    "github": {
        "ref": "refs/heads/main",
        "event_name": "push",
        "event": {
            "issue": {"title": "it's }} here", "labels": [{"name": "bug"}, {"name": "docs"}, {"id": 3}]},
            "commits": [{"files": ["a", "b"]}, {"files": ["c"]}],
        },
    },
    "env": {"Path": "first", "PATH": "second", "empty": "", "true": "yes", "null": None, "with-dash": 1},
    "needs": {
        "lint": {"result": "success", "outputs": {"versions": "[3.11, 3.12]"}},
        "test": {"result": "failure", "outputs": {}},
    },
    "matrix": {"size": 2.0, "ratio": 0.1, "big": 1e20, "list": [1, [2, 3], {"k": 4}], "none": [], "nothing": {}},
    "secrets": {"TOKEN": "abc"},
    "absent": None,
}

VALUES: list[tuple[str, Any]] = [
    # literals
    ("null", None),
    ("true", True),
    ("false", False),
    ("42", 42),
    ("-7", -7),
    ("+7", 7),
    ("1.50", 1.5),
    (".5", 0.5),
    ("-.5", -0.5),
    ("5.", 5),
    ("0xff", 255),
    ("0xFF", 255),
    ("0xffffffff", -1),
    ("0o17", 15),
    ("2e3", 2000),
    ("1.5E-1", 0.15),
    ("Infinity", math.inf),
    ("-Infinity", -math.inf),
    ("'text'", "text"),
    ("''", ""),
    ("'it''s'", "it's"),
    ("''''", "'"),
    ("'a }} b'", "a }} b"),
    ("'two\nlines'", "two\nlines"),
    ("  \n 'a'\t", "a"),
    # precedence and grouping
    ("true || false && false", True),
    ("(true || false) && false", False),
    ("!true || true", True),
    ("!(true || true)", False),
    ("!0 == 1", True),
    ("!(0 == 1)", True),
    ("1 < 2 == true", True),
    ("2 == 2 == 1", True),
    ("3 > 2 > 1", False),
    ("3 < 2 < 1", True),
    ("1 == 1 && 2 != 3", True),
    ("!!'a'", True),
    ("((('a')))", "a"),
    ("!github.ref.nothing", True),
    # && and || give an operand
    ("'a' && 'b'", "b"),
    ("'' && 'b'", ""),
    ("0 && 'b'", 0),
    ("'a' || 'b'", "a"),
    ("'' || 'b'", "b"),
    ("null || 0 || ''", ""),
    ("1 && 2 && 3", 3),
    ("1 && null && 3", None),
    ("false || 0", 0),
    ("github.ref == 'refs/heads/main' && 'prod' || 'dev'", "prod"),
    ("false && fromJSON('broken')", False),
    ("true || fromJSON('broken')", True),
    # truthiness
    ("!false", True),
    ("!0", True),
    ("!-0", True),
    ("!''", True),
    ("!null", True),
    ("!NaN", True),
    ("!'false'", False),
    ("!'0'", False),
    ("!-1", False),
    ("!matrix.none", False),
    ("!matrix.nothing", False),
    # equality
    ("null == 0", True),
    ("null == ''", True),
    ("null == false", True),
    ("null == null", True),
    ("true == 1", True),
    ("true == '1'", True),
    ("true == 'true'", False),
    ("false == ''", True),
    ("1 == '1'", True),
    ("1 == ' 1.0 '", True),
    ("255 == '0xff'", True),
    ("15 == '0o17'", True),
    ("0 == ''", True),
    ("0 == ' '", True),
    ("0 == 'nan'", False),
    ("1000 == '1_000'", False),
    ("Infinity == 'Infinity'", True),
    ("1 == 'one'", False),
    ("1 != 'one'", True),
    ("NaN == NaN", False),
    ("NaN != NaN", True),
    ("'Main' == 'mAIN'", True),
    ("'ü' == 'Ü'", True),
    ("'ß' == 'SS'", False),
    ("'\u0131' == 'I'", False),
    ("'1' == '1.0'", False),
    ("matrix.list == matrix.list", True),
    ("matrix.nothing == matrix.nothing", True),
    ("fromJSON('[]') == fromJSON('[]')", False),
    ("needs.*.result == needs.*.result", False),
    ("matrix.none == ''", False),
    ("matrix.none == 0", False),
    ("matrix.nothing != null", True),
    # order
    ("1 < 2", True),
    ("2 <= 2", True),
    ("2 >= 3", False),
    ("'10' < '9'", True),
    ("'10' < 9", False),
    ("'B' > 'a'", True),
    ("'a' < '_'", True),
    ("'a' <= 'A'", True),
    ("null < 1", True),
    ("null >= 0", True),
    ("false < true", True),
    ("'one' < 1", False),
    ("'one' >= 1", False),
    ("NaN <= NaN", False),
    ("matrix.list < 1", False),
    ("matrix.list <= matrix.list", True),
    # properties and indexes
    ("github.ref", "refs/heads/main"),
    ("GitHub.REF", "refs/heads/main"),
    ("github['ref']", "refs/heads/main"),
    ("github['REF']", "refs/heads/main"),
    ("github [ 'ref' ]", "refs/heads/main"),
    ("(github).ref", "refs/heads/main"),
    ("env.Path", "first"),
    ("env.PATH", "second"),
    ("env.true", "yes"),
    ("env.null", None),
    ("env.with-dash", 1),
    ("github.nothing", None),
    ("github.nothing.at.all", None),
    ("github.ref.length", None),
    ("absent", None),
    ("absent.more", None),
    ("matrix.list[0]", 1),
    ("matrix.list[1][1]", 3),
    ("matrix.list['0']", 1),
    ("matrix.list[1.9][0]", 2),
    ("matrix.list[2].k", 4),
    ("matrix.list[3]", None),
    ("matrix.list[-1]", None),
    ("matrix.list.name", None),
    ("github[matrix.list]", None),
    ("github[format('{0}', 'ref')]", "refs/heads/main"),
    ('fromJSON(\'{"a": {"b": 1}}\').a.b', 1),
    ("fromJSON('[[1]]')[0][0]", 1),
    ("fromJSON('{\"1\": 2}')[1]", 2),
    # object filters
    ("needs.*.result", ["success", "failure"]),
    ("needs[*].result", ["success", "failure"]),
    ("github.event.issue.labels.*.name", ["bug", "docs"]),
    ("github.event.issue.labels[*].name", ["bug", "docs"]),
    ("github.event.commits.*.files", [["a", "b"], ["c"]]),
    ("github.event.commits.*.files.*", ["a", "b", "c"]),
    ("github.event.commits.*.files[0]", ["a", "c"]),
    ("github.event.commits.*.files[1]", ["b"]),
    ("github.event.commits[0].files.*", ["a", "b"]),
    ("github.ref.*", []),
    ("github.nothing.*.name", []),
    ("matrix.list.*.k", [4]),
    # functions
    ("contains('Hello world', 'WORLD')", True),
    ("contains('Hello', 'x')", False),
    ("contains('abc', '')", True),
    ("contains(123, 2)", True),
    ("contains(null, 'a')", False),
    ("contains(needs.*.result, 'FAILURE')", True),
    ("contains(needs.*.result, 'fail')", False),
    ("contains(fromJSON('[1, 2]'), '2')", True),
    ("contains(matrix.nothing, 'a')", False),
    ("contains('Object', matrix.nothing)", False),
    ("startsWith('Hello', 'hE')", True),
    ("startsWith('Hello', 'lo')", False),
    ("startsWith(github.ref, 'refs/tags/')", False),
    ("startsWith(123, 12)", True),
    ("startsWith(matrix.list, 'Array')", False),
    ("endsWith('Hello', 'LO')", True),
    ("endsWith('Hello', 'He')", False),
    ("endsWith('a', null)", True),
    ("format('Hi {0} {1} {0}', 'a', 2)", "Hi a 2 a"),
    ("format('{{0}} {0}', 'a')", "{0} a"),
    ("format('{{{0}}}', 'a')", "{a}"),
    ("format('none', 'a')", "none"),
    ("format('{0}{1}', null, true)", "true"),
    ("format('{0}', '{1}')", "{1}"),
    ("format('{0} {1}', matrix.list, matrix.nothing)", "Array Object"),
    ("format(null)", ""),
    ("join(needs.*.result)", "success,failure"),
    ("join(needs.*.result, ', ')", "success, failure"),
    ("join(matrix.list, '-')", "1-Array-Object"),
    ("join(matrix.none)", ""),
    ("join('alone', '-')", "alone"),
    ("join(matrix.nothing)", ""),
    ("join(fromJSON('[1,2]'), matrix.none)", "1,2"),
    ("toJSON(null)", "null"),
    ("toJSON(true)", "true"),
    ("toJSON('a\"b')", '"a\\"b"'),
    ("toJSON('é')", '"é"'),
    ("toJSON(matrix.size)", "2"),
    ("toJSON(matrix.none)", "[]"),
    ("toJSON(matrix.nothing)", "{}"),
    ("toJSON(fromJSON('[1,{\"a\":[]}]'))", '[\n  1,\n  {\n    "a": []\n  }\n]'),
    ("tojson(needs.*.result)", '[\n  "success",\n  "failure"\n]'),
    ("fromJSON('true')", True),
    ("fromJSON('1.0')", 1),
    ("fromJSON(needs.lint.outputs.versions)", [3.11, 3.12]),
    ("fromJSON(toJSON(needs)).lint.result", "success"),
    ("case(false, 'a', true, 'b', 'c')", "b"),
    ("case(false, 'a', 'c')", "c"),
    ("case(true, 'a', fromJSON('broken'))", "a"),
    ("CASE(github.ref == 'refs/heads/main', 1, 2)", 1),
    ("CONTAINS('a', 'A')", True),
    ("contains ( 'a' , 'A' )", True),
]


@pytest.mark.parametrize(("text", "expected"), VALUES, ids=[text for text, _ in VALUES])
def test_value(text: str, expected: Any) -> None:
    value = evaluate(text, CONTEXTS)

    assert (type(value), value) == (type(expected), expected)


ERRORS = [
    (
        "foo.bar",
        "`foo.bar`: there is no context `foo`; there are `github`, `env`, `needs`, `matrix`, `secrets`, `absent`",
    ),
    ("gihub.ref", "`gihub.ref`: there is no context `gihub`; did you mean `github`?"),
    ("false && foo", "`false && foo`: there is no context `foo`"),
    ("True", "`True`: there is no context `True`"),
    ("startWith('a', 'b')", "`startWith('a', 'b')`: there is no function `startWith`; did you mean `startsWith`?"),
    ("success()", "`success()`: there is no function `success`"),
    ("contains(1)", "`contains(1)`: contains takes 2 arguments, not 1"),
    ("true || contains(1)", "`true || contains(1)`: contains takes 2 arguments, not 1"),
    ("Join()", "`Join()`: Join takes 1 or 2 arguments, not 0"),
    ("join(1, 2, 3)", "`join(1, 2, 3)`: join takes 1 or 2 arguments, not 3"),
    ("format()", "`format()`: format takes at least 1 argument, not 0"),
    ("toJSON(1, 2)", "`toJSON(1, 2)`: toJSON takes 1 argument, not 2"),
    ("case(true, 1)", "`case(true, 1)`: case takes at least 3 arguments, not 2"),
    ("case(true, 1, 2, 3)", "`case(true, 1, 2, 3)`: case takes pairs of a condition and a value"),
    ("case('true', 1, 2)", "`case('true', 1, 2)`: case takes conditions that are true or false"),
    ("format('{1}', 'a')", "`format('{1}', 'a')`: format has no value for `{1}`: 1 given, counted from 0"),
    ("format('{0}')", "`format('{0}')`: format has no value for `{0}`"),
    ("format('{', 1)", "`format('{', 1)`: the braces of `{` are wrong; a place is `{0}`, a brace `{{`"),
    ("format('{0}}', 1)", "`format('{0}}', 1)`: the braces of `{0}}` are wrong"),
    ("format('{a}', 1)", "`format('{a}', 1)`: the braces of `{a}` are wrong"),
    ("format('{\n', 1)", "`format('{ ', 1)`: the braces of `{ ` are wrong"),
    ("fromJSON('{')", "`fromJSON('{')`: fromJSON got no JSON: "),
    ("fromJSON('')", "`fromJSON('')`: fromJSON got no JSON: "),
    ("", "``: there is no expression"),
    (" ", "``: there is no expression"),
    ("1 ==", "`1 ==`: it ends too early"),
    ("(1", "`(1`: it ends too early"),
    ("1)", "`1)`: `)` cannot stand at character 2"),
    ("1 + 1", "`1 + 1`: `+` cannot stand at character 3"),
    ("1 2", "`1 2`: `2` cannot stand at character 3"),
    ("1abc", "`1abc`: `1abc` is no number"),
    ("-NaN", "`-NaN`: `-NaN` is no number"),
    ("1.2.3", "`1.2.3`: `1.2.3` is no number"),
    ("github.", "`github.`: it ends too early"),
    ("github.1", "`github.1`: `1` cannot stand at character 8"),
    ("github.b@r", "`github.b@r`: `@` cannot stand at character 9"),
    ("'abc'.length", "`'abc'.length`: `.length` cannot stand at character 6"),
    ("github[]", "`github[]`: `]` cannot stand at character 8"),
    ("*", "`*`: `*` cannot stand at character 1"),
    ("contains('a',)", "`contains('a',)`: `)` cannot stand at character 14"),
    ("github.ref = 'a'", "`github.ref = 'a'`: `=` cannot stand at character 12; compare with `==`"),
    ('github.ref == "a"', '`github.ref == "a"`: `"` cannot stand at character 15; write texts in single quotes'),
    ("'open", "`'open`: `'` cannot stand at character 1; close it with a second one"),
    ("!" * 51 + "true", "it is nested deeper than 50 levels"),
    ("'" + "a" * 20_999 + "'", "it has 21001 characters; GitHub reads 21000"),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS, ids=[text[:20] for text, _ in ERRORS])
def test_error(text: str, expected: str) -> None:
    with pytest.raises(ExpressionError) as error:
        evaluate(text, CONTEXTS)

    message = str(error.value)
    assert message.startswith(expected) or message.endswith(expected)
    assert "\n" not in message


TEXTS = [
    ("plain", "plain"),
    ("", ""),
    ("a ${{ github.ref }} b", "a refs/heads/main b"),
    ("${{github.ref}}${{github.event_name}}", "refs/heads/mainpush"),
    ("${{ 'a }} b' }}!", "a }} b!"),
    ("${{ 'it''s }}' }}!", "it's }}!"),
    ("${{ github.event.issue.title }}", "it's }} here"),
    ("cost: $5 {{ }} $${{ 1 }}", "cost: $5 {{ }} $1"),
    ("${{ '${{' }}", "${{"),
    ("${{\n  1\n}}\n", "1\n"),
    ("it's ${{ 1 }} isn't", "it's 1 isn't"),
    ("${{ null }}|${{ true }}|${{ false }}", "|true|false"),
    ("${{ 1.0 }} ${{ matrix.size }} ${{ 1.50 }} ${{ -0 }}", "1 2 1.5 0"),
    ("${{ matrix.ratio }} ${{ 123456789012 }} ${{ 0.00001 }}", "0.1 123456789012 1E-05"),
    ("${{ matrix.big }} ${{ 123456789.125 }}", "1E+20 123456789.125"),
    ("${{ NaN }} ${{ Infinity }} ${{ -Infinity }}", "NaN Infinity -Infinity"),
    ("${{ matrix.list }} ${{ matrix.nothing }} ${{ needs.*.result }}", "Array Object Array"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_text(text: str, expected: str) -> None:
    assert substitute(text, CONTEXTS) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("echo ${{ github.ref", "`echo ${{ github.ref`: `${{` has no `}}` after it"),
        ("${{ 'a }}", "`${{ 'a }}`: `${{` has no `}}` after it"),
        ("a ${{ foo.bar\n || 1 }}", "`${{ foo.bar || 1 }}`: there is no context `foo`"),
        ("${{ }}", "`${{ }}`: there is no expression"),
        ("${{ 1 }}" + "x" * 21_000, "a text with expressions has 21008 characters; GitHub reads 21000"),
    ],
)
def test_text_that_github_refuses(text: str, expected: str) -> None:
    with pytest.raises(ExpressionError) as error:
        substitute(text, CONTEXTS)

    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_a_long_text_without_expressions_stays() -> None:
    text = "x" * 30_000

    assert substitute(text, CONTEXTS) == text


def test_replaces_in_lists_and_mappings_and_keeps_types() -> None:
    value = {
        "runs-on": "${{ matrix.size }}",
        "${{ github.event_name }}-key": ["v${{ 1 }}", "${{ fromJSON('[1, true]') }}", 3, None],
        "text": "${{ true }}\n",
        1: True,
    }

    assert resolve(value, CONTEXTS) == {
        "runs-on": 2.0,
        "push-key": ["v1", [1, True], 3, None],
        "text": "true\n",
        1: True,
    }


def test_leaves_the_given_value_alone() -> None:
    value = {"a": ["${{ 1 }}"]}

    resolve(value, CONTEXTS)

    assert value == {"a": ["${{ 1 }}"]}


def test_a_filtered_array_comes_back_as_a_plain_list() -> None:
    assert type(resolve("${{ needs.*.result }}", CONTEXTS)) is list


def status(*, good: bool) -> dict[str, Callable[..., Value]]:
    return {
        "success": lambda: good,
        "failure": lambda: not good,
        "always": lambda: True,
        "cancelled": lambda: False,
        "hashFiles": lambda *patterns: f"hash of {len(patterns)}",
    }


CONDITIONS = [
    # text, after success, after a failure
    (None, True, False),
    ("", True, False),
    ("  ", True, False),
    (True, True, False),
    (False, False, False),
    ("github.event_name == 'push'", True, False),
    ("${{ github.event_name == 'push' }}", True, False),
    ("github.event_name == 'schedule'", False, False),
    ("true || true", True, False),
    ("always()", True, True),
    ("${{ always() }}", True, True),
    ("Always()", True, True),
    ("!cancelled()", True, True),
    ("${{ !cancelled() }}", True, True),
    ("failure()", False, True),
    ("failure() && github.event_name == 'push'", False, True),
    ("github.event_name == 'schedule' || failure()", False, True),
    ("always() && false", False, False),
    ("'always()'", True, False),
    ("github.always", False, False),
    ("env.empty", False, False),
    ("'text'", True, False),
    ("${{ github.event_name }} == 'schedule'", True, False),
    ("${{ false }} ", True, False),
    ("${{ false }}\n", True, False),
    ("!${{ true }}", True, False),
    ("${{ env.empty }}${{ env.empty }}", False, False),
    ("${{ failure() }} && false", True, True),
    ("github.ref == 'a'\n|| true\n", True, False),
]


@pytest.mark.parametrize(("text", "after_success", "after_failure"), CONDITIONS)
def test_condition(text: str | bool | None, after_success: bool, after_failure: bool) -> None:
    held = [condition(text, CONTEXTS, status(good=good)) for good in (True, False)]

    assert held == [after_success, after_failure]


def test_a_wrong_condition_is_refused_even_after_a_failure() -> None:
    with pytest.raises(ExpressionError, match=r"^`gihub\.ref`: there is no context"):
        condition("gihub.ref", CONTEXTS, status(good=False))


def test_computes_no_condition_after_a_failure() -> None:
    assert not condition("fromJSON('')", CONTEXTS, status(good=False))


@pytest.mark.parametrize("name", ["hashFiles", "HASHFILES", "hashfiles"])
def test_a_given_function_is_called_in_any_case(name: str) -> None:
    assert evaluate(f"{name}('a', 'b')", CONTEXTS, status(good=True)) == "hash of 2"


def test_a_given_function_stands_before_a_known_one() -> None:
    assert evaluate("toJSON(1)", {}, {"TOJSON": lambda value: f"my {value}"}) == "my 1"


def test_a_given_function_counts_its_arguments() -> None:
    with pytest.raises(ExpressionError, match=r"^`success\('a'\)`: success takes 0 arguments, not 1$"):
        evaluate("success('a')", {}, status(good=True))


REFERENCES: list[tuple[Any, set[str]]] = [
    ("plain github.ref", set()),
    ("${{ github.event.issue.title }}", {"github.event.issue.title"}),
    ("${{ GitHub.Event['Issue'].Title }}", {"github.event.issue.title"}),
    ("${{ needs.*.result }} ${{ secrets.TOKEN }}", {"needs.*.result", "secrets.token"}),
    ("${{ needs[*].result }}", {"needs.*.result"}),
    ("${{ contains(needs.*.result, env.WANT) || !inputs.x }}", {"needs.*.result", "env.want", "inputs.x"}),
    ("${{ github.event[inputs.key].name }}", {"github.event.*.name", "inputs.key"}),
    ("${{ a[b[c.d].e].f }}", {"a.*.f", "b.*.e", "c.d"}),
    ("${{ matrix.list[0] }}", {"matrix.list.0"}),
    ("${{ (github).ref }}", {"github.ref"}),
    ("${{ fromJSON(env.x).y }}", {"env.x"}),
    ("${{ fromJSON(env.x)[env.y] }}", {"env.x", "env.y"}),
    ("${{ toJSON(github) }}", {"github"}),
    ("${{ 'secrets.token' }}", set()),
    ({"env": {"A": "${{ secrets.a }}"}, "steps": [{"run": "echo ${{ env.b }}"}]}, {"secrets.a", "env.b"}),
    ({"${{ matrix.key }}": 1}, {"matrix.key"}),
    ({"if": "github.ref == 'a'", "run": "github.sha"}, {"github.ref"}),
    ({"if": "${{ github.ref }} == 'a'"}, {"github.ref"}),
    ({"if": True}, set()),
    (None, set()),
]


@pytest.mark.parametrize(("value", "expected"), REFERENCES, ids=[str(value)[:50] for value, _ in REFERENCES])
def test_references(value: Any, expected: set[str]) -> None:
    assert references(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("always()", set()),
        ("${{ always() }}", {"always"}),
        ("${{ 'always()' }}", set()),
        ({"if": "failure() && contains(github.ref, hashFiles('a'))"}, {"failure", "contains", "hashfiles"}),
        ([{"with": {"key": "${{ hashFiles('**/uv.lock') }}"}}], {"hashfiles"}),
        ({"if": ""}, set()),
    ],
)
def test_calls(value: Any, expected: set[str]) -> None:
    assert calls(value) == expected


def test_references_name_a_broken_expression() -> None:
    with pytest.raises(ExpressionError, match=r"^`\$\{\{ a == \}\}`: it ends too early$"):
        references({"run": "${{ a == }}"})


def nested(rng: random.Random, depth: int = 3) -> Value:
    """Some value as JSON could hold it."""
    kind = rng.randrange(7 if depth else 5)
    if kind == 5:
        return [nested(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 6:
        return {f"k{place}": nested(rng, depth - 1) for place in range(rng.randrange(4))}
    texts = ["", "'", "}}", "${{", "{0}", '"', "\\", "\n", "é", "a b"]
    return [None, rng.random() < 0.5, rng.randrange(-999, 999), rng.randrange(99) / 8, rng.choice(texts)][kind]


@pytest.mark.parametrize("seed", range(50))
def test_json_survives_the_way_there_and_back(seed: int) -> None:
    value = nested(random.Random(seed))  # noqa: S311  values for a test

    assert evaluate("fromJSON(toJSON(v))", {"v": value}) == value
    assert json.loads(str(evaluate("toJSON(v)", {"v": value}))) == value


@pytest.mark.parametrize("seed", range(50))
def test_comparisons_agree_with_each_other(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  values for a test
    contexts: dict[str, Value] = {"a": nested(rng, 1), "b": nested(rng, 1)}

    def holds(text: str) -> Value:
        return evaluate(text, contexts)

    assert holds("a == b") is holds("b == a")
    assert holds("a != b") is (not holds("a == b"))
    assert holds("a < b") is holds("b > a")
    assert holds("a <= b") is (holds("a < b") or holds("a == b"))
    assert holds("a >= b") is (holds("a > b") or holds("a == b"))


@pytest.mark.parametrize("text", ["", "'", "''", "}}", "${{ x }}", "{0}", "a'b}}c", "two\nlines", "\\", '"'])
def test_any_text_stands_in_quotes(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"

    assert substitute(f"<${{{{ {quoted} }}}}>", {}) == f"<{text}>"
    assert evaluate(f"format({quoted.replace('{', '{{').replace('}', '}}')})", {}) == text
