"""Runs: training in a process of its own, with a folder as the only thing in between."""
