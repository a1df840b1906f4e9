"""Property checkers of the pooling exercises, a module an exercise; `maxima` has what two of them share."""
