"""Property checkers of the dropout exercises, a module an exercise.

What several share: `masks` (draws, and the laws of chance), `inverted` (the laws of inverted dropout),
`networks` (lists of layers, and what is left of them under masks).
"""
