"""Runs the docstring examples of a module."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING
from unittest import TestSuite, TextTestRunner, defaultTestLoader

if TYPE_CHECKING:
    from types import ModuleType
    from unittest import TestResult


def runModuleTestSuite(module: ModuleType) -> TestResult:
    """Run the docstring examples and the test cases of a module, print the result and return it.

    Args:
        module: the module; ``...`` in an expected output stands for any text.
    """
    suite = TestSuite([defaultTestLoader.loadTestsFromModule(module)])
    examples = doctest.DocTestFinder().find(module)
    for test in examples:
        if test.examples:
            suite.addTest(doctest.DocTestCase(test, optionflags=doctest.ELLIPSIS))
    return TextTestRunner().run(suite)
