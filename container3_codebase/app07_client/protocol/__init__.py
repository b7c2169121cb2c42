"""The protocol of the service, without I/O; both clients share it."""
