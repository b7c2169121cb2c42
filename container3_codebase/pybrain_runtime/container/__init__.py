"""What the program of the codebase container needs: settings, report, check of its image."""
