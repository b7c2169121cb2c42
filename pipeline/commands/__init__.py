"""The subcommands of the command line, one module each; `registry` lists them."""
