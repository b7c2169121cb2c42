"""Send requests with httpx, in blocking and asynchronous calls."""
