"""What the subcommands do: the work behind them, and the output that they print."""
