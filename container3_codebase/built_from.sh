#!/bin/sh
# Print a digest of all code that the image of codebase is built from.
#
#   built_from.sh PROGRAM REQUIREMENTS PACKAGES [FURTHER...]
#
# PACKAGES is their folder; FURTHER are packages that only the image target `training` has.
#
# Run when the image is built, which stores the digest, and by activationbase on the checkout at each start of the stack.
# If the two differ, the image was built in another checkout or before the code was changed, and the run prints a warning.
set -eu

{
    sha256sum <"$1"
    sha256sum <"$2"
    cd "$3"
    shift 3
    find pybrain pybrain3 pybrain_runtime "$@" -type f -name '*.py' -exec sha256sum {} + | LC_ALL=C sort
} | sha256sum | cut -c1-64
