"""Access control of a server: API keys, scopes, rate limits, and protection against requests of foreign web pages.

It is independent of any web framework: `gate.AccessGate` decides by method, path, headers and client address.
"""
