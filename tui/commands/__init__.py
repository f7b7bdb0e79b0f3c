"""What the command does without a screen, one command a file."""
