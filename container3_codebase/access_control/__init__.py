"""Who may use a server: API keys, scopes, rate limits, and requests that a foreign web page makes.

Nothing here knows a web framework; `gate.AccessGate` judges a request by method, path, headers and client address.
"""
