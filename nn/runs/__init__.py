"""Runs: training in a process of its own, with a folder as the only thing in between.

A rate test is a process of its own too; it leaves nothing behind, and a pipe is enough for it.
"""
