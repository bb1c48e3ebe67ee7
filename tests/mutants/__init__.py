"""Mutation testing: is there a test that would notice a slip in the clinical core?

    make mutants                          # every module of the core
    make mutants ARGS="alerts/evaluation/timers.py"   # one module
    make mutants ARGS="--list"            # what is known so far, as the page's tables

`operators` has the mutation operators and `covered` says which tests run which line. A mutant is
judged in a process of its own (`verdicts`): where only what a function does changed, the function
is swapped under tests that were collected once (`swapped`); otherwise, or where it ran while the
tests were collected, everything is imported again (`imported`). Survivors that may be are to be
named, each with why, in docs/explanation/mutants.md; those that are not are counted (`known`).
"""
