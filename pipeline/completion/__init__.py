"""Completion of the command line in bash, zsh and fish: the commands and options, rendered as a script for each."""
