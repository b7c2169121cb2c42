"""Detect CPUs, memory and accelerators of the machine and its container engine, and derive compose variables."""
