"""Mutation testing: is there a test that would notice a slip in the clinical core?

    make mutants                          # every module of the core; hours the first time
    make mutants ARGS="alerts/evaluation/timers.py"   # one module
    make mutants ARGS="--list"            # what is known so far

`operators` has the mutation operators, `covered` says which tests run which line, and `__main__`
makes one mutant at a time in a process of its own and runs the tests of its line. Survivors
that may be are to be named, each with why, in docs/explanation/mutants.md; those that are not
are counted.
"""
