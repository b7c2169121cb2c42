"""From the bytes of a request to rows, and from outputs to the bytes of an answer."""
