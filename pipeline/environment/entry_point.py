"""Run a root script: started with any Python 3.11+, its command runs inside `.venv`.

Older interpreters can parse this file, so that they report their version instead of a syntax error.
Uses only the standard library.
"""

import sys

NEEDED = (3, 11)


def run_script(name=None):  # type: ignore[no-untyped-def]
    """Run a command in the project's environment, which is created first if necessary.

    Args:
        name: the command that the script stands for; None if the command line may name one.

    Returns:
        The exit status.
    """
    if sys.version_info < NEEDED:
        text = (
            "This project needs Python 3.11 or newer; {} is Python {}.{}.\n"
            "  Run it with another interpreter, for example: python3.11 {}\n"
        )
        version = sys.version_info
        sys.stderr.write(text.format(sys.executable, version[0], version[1], sys.argv[0]))
        return 69
    from pipeline.cli import execute, parse
    from pipeline.environment.bootstrap import run_inside

    command = parse(sys.argv[1:], name=name)
    return run_inside(command.requirements, sys.argv, lambda: execute(command))
