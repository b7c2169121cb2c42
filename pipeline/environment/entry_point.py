"""What the root scripts open: from a bare Python 3.11+ to a command that runs inside `.venv`.

Written in a Python that older interpreters can read, so that they say what is wrong instead of failing on
a line that they do not understand. Standard library alone.
"""

import sys

NEEDED = (3, 11)


def open_door(command=None):  # type: ignore[no-untyped-def]
    """Runs a command of `pipeline.cli` in the project's environment, which is made first where needed.

    Args:
        command: the subcommand that this door stands for; None takes it from the command line.

    Returns:
        The exit status.
    """
    if sys.version_info < NEEDED:
        text = (
            "This project needs Python 3.11 or newer; {} is Python {}.{}.\n"
            "  Start it with another one, for example: python3.11 {}\n"
        )
        version = sys.version_info
        sys.stderr.write(text.format(sys.executable, version[0], version[1], sys.argv[0]))
        return 69
    from pipeline.environment.bootstrap import run_inside
    from pipeline.parser import parse

    options = parse(sys.argv[1:], door=command)
    return run_inside(options, sys.argv)
