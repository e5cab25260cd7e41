"""The program's door: signals are answered before the imports, which take a second."""

from robustsize.commands.ending import end_on_signals


def main() -> None:
    """Run the command line."""
    end_on_signals()
    from robustsize.cli import main as run

    run()
