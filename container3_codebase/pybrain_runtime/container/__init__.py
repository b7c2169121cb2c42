"""The program of the codebase container: settings, console report, exit status and checks of its image."""
