"""The base classes and options of the subcommands."""
