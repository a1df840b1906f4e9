"""Grades the notebooks of a class: trusted tests on this side, the answers in a sandbox on the other."""
