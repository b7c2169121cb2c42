"""Send and receive with httpx, in blocking and in asynchronous calls."""
