"""Values in `.env` that both versions of Compose read in the same way are read; others are refused.

The expected values were read by docker-compose 1.29.2 and docker compose 2.26.1.
"""

from __future__ import annotations

import pytest

from common.env_file.syntax import MAX_BYTES, EnvFileError, parse

READ_ALIKE = {
    "A=1": "1",
    "A = 1": "1",
    "A= 1 ": "1",
    "A=1 # comment": "1",
    "A=1# no comment": "1# no comment",
    "A=#c": "#c",
    "A=#c # d": "#c",
    "export A=1": "1",
    "\texport  A = 1": "1",
    "A=": "",
    'A=""': "",
    "A='1' # comment": "1",
    'A="1"#comment': "1",
    "A=a b  c": "a b  c",
    'A=" a  b "': " a  b ",
    'A="a #b"': "a #b",
    r'A="q\"q"': 'q"q',
    r'A="a\nb"': "a\nb",
    r"A='a\nb'": r"a\nb",
    r"A=C:\temp\new": r"C:\temp\new",
    r'A="C:\\temp"': r"C:\temp",
    "A='line 1\nline 2'": "line 1\nline 2",
    "A=a=b": "a=b",
    "A=it's": "it's",
    'A=a"b"': 'a"b"',
    "A='$B'": "$B",
    "A=$": "$",
    "A=$1": "$1",
    "A=$(x)": "$(x)",
    "A=${Z:-d}": "d",
    "A=${Z}": "",
    "B=2\nA=${B}": "2",
    'B=2\nA="<${B}>"': "<2>",
    "A=1\nA=2": "2",
    "A=1\r\nB=2\r\n": "1",
    "\ufeffA=1": "1",
    "A=é": "é",
    "# c\n\n  # d\nA=1": "1",
    "a.b=1\nx-y=2\nA=3": "3",
}


@pytest.mark.parametrize("text", READ_ALIKE, ids=repr)
def test_a_value_is_read_as_by_both_versions_of_compose(text: str) -> None:
    assigned = {each.name: each for each in parse(text.encode(), {})}
    assert (assigned["A"].value, assigned["A"].problem) == (READ_ALIKE[text], "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A=1\t# c", "white space other than a space before a comment or at either end"),
        ("B=2\nA=$B", "a $ that is not part of ${NAME}"),
        ('B=2\nA="$B"', "a $ that is not part of ${NAME}"),
        ("A=$$B", "a $ that is not part of ${NAME}"),
        ("A=${", "a $ that is not part of ${NAME}"),
        ("A=${Z-d}", "a $ that is not part of ${NAME}"),
        ("A='${B}'", "${ in single quotes"),
        (r"A='C:\\x'", "two backslashes in single quotes"),
        (r'A="a\tb"', "a backslash before a character other than"),
        (r"A=a\$b", "a backslash together with $"),
        ("HOME=/here\nA=${HOME}", "which differs between the file and the shell"),
        ("E=\nA=${E:-d}", "which differs between the file and the shell, or is empty"),
        ("A='1\r\n2'\r\n", "a line break in a file with CRLF"),
    ],
    ids=repr,
)
def test_a_value_that_the_versions_read_differently_is_not_guessed(text: str, problem: str) -> None:
    assigned = {each.name: each for each in parse(text.encode(), {"HOME": "/root"})}
    assert problem in assigned["A"].problem
    assert assigned["A"].value == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"X=1\nA", ".env line 2 is not NAME=VALUE."),
        (b"A: 1", ".env line 1 is not NAME=VALUE."),
        (b"A B=1", ".env line 1 is not NAME=VALUE."),
        (b"'A'=1", ".env line 1 is not NAME=VALUE."),
        (b'X=1\n\nA="open\nB=2', '.env line 3 has an unclosed quote (").'),
        (b"A='x' B=2", ".env line 1 continues after the closing quote."),
        (b"A='it\\'s'", ".env line 1 has a backslash before a single quote."),
        (b"X=1\nA=\xe9", ".env line 2 is not valid UTF-8."),
        (b"X=1\nA=\0", ".env line 2 contains a NUL character."),
        (b"X=1\rA=2", ".env line 1 contains a carriage return that does not end the line."),
        (b"#" * (MAX_BYTES + 1), f".env has {MAX_BYTES + 1:,} bytes; at most {MAX_BYTES:,} are allowed."),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_file_that_compose_cannot_read_is_refused_with_its_line(content: bytes, message: str) -> None:
    with pytest.raises(EnvFileError) as caught:
        parse(content, {})
    assert (caught.value.message, caught.value.status) == (message, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["A=" + "\t" * 500_000 + "x", 'A="' + "\\\\" * 500_000 + '"', "A=" + "${B}" * 250_000, "\n" * 900_000],
)
def test_the_largest_files_are_read_within_seconds(text: str) -> None:
    parse(text.encode(), {})
