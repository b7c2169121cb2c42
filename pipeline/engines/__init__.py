"""The two ways to run the three containers: with a container engine, or as processes without one."""
